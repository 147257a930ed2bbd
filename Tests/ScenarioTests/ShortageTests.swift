import DemoGateway
import Foundation
import TestSupport
import Testing

extension Scenarios {
    @Suite("Short of descriptors, ports and memory")
    struct ShortageTests {
        @Test func `R02: out of descriptors for the gateway is a 503, and passes by itself`()
            async throws
        {
            let stage = try await Stage {
                $0.wrapper = ["prlimit", "--nofile=64"]
                $0.workers = 1
                $0.set("gateway", "connect_timeout: 500ms")
            }
            let canary = try await stage.sluice.openStream("canary")
            // One connection, and up to a hundred streams on it: each needs one to the gateway.
            let client = try await stage.sluice.h2()
            let streams = (0..<90).map { client.stream("user-\($0)") }
            var (opened, refused): ([H2Exchange], [Response]) = ([], [])
            for stream in streams {
                let head = try await stream.head()
                if head.status == 200 { opened.append(stream) } else { refused.append(head) }
            }

            #expect(!opened.isEmpty)
            #expect(!refused.isEmpty)
            #expect(refused.allSatisfy { $0.status == 503 && $0.all("retry-after").count == 1 })
            try await stage.sluice.log("error", count: refused.count)
            let lines = stage.sluice.lines("error") { $0["reason"] == "gateway_connections_max" }
            #expect(lines.count == refused.count)
            #expect(lines.allSatisfy { $0["fault"] == "sluice" && $0["path"] == "/events" })
            try await stage.gateway.streams(opened.count + 1)

            // What is kept free is enough for a reload, and for a new log file.
            let reloaded = try await stage.sluice.reload(["default.yaml": SluiceOptions.cap(2)])
            #expect(reloaded.event == "reload")
            stage.gateway.gateway.publish(to: "canary", event: "message", data: "fine")
            _ = try await canary.event { $0.data == "fine" }

            for stream in opened { stream.cancel() }
            try await stage.gateway.streams(1)
            let late = client.stream("late")
            #expect(try await late.head().status == 200)
            stage.gateway.gateway.publish(to: nil, event: "message", data: "still")
            _ = try await late.event { $0.data == "still" }
            _ = try await canary.event { $0.data == "still" }
            try await stage.expectSoundEnd()
        }

        @Test(
            "R03: a limit above the descriptors is told at the start, and lowered",
            arguments: ["limits", "listener", "global"])
        func aboveDescriptors(place: String) async throws {
            let stage = try await Stage {
                $0.wrapper = ["prlimit", "--nofile=90"]
                switch place {
                case "limits": $0.set("limits", "connections_max: 5000")
                case "listener": $0.listener = ["connections_max: 5000"]
                case _:
                    $0.policies = [
                        "default.yaml": SluiceOptions.cap(1) + "global:\n  max_streams: 5000\n"
                    ]
                }
            }

            let line = try await stage.sluice.log("error") { $0["reason"] == "settings" }
            #expect(line["level"] == "warning")
            let detail = try #require(line["detail"])
            #expect(detail.contains("is 5000, but 90 file descriptors are enough for 30 clients"))
            #expect(detail.contains(place == "global" ? "global.max_streams" : "connections_max"))

            // So many, and no more, come in; the next one when somebody has left.
            let crowd = (0..<30).map { stage.sluice.stream("user-\($0)") }
            for client in crowd { #expect(try await client.head().status == 200) }
            let late = stage.sluice.stream("late")
            try await stage.sluice.log("error") { $0["reason"] == "connections_max" }
            #expect(late.response == nil)
            crowd[0].leave(.reset)
            #expect(try await late.head().status == 200)
            #expect(stage.sluice.lines("error") { $0["reason"] == "accept_failed" }.isEmpty)
            try await stage.expectSoundEnd()
        }

        @Test func `R03: a limit that the descriptors allow is nothing to talk about`()
            async throws
        {
            let stage = try await Stage {
                $0.wrapper = ["prlimit", "--nofile=90"]
                $0.set("limits", "connections_max: 30")
            }

            #expect(try await stage.sluice.openStream("alice").isOpen)
            try await stage.expectSoundEnd()
            #expect(stage.sluice.count("error") == 0)
        }

        @Test(
            "R04: the limit of a control group is heeded before the kernel does",
            .enabled(if: GhostNetwork.isPossible, "needs root, to show a control group of its own"),
            .disabled(if: Scale.isSmall, "a sanitizer's memory would be measured"))
        func controlGroup() async throws {
            let limit = 96 << 20
            // A mount that only this process sees, with the file in which the kernel tells a limit.
            let stage = try await Stage {
                $0.wrapper = [
                    "unshare", "--mount", "sh", "-c",
                    "mount -t tmpfs none /sys/fs/cgroup && echo \(limit) > "
                        + #"/sys/fs/cgroup/memory.max && exec "$@""#, "sluice",
                ]
            }
            let canary = try await stage.sluice.openStream("canary")

            // Five thousand who connect, unless they are turned away before.
            var crowd: [TestClient] = []
            while crowd.count < 5000, stage.sluice.count("error") == 0 {
                let more = (0..<100).map { _ in stage.sluice.client() }
                for client in more { _ = try await client.handshake() }
                crowd += more
            }

            try await stage.sluice.log("error") { $0["reason"] == "memory_high" }
            let newcomer = stage.sluice.client()
            #expect(try await newcomer.handshake() != .done)
            stage.gateway.gateway.publish(to: "canary", event: "message", data: "fine")
            _ = try await canary.event { $0.data == "fine" }
            #expect(stage.sluice.child.peakResidentKiB < limit >> 10)

            for client in crowd { client.leave(.reset) }
            try await stage.sluice.log("error") { $0["reason"] == "memory_normal" }
            #expect(try await stage.sluice.openStream("late").isOpen)
            try await stage.expectSoundEnd()
        }
    }
}
