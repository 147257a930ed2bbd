import TestSupport
import Testing

extension Scenarios {
    @Suite("Field sections that grow")
    struct H2HeaderBombTests {
        @Test("F04: CONTINUATION without end ends the connection", arguments: [0, 1, 4000])
        func continuation(_ size: Int) async throws {
            let siege = try await H2Siege()
            let client = try await siege.hostile()
            let stream = client.nextStream()
            // A field whose value goes on for ever.
            let start = [0, 1, 97] + H2Header.number(100_000_000, prefix: 7, bits: 0)
            client.send(.headers(start, on: stream, endHeaders: false))

            let piece = H2Frame.continuation([UInt8](repeating: 97, count: size), on: stream)
            client.send((0..<2000).flatMap { _ in piece.bytes() })

            #expect(try await client.goAway() != .noError)
            try await client.end()
            let line = try await siege.sluice.log("error")
            #expect(line["fault"] == "client")
            #expect(line["reason"]?.hasPrefix("h2_") == true)
            try await siege.expectUnharmed()
        }

        @Test func `F05: an entry of 4 KB that is referred to 16,000 times`() async throws {
            let siege = try await H2Siege()
            let client = try await siege.hostile()
            let large = String(repeating: "a", count: 4000)
            let plain = H2Header.literal(H2Header.request("GET", "/hello"))
            let first = client.open(block: plain + H2Header.indexed("x", large))
            #expect(try await first.whole().status == 200)

            // Over the limit, but no more than some client might have by mistake.
            let few = (0..<50).flatMap { _ in H2Header.entry(62) }
            #expect(try await client.open(block: plain + few).whole().status == 431)
            // Sixty-four megabytes of fields in sixteen kilobytes.
            let references = (0..<16_000).flatMap { _ in H2Header.entry(62) }
            _ = client.open(block: plain + references)

            #expect(try await client.goAway() == .enhanceYourCalm)
            try await client.end()
            try await siege.expectLogged("h2_header_flood")
            try await siege.expectUnharmed(requests: 1)
        }

        @Test func `F05: fields that are named again count as they are sent on`() async throws {
            let siege = try await H2Siege()
            let client = try await siege.hostile()
            let plain = H2Header.literal(H2Header.request("GET", "/misbehave/silent"))
            let large = String(repeating: "a", count: 4000)
            _ = client.open(block: plain + H2Header.indexed("x", large))

            // Ninety kilobytes, by which the gateway would be sent ninety megabytes.
            let references = (0..<15).flatMap { _ in H2Header.entry(62) }
            for _ in 0..<100 { _ = client.open(block: plain + references) }

            #expect(try await client.goAway() == .enhanceYourCalm)
            try await client.end()
            try await siege.expectLogged("h2_header_flood")
            try await siege.expectUnharmed(requests: 30)
        }

        @Test func `F06: many crumbs of cookie are many fields`() async throws {
            let siege = try await H2Siege()
            let client = try await siege.hostile()

            let crumbs = (0..<150).map { _ in ("cookie", "") }
            let exchange = client.request("GET", "/hello", fields: crumbs)

            #expect(try await exchange.whole().status == 431)
            let few = (0..<20).map { ("cookie", "c\($0)=1") }
            #expect(try await client.request("GET", "/echo", fields: few).whole().status == 200)
            let seen = try await siege.stage.gateway.request { $0.target == "/echo" }
            #expect(seen.all("cookie") == [few.map(\.1).joined(separator: "; ")])
            try await siege.expectUnharmed(requests: 1)
        }

        @Test func `F06: who takes no answer keeps nothing longer than a stalled write`()
            async throws
        {
            let siege = try await H2Siege { $0.set("limits", "write_timeout: 1s") }
            let client = try await siege.hostile { $0.settings = [(.initialWindowSize, 0)] }
            let crumbs = (0..<150).map { _ in ("cookie", "") }

            let exchanges = (0..<100).map { _ in
                client.request("GET", "/hello", fields: crumbs)
            }

            for exchange in exchanges {
                #expect(try await exchange.head().status == 431)
                #expect(try await exchange.reset() == .cancel)
            }
            try await siege.sluice.log("error") { $0["reason"] == "slow_consumer" }
            try await siege.expectUnharmed()
        }
    }
}
