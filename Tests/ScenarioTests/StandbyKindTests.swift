import DemoGateway
import TestSupport
import Testing

extension Scenarios {
    @Suite("Standby: each kind of client is told what it understands")
    struct StandbyKindTests {
        /// A client that was evicted and came back while its slot was taken.
        struct Case: Sendable, CustomTestStringConvertible {
            let looks: [(String, String)]
            var policy = "on_excess: close_oldest"
            let status: Int
            let testDescription: String
        }

        @Test(
            "somebody who was evicted and finds no slot",
            arguments: [
                Case(looks: Looks.native, status: 200, testDescription: "an EventSource"),
                Case(looks: Looks.fetch, status: 409, testDescription: "one that uses fetch"),
                Case(looks: Looks.mcp, status: 405, testDescription: "an MCP session"),
                Case(
                    looks: Looks.native, policy: "after_eviction: stop", status: 204,
                    testDescription: "an EventSource that is to stop"),
                Case(
                    looks: Looks.fetch, policy: "after_eviction: stop", status: 409,
                    testDescription: "one that uses fetch and is to stop"),
                Case(
                    looks: Looks.fetch, policy: "clients: eventsource", status: 200,
                    testDescription: "what the policy calls an EventSource"),
                Case(
                    looks: Looks.native, policy: "clients: fetch", status: 409,
                    testDescription: "what the policy says uses fetch"),
                Case(
                    looks: Looks.native, policy: "clients: mcp", status: 405,
                    testDescription: "what the policy calls an MCP session"),
            ])
        func told(_ given: Case) async throws {
            let stage = try await Stage(.withIDs) {
                $0.policies = ["default.yaml": SluiceOptions.cap(1, given.policy)]
            }
            let (victim, winner) = try await stage.evicted("alice", as: given.looks)
            let tombstone = try await victim.tombstone()
            let connects = stage.gateway.gateway.connectCount

            let client = try await stage.sluice.ask(
                "alice", as: given.looks, lastEventID: tombstone)
            let answer = try await client.whole()

            #expect(answer.status == given.status)
            expectWords(answer)
            // The connection is good for more.
            client.request("GET", "/hello")
            #expect(try await client.whole(1).status == 200)
            #expect(stage.gateway.gateway.connectCount <= connects + 1)
            try await stage.publish(2, to: "alice", until: winner)
            stage.expectNoTombstoneAtGateway()
            try await stage.expectSoundEnd()
            let refusals = stage.sluice.lines("stream_refused")
            #expect(refusals.map { $0["reason"] } == ["standby"])
            #expect(refusals.first?.number("status") == given.status)
            #expect(stage.sluice.count("evict") == 1)
        }

        private func expectWords(_ answer: Response) {
            switch answer.status {
            case 200, 409:
                #expect(answer.all("content-type") == ["text/event-stream"])
                #expect(answer.events.count == 1)
                #expect(answer.isAtBoundary)
                #expect(answer.lastID?.hasPrefix("~s1.") == true)
                let reason = answer.status == 200 ? "standby" : "superseded"
                #expect(answer.lastWords?.data.contains(#""reason":"\#(reason)""#) == true)
            case 405: #expect(answer.all("allow") == ["POST, DELETE"])
            case _: #expect(answer.bodyCount == 0)
            }
        }

        @Test func `under after_eviction: nothing everybody who comes back is a newcomer`()
            async throws
        {
            let stage = try await Stage(.withIDs) {
                $0.policies = ["default.yaml": SluiceOptions.cap(1)]
            }
            let (early, second) = try await stage.evicted("alice")
            let tombstone = try await early.tombstone()
            _ = try await stage.sluice.reload([
                "default.yaml": SluiceOptions.cap(1, "after_eviction: nothing")
            ])

            // One from before that counts no more: it evicts, and its real id is restored.
            let third = try await stage.sluice.ask("alice", lastEventID: tombstone)
            let words = try await second.whole()

            #expect(words.lastWords != nil)
            #expect(words.lastWords?.data.contains("superseded") == true)
            #expect(!words.text.contains("~s1"))
            #expect(third.isOpen)
            #expect(stage.lastEventIDAtGateway == ["1"])
            stage.expectNoTombstoneAtGateway()
            try await stage.expectSoundEnd()
            #expect(stage.sluice.count("evict") == 2)
        }

        @Test(
            "one that uses fetch gets no id when its stream never had one",
            arguments: ["on_excess: close_oldest", "clients: eventsource"])
        func noID(policy: String) async throws {
            let stage = try await Stage(.quiet) {
                $0.policies = ["default.yaml": SluiceOptions.cap(1, policy)]
            }
            let (victim, _) = try await stage.evicted("alice", as: Looks.fetch)

            let response = try await victim.whole()

            #expect(response.lastWords != nil)
            #expect(response.text.contains("~s1.") == policy.contains("eventsource"))
            try await stage.expectSoundEnd()
        }
    }
}
