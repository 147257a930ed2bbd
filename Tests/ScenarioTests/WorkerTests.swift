import DemoGateway
import TestSupport
import Testing

extension Scenarios {
    /// All streams of a connection of HTTP/2 are one worker's, so a rate that is cut into equal parts
    /// would be another one for them.
    @Suite("Rates are the process's, whatever the number of workers")
    struct WorkerTests {
        @Test func `24 streams on one connection open at once with 256 workers`() async throws {
            let stage = try await Stage { options in
                options.workers = 256
                options.policies = ["default.yaml": SluiceOptions.cap(24)]
                for line in ["streams_per_second: 1", "streams_burst: 24", "admission_wait: 1s"] {
                    options.set("gateway", line)
                }
            }
            let client = try await stage.sluice.h2()

            let streams = (0..<24).map { _ in client.stream("alice") }

            for stream in streams { #expect(try await stream.head().status == 200) }
            #expect(try await client.request("GET", "/hello").whole().status == 200)
            try await stage.expectSoundEnd()
            #expect(stage.sluice.count("stream_refused") == 0)
            #expect(stage.sluice.lines("start").first?["workers"] == "256")
        }

        @Test func `what many workers let through together is the rate of one`() async throws {
            let stage = try await Stage { options in
                options.workers = 16
                for line in ["streams_per_second: 1", "streams_burst: 3", "admission_wait: 100ms"] {
                    options.set("gateway", line)
                }
            }
            let clients = (0..<30).map { stage.sluice.stream("user-\($0)") }

            var opened = 0
            for client in clients where try await client.head().status == 200 { opened += 1 }

            // Three, and one more for each second that it took.
            #expect(opened >= 3)
            #expect(stage.gateway.gateway.streamsOpened == opened)
            #expect(opened < 16)
            try await stage.expectSoundEnd()
        }

        @Test func `S13: deadlines that a reload brings come at the pace of all`() async throws {
            func policy(_ lines: String...) -> String {
                "version: 1\nglobal: { reload_closes_per_second: 5 }\npolicies:\n"
                    + "  - name: default\n    max_streams_per_user: 10\n"
                    + lines.map { "    \($0)\n" }.joined()
            }
            let stage = try await Stage {
                $0.workers = 256
                $0.policies = ["default.yaml": policy()]
            }
            let client = try await stage.sluice.h2()
            var streams: [H2Exchange] = []
            for _ in 0..<10 { streams.append(try await client.openStream("alice")) }
            // Time itself is what is tested here: all of them are overdue when the rule comes.
            try await Task.sleep(for: .seconds(1.5))

            _ = try await stage.sluice.reload(["default.yaml": policy("idle_timeout: 1s")])

            // Two seconds' worth of closes, for which a worker's part of the pace would need minutes.
            for stream in streams { #expect(try await stream.whole().retry != nil) }
            try await stage.expectSoundEnd()
        }

        // MARK: What waits for slow clients

        private func slow(workers: Int, streams count: Int) async throws -> (Stage, H2Client) {
            let stage = try await Stage { options in
                options.workers = workers
                options.policies = ["default.yaml": SluiceOptions.cap(1000)]
                options.set("limits", "buffered_bytes: 1048576")
                options.set("limits", "write_timeout: 60s")
            }
            // Without a window all of it waits in Sluice.
            let client = try await stage.sluice.h2 { $0.settings = [(.initialWindowSize, 0)] }
            for _ in 0..<count {
                #expect(try await client.stream("alice").head().status == 200)
            }
            return (stage, client)
        }

        private func publish(_ stage: Stage, to user: String) {
            let line = String(repeating: "x", count: 12_000)
            stage.gateway.gateway.publish(to: user, event: "Generic", data: line)
        }

        @Test func `what one connection has not taken may be more than a worker's part`()
            async throws
        {
            let (stage, client) = try await slow(workers: 16, streams: 50)
            // On the same connection, so with the same worker, but with room for what comes.
            let canary = client.stream("canary")
            #expect(try await canary.head().status == 200)
            client.send(.windowUpdate(canary.id, by: 65_535))

            publish(stage, to: "alice")
            // All of that is read by the time that these have come.
            for round in 1...10 {
                stage.gateway.gateway.publish(
                    to: "canary", event: "Generic", data: "after \(round)")
                _ = try await canary.event { $0.data == "after \(round)" }
            }

            #expect(client.isOpen)
            #expect(stage.sluice.count("stream_closed") == 0)
            client.leave(.reset)
            try await stage.sluice.log("stream_closed", count: 51)
            try await stage.expectSoundEnd()
            let closed = stage.sluice.lines("stream_closed")
            #expect(!closed.contains { $0["reason"] == "slow_consumer" })
        }

        @Test func `buffered_bytes is the limit of all workers together`() async throws {
            let (stage, client) = try await slow(workers: 64, streams: 15)
            var others: [H2Client] = []
            for number in 0..<7 {
                let other = try await stage.sluice.h2(name: "other \(number)") {
                    $0.settings = [(.initialWindowSize, 0)]
                }
                for _ in 0..<15 {
                    #expect(try await other.stream("bob").head().status == 200)
                }
                others.append(other)
            }
            let canary = try await stage.sluice.openStream("canary")

            // Those who have waited for longest first, wherever they are.
            publish(stage, to: "alice")
            stage.gateway.gateway.publish(to: "canary", event: "Generic", data: "between")
            _ = try await canary.event { $0.data == "between" }
            publish(stage, to: "bob")

            let first = try await stage.sluice.log("stream_closed")
            #expect(first["reason"] == "slow_consumer")
            #expect(first["user"] == "alice")
            stage.gateway.gateway.publish(to: "canary", event: "Generic", data: "fine")
            _ = try await canary.event { $0.data == "fine" }
            for client in others + [client] { client.leave(.reset) }
            try await stage.sluice.log("stream_closed", count: 120)
            try await stage.expectSoundEnd()
        }

        // MARK: The default

        private func workers(_ wrapper: [String]) async throws -> String? {
            let stage = try await Stage { options in
                options.workers = nil
                options.wrapper = wrapper
            }
            #expect(try await stage.sluice.openStream("alice").isOpen)
            try await stage.expectSoundEnd()
            return stage.sluice.lines("start").first?["workers"]
        }

        @Test func `workers follow the processors that the process may run on`() async throws {
            #expect(try await workers(["taskset", "-c", "0"]) == "1")
        }

        @Test(
            "workers follow the quota of the control group",
            .enabled(if: GhostNetwork.isPossible, "needs root, to show a control group of its own"),
            arguments: [
                "echo 50000 100000 > cpu.max",
                "mkdir -p cpu && echo 30000 > cpu/cpu.cfs_quota_us"
                    + " && echo 100000 > cpu/cpu.cfs_period_us",
            ])
        func quota(files: String) async throws {
            // A mount that only this process sees, with the files in which the kernel tells it.
            let wrapper = [
                "unshare", "--mount", "sh", "-c",
                "mount -t tmpfs none /sys/fs/cgroup && (cd /sys/fs/cgroup && \(files))"
                    + #" && exec "$@""#, "sluice",
            ]
            #expect(try await workers(wrapper) == "1")
        }
    }
}
