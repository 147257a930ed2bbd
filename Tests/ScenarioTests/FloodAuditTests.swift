import DemoGateway
import TestRandom
import TestSupport
import Testing

extension Scenarios {
    /// `SLUICE_SCALE=full` opens 20,000 streams, `SLUICE_SEED` repeats what the clients do.
    @Suite("B7, B8: floods of strangers, and who evicted whom by the log")
    struct FloodAuditTests {
        @Test(
            "nobody is evicted who should not be",
            arguments: ["close_oldest_of_heaviest", "close_oldest"])
        func audit(onExcess: String) async throws {
            let openings = Scale.pick(small: 200, normal: 600, full: 10_000)
            let stage = try await Stage(.silent) {
                $0.workers = 1
                $0.usesTLS = false
                $0.tokenPlaces = ["bearer"]
                $0.set("trusted_proxies", "- 127.0.0.1")
                // Those who do not read are silent, and not lost.
                $0.set("limits", "write_timeout: 1h")
                $0.set("gateway", "streams_per_second: 100000")
                $0.set("gateway", "streams_burst: 100000")
                $0.policies["default.yaml"] = """
                    version: 1
                    global: { max_streams: 40, on_excess: \(onExcess) }
                    policies:
                      - { name: default, max_streams_per_user: 6, eviction_budget: off }

                    """
            }
            var flood = Flood(stage: stage, random: .forTest())

            while stage.sluice.count("stream_opened") < openings { try await flood.wave() }

            for client in flood.live { client.leave(.reset) }
            try await stage.expectSoundEnd()
            var audit = EvictionAudit(
                limit: 40, heaviestPays: onExcess == "close_oldest_of_heaviest", userLimit: 6)
            audit.read(stage.sluice.lines)
            #expect(audit.violations == [])
            #expect(audit.openings >= openings)
            // What was not provoked was not tested.
            #expect(audit.evictions > openings / 10)
            #expect(audit.refusals > 0)
            let choices = Set(stage.sluice.lines("evict").compactMap { $0["choice"] })
            #expect(choices.contains("anonymous"))
        }
    }
}

/// Clients of all kinds, in waves.
private struct Flood {
    let stage: Stage
    var random: SeededRandom
    /// All whose stream may be open.
    var live: [TestClient] = []

    private static let users = (0..<12).map { "user-\($0)" }
    private static let event = Array("data: \(String(repeating: "x", count: 100_000))\n\n".utf8)

    /// A dozen requests at once, then a few leave, hang or are written to.
    mutating func wave() async throws {
        let wave = (0..<12).map { _ in request() }
        for client in wave {
            try await client.until("an answer") { !$0.responses.isEmpty || $0.end != nil }
        }
        live = (live + wave).filter { client in
            client.isOpen && client.response?.status == 200 && client.response?.isComplete == false
        }
        for client in live.shuffled(using: &random).prefix(Int.random(in: 0...9, using: &random)) {
            switch Int.random(in: 0..<4, using: &random) {
            case 0: client.pause()
            case _: client.leave(.close)
            }
        }
        let user = Self.users[Int.random(in: 0..<Self.users.count, using: &random)]
        stage.gateway.gateway.send([Self.event], to: user)
    }

    private mutating func request() -> TestClient {
        let number = Int.random(in: 0..<Self.users.count, using: &random)
        // A few users want more than others.
        let user = Self.users[min(number, Int.random(in: 0..<Self.users.count, using: &random))]
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<10: return ask(token: DemoToken.make(user: user, plan: nil))
        case 10..<13:
            return ask(
                token: DemoToken.make(
                    payload: #"{"sub":"\#(user)"}"#, signature: "forged"))
        case _: return ask(token: nil)
        }
    }

    private mutating func ask(token: String?) -> TestClient {
        let client = stage.sluice.client(receiveBuffer: 4096)
        let address = "192.0.2.\(Int.random(in: 1...4, using: &random))"
        let anonymous = DemoToken.make(user: "somebody", plan: nil)
        let accept = Bool.random(using: &random) ? "text/event-stream" : "*/*"
        client.request(
            "GET", token == nil ? "/events?access_token=\(anonymous)" : "/events",
            fields: [("accept", accept), ("x-forwarded-for", address)]
                + (token.map { [("authorization", "Bearer \($0)")] } ?? []))
        return client
    }
}
