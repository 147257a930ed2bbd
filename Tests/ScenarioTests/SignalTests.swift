import Glibc
import TestSupport
import Testing

extension Scenarios {
    @Suite("Signals")
    struct SignalTests {
        @Test func `G03: SIGTERM tells every stream when to come back, and ends with 0`()
            async throws
        {
            let count = Scale.pick(small: 50, normal: 300, full: 2000)
            let stage = try await Stage()
            let clients = (0..<count).map { stage.sluice.stream("user-\($0)") }
            for client in clients { _ = try await client.event { $0.name == "Generic" } }

            stage.sluice.signal(SIGTERM)
            var retries: Set<Int> = []
            for client in clients {
                let response = try await client.whole()
                #expect(response.isAtBoundary)
                #expect(response.lastWords == nil)
                retries.insert(try #require(response.retry))
                #expect(try await client.end() == .closeNotify)
            }

            #expect(try await stage.sluice.child.waitForExit() == .code(0))
            #expect(retries.allSatisfy { (2000...3000).contains($0) })
            #expect(retries.count > 10)
            try await stage.gateway.streams(0)
            let drain = try await stage.sluice.log("drain")
            #expect(drain["streams"] == "\(count)")
            #expect(drain["timeout_ms"] == "5000")
            let stop = try await stage.sluice.log("stop")
            #expect(stop["reason"] == "drained")
            #expect(stop["exit_code"] == "0")
            #expect(stop["streams_closed"] == "\(count)")
            #expect(stage.sluice.lines.last?.event == "stop")
            stage.expectSoundLog()
        }

        @Test("SIGINT drains as SIGTERM does", arguments: [SIGTERM, SIGINT])
        func drains(signal: Int32) async throws {
            let stage = try await Stage()
            let client = try await stage.sluice.openStream("alice")

            stage.sluice.signal(signal)

            #expect(try await client.whole().retry != nil)
            #expect(try await stage.sluice.child.waitForExit() == .code(0))
            stage.expectSoundLog()
        }

        @Test func `what is short is finished before the end`() async throws {
            let stage = try await Stage()
            let client = stage.sluice.client()
            client.request("GET", "/misbehave/late")
            _ = try await stage.gateway.request { $0.target == "/misbehave/late" }

            stage.sluice.signal(SIGTERM)
            let response = try await client.whole()

            #expect(response.text == "ok")
            #expect(try await client.end() == .closeNotify)
            #expect(try await stage.sluice.child.waitForExit() == .code(0))
        }

        @Test func `what is not short is closed after drain.timeout`() async throws {
            let stage = try await Stage { $0.drainTimeout = "300ms" }
            let client = stage.sluice.client()
            client.request("GET", "/misbehave/silent")
            _ = try await stage.gateway.request { $0.target == "/misbehave/silent" }

            stage.sluice.signal(SIGTERM)

            #expect(try await stage.sluice.child.waitForExit() == .code(0))
            #expect(try await client.end() != .closeNotify)
            let stop = try await stage.sluice.log("stop")
            #expect(stop["reason"] == "drain_timeout")
        }

        @Test("G04: a second signal ends it at once", arguments: [SIGTERM, SIGINT, SIGQUIT])
        func secondSignal(signal: Int32) async throws {
            let stage = try await Stage { $0.drainTimeout = "60s" }
            let client = stage.sluice.client()
            client.request("GET", "/misbehave/silent")
            _ = try await stage.gateway.request { $0.target == "/misbehave/silent" }

            stage.sluice.signal(SIGTERM)
            try await stage.sluice.log("drain")
            stage.sluice.signal(signal)

            #expect(try await stage.sluice.child.waitForExit() == .code(0))
            let stop = try await stage.sluice.log("stop")
            #expect(stop["reason"] == "second_signal")
        }

        @Test func `G02: a SIGHUP during the drain is too late`() async throws {
            let stage = try await Stage { $0.drainTimeout = "60s" }
            let client = stage.sluice.client()
            client.request("GET", "/misbehave/silent")
            _ = try await stage.gateway.request { $0.target == "/misbehave/silent" }

            for _ in 0..<20 {
                stage.sluice.signal(SIGHUP)
                stage.sluice.signal(SIGTERM)
                try await stage.sluice.log("drain")
                stage.sluice.signal(SIGHUP)
            }

            _ = try await stage.sluice.child.waitForExit()
            let drain = try #require(stage.sluice.lines.firstIndex { $0.event == "drain" })
            #expect(!stage.sluice.lines[drain...].contains { $0.event.hasPrefix("reload") })
        }

        @Test func `nobody new is let in during the drain`() async throws {
            let stage = try await Stage { $0.drainTimeout = "60s" }
            let busy = stage.sluice.client()
            busy.request("GET", "/misbehave/silent")
            _ = try await stage.gateway.request { $0.target == "/misbehave/silent" }
            stage.sluice.signal(SIGTERM)
            try await stage.sluice.log("drain")

            let late = stage.sluice.client()
            guard case .failed = try await late.end() else {
                Issue.record("a newcomer was let in: \(late.now)")
                return
            }

            busy.leave(.reset)
            #expect(try await stage.sluice.child.waitForExit() == .code(0))
        }

        @Test(
            "G05: signals that mean nothing here have no effect",
            arguments: [SIGPIPE, SIGUSR1, SIGUSR2, SIGCHLD, SIGALRM, SIGWINCH])
        func others(signal: Int32) async throws {
            let stage = try await Stage()
            let live = try await stage.sluice.openStream("alice")

            for _ in 0..<10 { stage.sluice.signal(signal) }
            let client = stage.sluice.client()
            client.request("GET", "/hello")

            #expect(try await client.whole().status == 200)
            stage.gateway.gateway.publish(to: "alice", event: "Generic", data: "fine")
            _ = try await live.event { $0.data == "fine" }
            try await stage.expectSoundEnd()
        }

        @Test func `G06: time in which nobody could be heard is held against nobody`() async throws
        {
            let stage = try await Stage(.quiet) {
                $0.policies = ["default.yaml": SluiceOptions.cap(1, "idle_timeout: 2s")]
            }
            let clients = (0..<20).map { stage.sluice.stream("user-\($0)") }
            for client in clients { _ = try await client.event { $0.name == "Generic" } }

            stage.sluice.signal(SIGSTOP)
            // Time itself is what is tested here.
            try await Task.sleep(for: .seconds(6))
            stage.sluice.signal(SIGCONT)
            // An answer shows that it is awake; only then the gateway says something.
            let other = stage.sluice.client()
            other.request("GET", "/hello")
            #expect(try await other.whole().status == 200)
            stage.gateway.gateway.publish(to: nil, event: "Generic", data: "awake")

            for client in clients {
                _ = try await client.event { $0.data == "awake" }
            }
            #expect(stage.sluice.count("stream_closed") == 0)
            try await stage.expectSoundEnd()
        }
    }
}
