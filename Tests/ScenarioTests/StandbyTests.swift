import DemoGateway
import Dispatch
import TestSupport
import Testing

extension Scenarios {
    @Suite("Standby: somebody who was evicted comes back by itself")
    struct StandbyTests {
        @Test func `an EventSource waits without a word to the gateway, and is let in again`()
            async throws
        {
            let stage = try await Stage(.withIDs) {
                $0.set("streams", "evicted_retry: 1s")
                $0.set("streams", "evicted_retry_max: 3s")
            }
            let (victim, winner) = try await stage.evicted("alice")
            var tombstone = try await victim.tombstone()
            let connects = stage.gateway.gateway.connectCount

            let tab = stage.sluice.client(name: "the tab")
            // By half longer in each round, up to the limit, and up to a half more.
            let waits = [1500...2250, 2250...3375, 3000...4500, 3000...4500]
            for (round, wait) in waits.enumerated() {
                tab.askForStream("alice", lastEventID: tombstone)
                let answer = try await tab.whole(round)
                #expect(answer.status == 200)
                #expect(answer.all("content-type") == ["text/event-stream"])
                #expect(answer.events.map(\.name) == ["sluice-evicted"])
                #expect(answer.lastWords?.data.contains(#""reason":"standby""#) == true)
                #expect(answer.isAtBoundary)
                #expect(wait.contains(try #require(answer.retry)))
                let renewed = try #require(answer.lastID)
                #expect(renewed.hasPrefix("~s1."))
                #expect(renewed != tombstone)
                tombstone = renewed
                try await stage.publish(round + 2, to: "alice", until: winner)
            }
            #expect(stage.gateway.gateway.connectCount == connects)
            #expect(winner.response?.numbers == [2, 3, 4, 5])

            try await stage.leave(winner, of: "alice")
            stage.gateway.gateway.publish(to: "alice", event: "number", data: "6")
            tab.askForStream("alice", lastEventID: tombstone)
            _ = try await tab.event { $0.data == "6" }

            let back = try #require(tab.response)
            #expect(stage.lastEventIDAtGateway == ["1"])
            try await stage.sluice.log("stream_opened", count: 3)
            let opened = try #require(stage.sluice.lines("stream_opened").last?["stream"])
            let resumed = "event: sluice-resumed\nid: 1\ndata: {\"stream\":\"\(opened)\"}\n\n"
            #expect(back.text.hasPrefix(resumed))
            // What it slept through, since its real id was restored.
            #expect(back.numbers == [2, 3, 4, 5, 6])
            stage.expectNoTombstoneAtGateway()
            try await stage.expectSoundEnd()
            let refusals = stage.sluice.lines("stream_refused")
            #expect(refusals.map { $0["reason"] } == waits.map { _ in "standby" })
            #expect(refusals.allSatisfy { $0["status"] == "200" })
            #expect(stage.sluice.count("evict") == 1)
        }

        @Test func `whoever finds a free slot taken meanwhile is the one who waits`() async throws {
            let hold = DispatchSemaphore(value: 0)
            let gateway = try RawGateway { peer in
                guard let head = peer.readHead() else { return }
                let isReturning = head.contains("last-event-id: 7")
                if isReturning { hold.wait() }
                peer.send(Self.streamHead + Self.chunk("id: 7\ndata: seven\n\n"))
            }
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let tab = try await sluice.ask("alice")
            _ = try await tab.event { $0.data == "seven" }
            let winner = try await sluice.ask("alice")
            let tombstone = try await tab.tombstone()
            winner.leave(.close)
            try await sluice.log("stream_closed", count: 2)

            let bearer = sluice.client(name: "the bearer")
            bearer.askForStream("alice", lastEventID: tombstone)
            try await gateway.heads(3)
            let newcomer = try await sluice.ask("alice")
            hold.signal()
            let answer = try await bearer.whole()

            #expect(answer.status == 200)
            #expect(answer.events.map(\.name) == ["sluice-evicted"])
            #expect(answer.lastID?.hasPrefix("~s1.") == true)
            #expect(newcomer.isOpen)
            #expect(!gateway.heads.contains { $0.contains("~s1") })
            let refusal = try await sluice.log("stream_refused")
            #expect(refusal["reason"] == "standby")
            #expect(sluice.count("evict") == 1)
            try await sluice.expectSoundEnd()
        }

        @Test(
            "an id in any script comes back as it was",
            arguments: [
                "größe-日本語-🌊", "a b;c,d=\"e\"", "~s2.none", String(repeating: "x", count: 512),
            ])
        func anyID(_ id: String) async throws {
            let gateway = try RawGateway { peer in
                guard let head = peer.readHead() else { return }
                peer.send(Self.streamHead)
                if !head.contains("last-event-id") {
                    peer.send(Self.chunk("id: \(id)\ndata: x\n\n"))
                }
            }
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let tab = try await sluice.ask("alice")
            _ = try await tab.event { $0.data == "x" }
            let winner = try await sluice.ask("alice")
            let tombstone = try await tab.tombstone()
            winner.leave(.close)
            try await sluice.log("stream_closed", count: 2)

            let back = try await sluice.ask("alice", lastEventID: tombstone)
            let first = try await back.event { $0.name == "sluice-resumed" }

            #expect(first.id == id)
            #expect(gateway.heads.last?.contains("last-event-id: \(id)\r\n") == true)
            try await sluice.expectSoundEnd()
        }

        private static let streamHead =
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
            + "transfer-encoding: chunked\r\n\r\n"

        private static func chunk(_ text: String) -> String {
            "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n"
        }

        @Test func `one whose stream had no id yet comes back without one`() async throws {
            let stage = try await Stage(.quiet)
            let (victim, winner) = try await stage.evicted("alice")
            let tombstone = try await victim.tombstone()
            try await stage.leave(winner, of: "alice")

            let tab = try await stage.sluice.ask("alice", lastEventID: tombstone)
            let first = try await tab.event { $0.name == "sluice-resumed" }

            // An empty id: what the client had from us is forgotten.
            #expect(first.id == "")
            #expect(stage.lastEventIDAtGateway == [])
            try await stage.expectSoundEnd()
        }
    }
}
