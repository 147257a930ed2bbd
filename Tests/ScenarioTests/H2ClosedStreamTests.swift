import TestSupport
import Testing

extension Scenarios {
    @Suite("Frames on streams of HTTP/2 that are over")
    struct H2ClosedStreamTests {
        /// A flood on a stream in some state, and what ends it.
        struct Flood: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let codes: Set<H2Code>
            let state: State
            let frame: @Sendable (Int) -> H2Frame

            init(
                _ name: String, _ state: State, _ codes: Set<H2Code>,
                _ frame: @escaping @Sendable (Int) -> H2Frame
            ) {
                (testDescription, self.state, self.codes, self.frame) = (name, state, codes, frame)
            }
        }

        enum State: Sendable {
            /// A GET and its answer are whole.
            case answered
            /// A POST that was answered before it was whole.
            case answeredEarly
            /// A GET that its client has reset.
            case canceled
            /// A number that was left out.
            case skipped
        }

        static let floods = [
            Flood("F13 empty DATA that ends an answered GET again", .answered, [.streamClosed]) {
                .data([], on: $0, endStream: true)
            },
            Flood("F13 DATA behind an answered GET", .answered, [.streamClosed]) {
                .data([UInt8](repeating: 7, count: 1000), on: $0)
            },
            Flood("F13 empty DATA that ends a stream that was reset", .canceled, [.streamClosed]) {
                .data([], on: $0, endStream: true)
            },
            Flood("F13 empty DATA on a stream that was left out", .skipped, [.streamClosed]) {
                .data([], on: $0, endStream: true)
            },
            Flood("F13 empty DATA behind an early answer", .answeredEarly, [.enhanceYourCalm]) {
                .data([], on: $0, endStream: true)
            },
            Flood("F14 padded DATA behind an early answer", .answeredEarly, [.enhanceYourCalm]) {
                .padded([UInt8](repeating: 7, count: 100), padding: 200, on: $0)
            },
            Flood("F05 field sections behind an answered GET", .answered, [.streamClosed]) {
                .headers([UInt8](repeating: 0x82, count: 4000), on: $0)
            },
            Flood("F05 field sections behind an early answer", .answeredEarly, [.enhanceYourCalm]) {
                .headers([UInt8](repeating: 0x82, count: 4000), on: $0)
            },
            Flood("F15 requests on a number that was left out", .skipped, [.protocolError]) {
                .headers(H2Header.literal(H2Header.request("GET", "/hello")), on: $0)
            },
            Flood("F15 field sections of nothing", .skipped, [.protocolError]) {
                .headers([], on: $0)
            },
            Flood("F09 WINDOW_UPDATE on an answered GET", .answered, [.enhanceYourCalm]) {
                .windowUpdate($0, by: 1)
            },
            Flood("F08 PRIORITY of an answered GET", .answered, [.enhanceYourCalm]) {
                .priority($0, on: 0)
            },
            Flood("F02 RST_STREAM of an answered GET", .answered, [.enhanceYourCalm]) {
                .reset($0)
            },
            Flood("F16 what nobody knows", .answered, [.enhanceYourCalm]) {
                H2Frame(.init(rawValue: 0x42), .endStream, on: $0, [])
            },
            Flood("F15 DATA on an even stream", .answered, [.protocolError]) {
                .data([], on: $0 + 1, endStream: true)
            },
        ]

        /// Brings a stream into the state, and says which.
        private func arrange(_ state: State, _ client: H2Client) async throws -> Int {
            switch state {
            case .answered:
                let exchange = client.request("GET", "/hello")
                #expect(try await exchange.whole().status == 200)
                return exchange.id
            case .answeredEarly:
                let surplus = (0..<150).map { _ in ("x", "y") }
                let exchange = client.request("POST", "/hello", fields: surplus, endStream: false)
                #expect(try await exchange.whole().status == 431)
                #expect(try await exchange.reset() == .noError)
                return exchange.id
            case .canceled:
                let exchange = client.request("POST", "/upload", endStream: false)
                exchange.cancel()
                try await client.settled()
                return exchange.id
            case .skipped:
                _ = client.nextStream()
                let exchange = client.request("GET", "/hello")
                #expect(try await exchange.whole().status == 200)
                return exchange.id - 2
            }
        }

        @Test(
            "what comes on a stream that is over is judged by that, and counted", arguments: floods)
        func flood(_ flood: Flood) async throws {
            let siege = try await H2Siege()
            let client = try await siege.hostile()
            let stream = try await arrange(flood.state, client)

            let count = Scale.pick(small: 3000, normal: 20_000, full: 200_000)
            client.send((0..<count).flatMap { _ in flood.frame(stream).bytes() })

            let code = try await client.goAway()
            #expect(flood.codes.contains(code), "\(code)")
            try await client.end()
            let reason =
                code == .enhanceYourCalm
                ? flood.testDescription.hasPrefix("F02") ? "reset_flood" : "control_flood"
                : code.description.lowercased()
            try await siege.expectLogged("h2_\(reason)")
            try await siege.expectUnharmed(requests: 1)
        }

        @Test func `F15: a stream of a lower number than the last ends the connection`()
            async throws
        {
            let siege = try await H2Siege()
            let client = try await siege.hostile()
            let block = H2Header.literal(H2Header.request("GET", "/hello"))
            client.send(.headers(block, on: 9))
            #expect(try await client.exchange(9).whole().status == 200)

            client.send(.headers(block, on: 7))

            #expect(try await client.goAway() == .protocolError)
            #expect(try await client.end() == .closeNotify)
            #expect(client.now.streams[7]?.response == nil)
            try await siege.expectLogged("h2_protocol_error")
            try await siege.expectUnharmed(requests: 1)
        }

        @Test func `F15: a stream that is over is not begun anew`() async throws {
            let siege = try await H2Siege()
            let client = try await siege.hostile()
            let exchange = client.request("GET", "/hello")
            #expect(try await exchange.whole().status == 200)

            client.send(
                .headers(H2Header.literal(H2Header.request("GET", "/hello")), on: exchange.id))

            #expect(try await client.goAway() == .streamClosed)
            try await siege.expectLogged("h2_stream_closed")
            try await siege.expectUnharmed(requests: 1)
        }

        @Test func `a stream that was refused may go on until its client hears of it`() async throws
        {
            let siege = try await H2Siege { $0.set("http2", "streams_max: 1") }
            let client = try siege.sluice.h2Client(H2Manners { $0.acknowledges = false })
            let first = client.stream("first")
            let second = client.request("POST", "/upload", endStream: false)
            client.send(
                .data([UInt8](repeating: 7, count: 16_384), on: second.id),
                .data([], on: second.id, endStream: true))

            #expect(try await second.reset() == .refusedStream)
            #expect(try await first.head().status == 200)
            try await client.settled()
            #expect(client.isOpen)
            try await siege.expectUnharmed(requests: 1)
        }
    }
}
