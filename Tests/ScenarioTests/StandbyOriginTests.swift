import TestSupport
import Testing

extension Scenarios {
    /// Fetch standard, section 3.3: a page may read only what names its origin.
    @Suite("Standby: pages of another origin")
    struct StandbyOriginTests {
        private static let app = "https://app.example"

        /// A gateway that lets every origin read its streams, with credentials, and each event of
        /// which has an id.
        private static func gateway(allowing allowed: String) throws -> RawGateway {
            try RawGateway { peer in
                guard peer.readHead() != nil else { return }
                let event = "id: 7\ndata: seven\n\n"
                peer.send(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
                        + "access-control-allow-origin: \(allowed)\r\n"
                        + "access-control-allow-credentials: true\r\n"
                        + "transfer-encoding: chunked\r\n\r\n"
                        + "\(String(event.utf8.count, radix: 16))\r\n\(event)\r\n")
            }
        }

        @Test(
            "an answer in place of the gateway's may be read by whoever might read the stream",
            arguments: [app, "*", "https://other.example"], [Looks.native, Looks.fetch, Looks.mcp])
        func sharing(allowed: String, looks: [(String, String)]) async throws {
            let gateway = try Self.gateway(allowing: allowed)
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let victim = try await sluice.ask("alice", as: looks, origin: Self.app)
            _ = try await victim.event { $0.data == "seven" }
            let winner = try await sluice.ask("alice", as: looks, origin: Self.app)
            let tombstone = try await victim.tombstone()

            let tab = try await sluice.ask(
                "alice", as: looks, lastEventID: tombstone, origin: Self.app)
            let answer = try await tab.whole()

            let isAllowed = allowed == Self.app
            let names = isAllowed ? [Self.app] : allowed == "*" ? ["*"] : []
            #expect(answer.all("access-control-allow-origin") == names)
            #expect(
                answer.all("access-control-allow-credentials") == (isAllowed ? ["true"] : []))
            #expect(answer.all("vary") == (isAllowed ? ["Origin"] : []))
            #expect(winner.isOpen)
            #expect(gateway.heads.count == 2)
            try await sluice.expectSoundEnd()
        }

        @Test func `from another origin a tombstone is none`() async throws {
            let gateway = try Self.gateway(allowing: Self.app)
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let victim = try await sluice.ask("alice", origin: Self.app)
            _ = try await victim.event { $0.data == "seven" }
            let winner = try await sluice.ask("alice", origin: Self.app)
            let tombstone = try await victim.tombstone()

            let stranger = try await sluice.ask(
                "alice", lastEventID: tombstone, origin: "https://evil.example")

            // An ordinary newcomer, whose id means nothing to anybody.
            #expect(try await winner.end() == .closeNotify)
            #expect(stranger.response?.all("access-control-allow-origin") == [Self.app])
            #expect(gateway.heads.count == 3)
            #expect(!gateway.heads.contains { $0.contains("last-event-id") })
            try await sluice.expectSoundEnd()
        }
    }
}
