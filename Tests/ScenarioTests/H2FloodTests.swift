import TestSupport
import Testing

extension Scenarios {
    @Suite("Floods of HTTP/2")
    struct H2FloodTests {
        private let count = Scale.pick(small: 3000, normal: 10_000, full: 100_000)

        /// A flood, sent at once, and what ends it.
        struct Flood: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let frame: @Sendable (Int) -> H2Frame

            init(_ name: String, _ frame: @escaping @Sendable (Int) -> H2Frame) {
                testDescription = name
                self.frame = frame
            }

            static let all = [
                Flood("F08 PING") { _ in .ping() },
                Flood("F08 SETTINGS") { _ in .settings() },
                Flood("F08 SETTINGS that change something") {
                    .settings([(.initialWindowSize, 1000 + $0 % 7)])
                },
                Flood("F08 PRIORITY") { .priority(1 + $0 * 2, on: 0) },
                Flood("F09 WINDOW_UPDATE") { _ in .windowUpdate(0, by: 1) },
            ]
        }

        @Test(
            "F08 F09: frames that move nothing on are counted, and end the connection",
            arguments: Flood.all, [true, false])
        func flood(_ flood: Flood, isReading: Bool) async throws {
            let siege = try await H2Siege()
            let client = try await siege.hostile { $0.receiveBuffer = isReading ? nil : 2304 }
            if !isReading { client.pause() }

            client.send((0..<count).flatMap { flood.frame($0).bytes() })

            try await siege.sluice.log("error") {
                $0["reason"] == "h2_control_flood" || $0["reason"] == "h2_acknowledgement_flood"
            }
            client.resume()
            if isReading { #expect(try await client.goAway() == .enhanceYourCalm) }
            try await client.end()
            try await siege.expectUnharmed()
        }

        @Test func `F08: SETTINGS with 2,400 entries end the connection`() async throws {
            let siege = try await H2Siege()
            let client = try await siege.hostile()

            client.send(
                .settings((0..<2400).map { (H2Setting(rawValue: 0x0a0a), $0) }))

            let code = try await client.goAway()
            #expect(code == .enhanceYourCalm || code == .protocolError)
            #expect(try await client.end() == .closeNotify)
            let line = try await siege.sluice.log("error")
            #expect(line["fault"] == "client")
            #expect(line["reason"]?.hasPrefix("h2_") == true)
            try await siege.expectUnharmed()
        }

        @Test(
            "F13 F14: a body of tiny frames ends the connection, and its request with it",
            arguments: [(0, 0), (1, 0), (1, 255)])
        func tinyData(_ size: Int, padding: Int) async throws {
            let siege = try await H2Siege()
            let client = try await siege.hostile()
            let request = client.request("POST", "/upload", endStream: false)
            _ = try await siege.stage.gateway.request { _ in true }

            let content = [UInt8](repeating: 7, count: size)
            let frame =
                padding > 0
                ? H2Frame.padded(content, padding: padding, on: request.id)
                : H2Frame.data(content, on: request.id)
            client.send((0..<count).flatMap { _ in frame.bytes() })

            #expect(try await client.goAway() == .enhanceYourCalm)
            try await client.end()
            try await siege.expectLogged("h2_control_flood")
            try await siege.stage.gateway.until("one connection") { $0.openConnections == 1 }
            try await siege.expectUnharmed(requests: 1)
        }

        @Test func `F02: streams that are opened only to be reset end the connection`()
            async throws
        {
            let siege = try await H2Siege()
            let client = try await siege.hostile()
            let block = H2Header.literal(H2Header.request("GET", "/misbehave/silent"))

            client.send(
                (0..<count).flatMap { number -> [UInt8] in
                    let stream = 1 + 2 * number
                    return H2Frame.headers(block, on: stream).bytes()
                        + H2Frame.reset(stream).bytes()
                })

            #expect(try await client.goAway() == .enhanceYourCalm)
            try await client.end()
            try await siege.expectLogged("h2_reset_flood")
            try await siege.stage.gateway.until("one connection") { $0.openConnections == 1 }
            // The limit on resets is the limit on what the gateway may hear of them.
            try await siege.expectUnharmed(requests: 200)
        }

        /// A way to have us reset a stream, or end the connection at once.
        struct Provocation: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let frames: @Sendable (Int) -> [H2Frame]

            init(_ name: String, _ frames: @escaping @Sendable (Int) -> [H2Frame]) {
                testDescription = name
                self.frames = frames
            }

            private static let block = H2Header.literal(
                H2Header.request("GET", "/misbehave/silent"))

            static let all = [
                Provocation("WINDOW_UPDATE of nothing") {
                    [.headers(block, on: $0), .windowUpdate($0, by: 0)]
                },
                Provocation("WINDOW_UPDATE too far") {
                    [.headers(block, on: $0), .windowUpdate($0, by: 0x7fff_ffff)]
                },
                Provocation("DATA behind the end") {
                    [.headers(block, on: $0), .data([1], on: $0)]
                },
                Provocation("HEADERS behind the end") {
                    [.headers(block, on: $0), .headers(block, on: $0)]
                },
                Provocation("a PRIORITY of the wrong length") {
                    [.headers(block, on: $0), H2Frame(.priority, on: $0, [0, 0, 0, 0, 1, 1])]
                },
                Provocation("a stream that depends on itself") {
                    [.headers(block, on: $0), .priority($0, on: $0)]
                },
                Provocation("a length that is not kept") {
                    let fields =
                        H2Header.request("POST", "/upload") + [("content-length", "5")]
                    return [
                        .headers(H2Header.literal(fields), on: $0, endStream: false),
                        .data([1, 2, 3], on: $0, endStream: true),
                    ]
                },
                Provocation("a field that is none") {
                    [
                        .headers(
                            H2Header.literal(H2Header.request("GET", "/") + [("Bad", "1")]),
                            on: $0)
                    ]
                },
            ]
        }

        @Test("F03: resets that the client provokes are its own", arguments: Provocation.all)
        func provocation(_ provocation: Provocation) async throws {
            let siege = try await H2Siege()
            let client = try await siege.hostile()

            client.send(
                (0..<1000).flatMap { number in
                    provocation.frames(1 + 2 * number).flatMap { $0.bytes() }
                })

            let code = try await client.goAway()
            #expect(code != .noError && code != .internalError, "\(code)")
            try await client.end()
            try await siege.sluice.log("error") {
                $0["reason"]?.hasPrefix("h2_") == true && $0["fault"] == "client"
            }
            // What had begun at the gateway has ended there.
            try await siege.stage.gateway.until("one connection") { $0.openConnections == 1 }
            try await siege.expectUnharmed(requests: 201)
        }
    }
}
