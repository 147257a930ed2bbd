import DemoGateway
import TestSupport
import Testing

extension Scenarios {
    @Suite(
        "Clients and gateways that vanish",
        .enabled(if: GhostNetwork.isPossible, Comment(rawValue: GhostNetwork.isNeeded)))
    struct GhostTests {
        private static let chatty = {
            var profile = DemoGatewayProfile.quiet
            profile.heartbeatInterval = .milliseconds(100)
            return profile
        }()

        @Test(
            "K01: a client that vanishes without a word frees its slot, written to or not",
            arguments: [true, false])
        func vanishes(whileWriting: Bool) async throws {
            let stage = try await GhostStage(whileWriting ? Self.chatty : .quiet) {
                $0.policies = ["default.yaml": SluiceOptions.cap(1, "on_excess: reject_newest")]
                $0.set("limits", "dead_peer_timeout: 1s")
            }
            let canary = try await stage.openStream("canary")
            let ghost = try await stage.openStream("alice", over: .second)
            let refused = try stage.stream("alice")
            #expect(try await refused.whole().status == 429)

            try await stage.network.cut(.second)
            try await stage.tell(canary, of: "canary", 0..<100)
            let line = try await stage.sluice.log("stream_closed")

            #expect(line["user"] == "alice")
            #expect(line["reason"] == "client_closed")
            try await stage.untilGateway("the canary alone") { $0.openStreams() == ["canary": 1] }
            let alice = try await stage.openStream("alice")
            try await stage.tell(canary, of: "canary", 100..<200)
            #expect(canary.numbers == Array(0..<200))
            #expect(canary.isOpen && alice.isOpen && ghost.isOpen)
            #expect(stage.sluice.count("stream_closed") == 1)
            try await stage.sluice.expectSoundEnd()
        }

        @Test func `K01: one that vanished makes room before an older one that is well`()
            async throws
        {
            let stage = try await GhostStage(Self.chatty) {
                $0.policies = ["default.yaml": SluiceOptions.cap(2)]
            }
            let old = try await stage.openStream("alice")
            let ghost = try await stage.openStream("alice", over: .second)
            try await stage.network.cut(.second)
            // So long that the kernel has sent the ghost's bytes more than once.
            let seen = old.response?.eventCount ?? 0
            try await old.until("three seconds of events") {
                ($0.responses.last?.eventCount ?? 0) > seen + 30
            }

            let new = try await stage.openStream("alice")

            let evict = try await stage.sluice.log("evict")
            #expect(evict["choice"] == "unacknowledged")
            let victim = try await stage.sluice.log("stream_closed")
            #expect(victim["stream"] == evict["stream"])
            try await stage.untilGateway("two streams") { $0.streamCount == 2 }
            #expect(old.isOpen && new.isOpen && ghost.isOpen)
            try await stage.sluice.expectSoundEnd()
        }

        @Test(
            "K01: when ghosts hold every slot, a newcomer has a stream at once",
            arguments: [true, false])
        func everySlot(ofOneUser: Bool) async throws {
            let count = Scale.pick(small: 50, normal: 200, full: 1000)
            let stage = try await GhostStage {
                let global =
                    "version: 1\nglobal: { max_streams: \(count), on_excess: close_oldest }\n"
                $0.policies = ["default.yaml": ofOneUser ? SluiceOptions.cap(count) : global]
            }
            var ghosts: [TestClient] = []
            for number in 0..<count {
                ghosts.append(
                    try stage.stream(ofOneUser ? "alice" : "ghost-\(number)", over: .second))
            }
            for ghost in ghosts { _ = try await ghost.head() }

            try await stage.network.cut(.second)
            let newcomer = try await stage.openStream("alice")

            try await stage.tell(newcomer, of: "alice", 0..<10)
            #expect(stage.sluice.count("stream_refused") == 0)
            try await stage.sluice.log("evict")
            #expect(stage.sluice.count("evict") == 1)
            try await stage.untilGateway("a full house") { $0.streamCount == count }
            #expect(ghosts.allSatisfy { $0.isOpen })
            try await stage.sluice.expectSoundEnd()
        }

        @Test func `U12: a gateway that vanishes is found out, and taken again once it is back`()
            async throws
        {
            let count = Scale.pick(small: 10, normal: 50, full: 200)
            let stage = try await GhostStage {
                $0.set("limits", "dead_peer_timeout: 1s")
                $0.set("gateway", "connect_timeout: 500ms")
            }
            let clients = try (0..<count).map { try stage.stream("user-\($0)", over: .second) }
            for client in clients { _ = try await client.event { _ in true } }

            try await stage.network.cut(.first)

            // What was sent is whole, and nobody is told that it was all.
            for client in clients {
                #expect(try await client.end() == .fin)
                #expect(client.response?.isComplete == false)
            }
            try await stage.sluice.log("stream_closed", count: count)
            let reasons = Set(stage.sluice.lines("stream_closed").map { $0["reason"] })
            #expect(reasons == ["error"])
            let line = try await stage.sluice.log("error") { $0["stream"] != nil }
            #expect(line["fault"] == "gateway")
            #expect(line["reason"] == "gateway_reset")
            let early = try stage.stream("early", over: .second)
            #expect(try await early.whole().status == 504)

            try await stage.network.mend(.first)
            let late = try await stage.openStream("late", over: .second)
            try await stage.tell(late, of: "late", 0..<10)
            try await stage.sluice.expectSoundEnd()
        }
    }
}
