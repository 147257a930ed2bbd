import TestSupport
import Testing

extension Scenarios {
    @Suite("Connections that break the rules of HTTP/2")
    struct H2BreachTests {
        @Test(
            "F07 F09 F10 F14 F15 F16 F17: a breach ends its connection with the right code",
            arguments: H2Breach.frames + H2Breach.blocks)
        func breach(_ breach: H2Breach) async throws {
            let siege = try await H2Siege()
            let client = try await siege.hostile()

            breach.send(client)

            let code = try await client.goAway()
            #expect(breach.codes.contains(code), "\(code)")
            let end = try await client.end()
            #expect(end == .closeNotify)
            let reason = code.description.lowercased()
            try await siege.expectLogged("h2_\(reason)")
            #expect(client.now.problem == nil)
            try await siege.expectUnharmed(requests: 1)
        }

        @Test func `F16: what is new to us is ignored`() async throws {
            let siege = try await H2Siege()
            let client = try await siege.hostile {
                $0.settings = [(H2Setting(rawValue: 0x0a0a), 7), (H2Setting(rawValue: 0xf000), 0)]
            }

            client.send(
                H2Frame(.altSvc, on: 0, [0, 1, 97, 104, 50]), H2Frame(.origin, on: 0, [0, 1, 97]),
                H2Frame(.init(rawValue: 0xbb), .init(rawValue: 0xff), on: 0, [1, 2, 3]),
                H2Frame(.init(rawValue: 0xbb), [], on: 99, [1, 2, 3]),
                H2Frame(.ping, .init(rawValue: 0xfe), on: 0, [9, 9, 9, 9, 9, 9, 9, 9]))
            let unknown = H2Frame(.init(rawValue: 0xbb), on: 0, [1]).bytes()
            // Ten times as many would be a flood.
            client.send((0..<1000).flatMap { _ in unknown })

            #expect(try await client.request("GET", "/hello").whole().status == 200)
            #expect(client.now.pongs.contains(9))
            #expect(client.isOpen)
            try await siege.expectUnharmed(requests: 1)
        }

        @Test func `F07: a client that offers a table of 4 GB does not make us fill it`()
            async throws
        {
            let siege = try await H2Siege()
            let client = try await siege.hostile {
                $0.settings = [(.headerTableSize, 0xffff_ffff)]
            }

            for _ in 0..<100 {
                #expect(try await client.request("GET", "/hello").whole().status == 200)
            }

            #expect(client.now.problem == nil)
            try await siege.expectUnharmed(requests: 100)
        }

        @Test func `F15: as many streams as are allowed, and one more`() async throws {
            let siege = try await H2Siege { $0.set("http2", "streams_max: 10") }
            let client = try await siege.hostile()
            #expect(client.now.settings?[.maxConcurrentStreams] == 10)

            var streams: [H2Exchange] = []
            for number in 0..<10 { streams.append(try await client.openStream("user-\(number)")) }
            // One that has gone makes room for another.
            streams.removeFirst().cancel()
            streams.append(try await client.openStream("user-11"))
            #expect(streams.allSatisfy { $0.isOpen })
            let surplus = client.stream("surplus")

            #expect(try await client.goAway() == .protocolError)
            #expect(try await client.end() == .closeNotify)
            #expect(surplus.response == nil)
            try await siege.expectLogged("h2_protocol_error")
            try await siege.stage.gateway.streams(1)
            try await siege.expectUnharmed(requests: 11)
        }

        @Test func `F15: one stream too many of who has not heard the limit is refused`()
            async throws
        {
            let siege = try await H2Siege { $0.set("http2", "streams_max: 10") }
            let client = try siege.sluice.h2Client(H2Manners { $0.acknowledges = false })

            let exchanges = (0..<11).map { client.stream("user-\($0)") }

            #expect(try await exchanges[10].reset() == .refusedStream)
            for exchange in exchanges.dropLast() {
                #expect(try await exchange.head().status == 200)
                #expect(exchange.isOpen)
            }
            #expect(client.isOpen)
            try await siege.expectUnharmed(requests: 10)
        }

        @Test func `F15: the last possible stream is served`() async throws {
            let siege = try await H2Siege()
            let client = try await siege.hostile()
            let last = client.exchange(0x7fff_ffff)

            client.send(
                .headers(H2Header.literal(H2Header.request("GET", "/hello")), on: last.id))

            #expect(try await last.whole().status == 200)
            // There is no number left: it is told to come back on another connection.
            #expect(try await client.goAway() == .noError)
            try await client.end()
            try await siege.expectUnharmed(requests: 1)
        }
    }
}
