import Foundation
import TestSupport
import Testing

extension Scenarios {
    @Suite("Deadlines that a reload brings forward")
    struct ReloadPaceTests {
        @Test func `S13: streams that have been idle for long do not all close at once`()
            async throws
        {
            func policy(_ lines: String...) -> String {
                "version: 1\nglobal: { reload_closes_per_second: 20 }\npolicies:\n"
                    + "  - name: default\n    max_streams_per_user: 1\n"
                    + lines.map { "    \($0)\n" }.joined()
            }
            let count = 50
            let stage = try await Stage(.quiet) { $0.policies = ["default.yaml": policy()] }
            let clients = (0..<count).map { stage.sluice.stream("user-\($0)") }
            for client in clients { _ = try await client.event { $0.name == "Generic" } }
            // Time itself is what is tested here: all of them are overdue when the rule comes.
            try await Task.sleep(for: .seconds(2))

            let reload = try await stage.sluice.reload([
                "default.yaml": policy("idle_timeout: 1s")
            ])
            #expect(reload.event == "reload")
            for client in clients { #expect(try await client.whole().retry != nil) }

            try await stage.sluice.log("stream_closed", count: count)
            let lines = stage.sluice.lines("stream_closed")
            #expect(lines.allSatisfy { $0["reason"] == "idle" })
            let times = try lines.map { try time(of: $0) }
            let (first, last) = (try #require(times.min()), try #require(times.max()))
            #expect(last.timeIntervalSince(first) >= 1, "\(times)")
            try await stage.gateway.streams(0)
            try await stage.expectSoundEnd()
        }

        private func time(of line: LogLine) throws -> Date {
            let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
            return try style.parse(try #require(line["ts"]))
        }
    }
}
