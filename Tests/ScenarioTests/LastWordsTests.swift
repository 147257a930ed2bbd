import TestSupport
import Testing

extension Scenarios {
    @Suite("What an evicted client is told")
    struct LastWordsTests {
        @Test func `S05: at a boundary: retry, a private event with its reason, a clean end`()
            async throws
        {
            let stage = try await Stage(.silent)
            let victim = try await stage.sluice.openStream("alice")
            stage.gateway.gateway.send([Array("data: kept\n\n".utf8)], to: "alice")
            _ = try await victim.event { $0.data == "kept" }

            let heir = try await stage.sluice.openStream("alice")
            let response = try await victim.whole()

            #expect(try await victim.end() == .closeNotify)
            let opened = try await stage.sluice.log("stream_opened")
            let stream = try #require(opened["stream"])
            let retry = try #require(response.retry)
            #expect((60_000...90_000).contains(retry))
            let data = #"{"reason":"superseded","policy":"default","stream":"\#(stream)"}"#
            #expect(
                response.text
                    == "data: kept\n\nretry: \(retry)\nevent: sluice-evicted\ndata: \(data)\n\n")
            #expect(heir.isOpen)
            try await stage.gateway.until("the heir alone") {
                $0.openStreamIDs(of: "alice") == [2]
            }
            let closed = try await stage.sluice.log("stream_closed")
            #expect(closed["reason"] == "evicted_user_cap")
            try await stage.expectSoundEnd()
        }

        @Test(
            "S05: an event that was begun is never completed",
            arguments: [
                ("data: ha", "data: ha"), ("data: half\n", "data: half\nretry: N\n"),
                ("id: 7\ndata: half\r\n", "id: 7\ndata: half\r\nretry: N\n"),
            ])
        func unfinished(begun: String, expected: String) async throws {
            let stage = try await Stage(.silent)
            let victim = try await stage.sluice.openStream("alice")
            stage.gateway.gateway.send([Array(begun.utf8)], to: "alice")
            try await victim.until("the half") { $0.responses.last?.bodyCount == begun.utf8.count }

            _ = try await stage.sluice.openStream("alice")
            let response = try await victim.whole()

            let retry = response.retry.map(String.init) ?? "?"
            #expect(response.text == expected.replacing("N", with: retry))
            #expect(response.events.isEmpty)
            #expect(try await victim.end() == .closeNotify)
            try await stage.expectSoundEnd()
        }

        @Test func `S05: the end of an event is waited for, and nothing passes behind it`()
            async throws
        {
            // The log tells of the eviction; only its own worker knows when the victim has heard.
            let stage = try await Stage(.silent) { $0.workers = 1 }
            let victim = try await stage.sluice.openStream("alice")
            stage.gateway.gateway.send([Array("data: one".utf8)], to: "alice")
            try await victim.until("the half") { $0.responses.last?.bodyCount == 9 }

            let heir = stage.sluice.stream("alice")
            try await stage.sluice.log("evict")
            stage.gateway.gateway.send([Array(" and\n\ndata: two\n\n".utf8)], to: "alice")
            let response = try await victim.whole()

            #expect(response.events.map(\.name) == ["message", "sluice-evicted"])
            #expect(response.events.first?.data == "one and")
            _ = try await heir.event { $0.data == "two" }
            try await stage.expectSoundEnd()
        }

        @Test func `S08: a victim that does not read costs its heir nothing`() async throws {
            // Whoever waits for this deadline would wait longer than the test does.
            let stage = try await Stage(.silent) { $0.set("limits", "write_timeout: 10m") }
            let victim = stage.sluice.stream("alice", receiveBuffer: 2304)
            _ = try await victim.head()
            victim.pause()
            let event = Array("data: \(String(repeating: "x", count: 1000))\n\n".utf8)
            stage.gateway.gateway.broadcast(Array(repeatElement(event, count: 10_000).joined()))

            _ = try await stage.sluice.openStream("alice")
            try await stage.gateway.until("the heir alone") {
                $0.openStreamIDs(of: "alice") == [2]
            }
            try await stage.sluice.log("stream_closed")
            // It had its second: what the kernel still holds for it is dropped.
            try await Task.sleep(for: .seconds(2))
            victim.resume()
            let end = try await victim.end()
            #expect(end == .reset)
            try await stage.expectSoundEnd()
        }
    }
}
