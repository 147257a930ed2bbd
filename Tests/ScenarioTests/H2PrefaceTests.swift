import TestSupport
import Testing

extension Scenarios {
    @Suite("Connections that do not begin as HTTP/2 does")
    struct H2PrefaceTests {
        @Test(
            "F01: what is no preface ends the connection",
            arguments: [
                "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
                String(repeating: "x", count: 100_000),
            ])
        func badPreface(_ text: String) async throws {
            let siege = try await H2Siege()
            let client = try siege.sluice.h2Client(.none)

            client.send(Array(text.utf8))

            try await siege.expectLogged("h2_bad_preface")
            try await client.end()
            try await siege.expectUnharmed()
        }

        @Test func `F01: SETTINGS come first`() async throws {
            let siege = try await H2Siege()
            let client = try siege.sluice.h2Client(.none)

            client.send(H2Frame.preface + H2Frame.ping().bytes() + H2Frame.settings().bytes())

            #expect(try await client.goAway() == .protocolError)
            #expect(try await client.end() == .closeNotify)
            try await siege.expectLogged("h2_protocol_error")
            try await siege.expectUnharmed()
        }

        @Test(
            "F01: a preface that does not come has a deadline",
            arguments: [0, 10, H2Frame.preface.count, H2Frame.preface.count + 5])
        func lateness(_ count: Int) async throws {
            let siege = try await H2Siege { $0.set("limits", "header_timeout: 1s") }
            let client = try siege.sluice.h2Client(.none)

            let greeting = H2Frame.preface + H2Frame.settings().bytes()
            client.send(Array(greeting.prefix(count)))

            try await client.end()
            try await siege.expectLogged("head_timeout")
            try await siege.expectUnharmed()
        }

        @Test func `F01: a preface in single bytes has the same deadline`() async throws {
            let siege = try await H2Siege { $0.set("limits", "header_timeout: 1s") }
            let client = try siege.sluice.h2Client(.none)

            // Slower than the deadline: the clock does not begin again with each byte.
            for byte in H2Frame.preface where client.now.end == nil {
                client.send([byte])
                try await Task.sleep(for: .milliseconds(100))
            }

            try await client.end()
            try await siege.expectLogged("head_timeout")
            try await siege.expectUnharmed()
        }

        @Test
        func `F01 H15: a field section that does not end has its deadline beside live streams`()
            async throws
        {
            let siege = try await H2Siege {
                $0.set("limits", "header_timeout: 1s")
                $0.set("limits", "keep_alive_timeout: 1h")
            }
            // Any other frame of the client's would be a breach of its own.
            let client = try await siege.hostile {
                $0.widensStreams = false
                $0.widensConnection = false
            }
            let stream = client.request(
                "GET", "/events?access_token=\(Tokens.jwt(sub: "somebody"))",
                fields: [("accept", "text/event-stream")])
            _ = try await stream.head()

            client.send(.headers([0x82], on: client.nextStream(), endHeaders: false))

            #expect(try await client.goAway() == .protocolError)
            try await client.end()
            try await siege.expectLogged("head_timeout")
            try await siege.expectUnharmed(requests: 1)
        }

        @Test func `a connection without a request is kept as long as the settings say`()
            async throws
        {
            let siege = try await H2Siege {
                $0.set("limits", "header_timeout: 100ms")
                $0.set("limits", "keep_alive_timeout: 2s")
            }
            let client = try await siege.hostile()
            let start = ContinuousClock.now

            #expect(try await client.goAway() == .noError)
            #expect(start.duration(to: .now) > .seconds(1))
            try await client.end()
            #expect(siege.sluice.count("error") == 0)
            try await siege.expectUnharmed()
        }

        @Test func `F01 H15: a field section that does not end has a deadline`() async throws {
            let siege = try await H2Siege { $0.set("limits", "header_timeout: 1s") }
            let client = try await siege.hostile()

            client.send(.headers([0x82], on: client.nextStream(), endHeaders: false))

            try await client.end()
            try await siege.expectLogged("head_timeout")
            try await siege.expectUnharmed()
        }
    }
}
