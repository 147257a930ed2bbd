import TestSupport
import Testing

extension Scenarios {
    @Suite("All users together")
    struct GlobalCapTests {
        private func policies(_ excess: String) -> [String: String] {
            ["default.yaml": "version: 1\nglobal: { max_streams: 6, on_excess: \(excess) }\n"]
        }

        @Test func `the user with the most streams pays for a newcomer`() async throws {
            let stage = try await Stage { $0.policies = policies("close_oldest_of_heaviest") }
            var heavy: [TestClient] = []
            let modest = try await stage.sluice.openStream("modest")
            for _ in 0..<5 { heavy.append(try await stage.sluice.openStream("heavy")) }

            for number in 0..<3 { _ = try await stage.sluice.openStream("new-\(number)") }

            for client in heavy.prefix(3) { #expect(try await client.end() == .closeNotify) }
            #expect(heavy.suffix(2).allSatisfy { $0.isOpen })
            #expect(modest.isOpen)
            try await stage.gateway.streams(6)
            try await stage.expectSoundEnd()
            let evictions = stage.sluice.lines("evict")
            #expect(evictions.map { $0["user"] } == ["heavy", "heavy", "heavy"])
            #expect(evictions.allSatisfy { $0["reason"] == "evicted_global_cap" })
        }

        @Test func `close_oldest closes the oldest of all`() async throws {
            let stage = try await Stage { $0.policies = policies("close_oldest") }
            let oldest = try await stage.sluice.openStream("modest")
            for _ in 0..<5 { _ = try await stage.sluice.openStream("heavy") }

            _ = try await stage.sluice.openStream("new")

            #expect(try await oldest.end() == .closeNotify)
            try await stage.gateway.streams(6)
            try await stage.expectSoundEnd()
        }

        @Test func `S12: reject_newest turns the newcomer away with 503 and a time`() async throws {
            let stage = try await Stage { $0.policies = policies("reject_newest") }
            var live: [TestClient] = []
            for number in 0..<6 { live.append(try await stage.sluice.openStream("user-\(number)")) }

            let late = stage.sluice.stream("late")
            let answer = try await late.whole()

            #expect(answer.status == 503)
            #expect(answer.all("content-type") == ["application/json"])
            let wait = try #require(answer.all("retry-after").first.flatMap(Int.init))
            #expect((30...60).contains(wait))
            #expect(live.allSatisfy { $0.isOpen })
            let line = try await stage.sluice.log("stream_refused")
            #expect(line["reason"] == "global_cap")
            try await stage.gateway.streams(6)
            try await stage.expectSoundEnd()
        }
    }
}
