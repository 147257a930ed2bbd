import DemoGateway
import Foundation
import TestSupport
import Testing

extension Scenarios {
    @Suite("Why streams end")
    struct ClosingTests {
        @Test(
            "T13 K02 K06: a client that is gone frees its gateway connection at once",
            arguments: [
                TestClient.Farewell.close, .vanish, .reset, .halfClose, .closeNotify,
            ])
        func clientGone(farewell: TestClient.Farewell) async throws {
            let stage = try await Stage()
            let leaving = try await stage.sluice.openStream("alice")
            let staying = try await stage.sluice.openStream("bob")

            leaving.leave(farewell)
            try await stage.gateway.until("bob alone") {
                $0.openStreams() == ["bob": 1]
            }

            let line = try await stage.sluice.log("stream_closed")
            #expect(line["reason"] == "client_closed")
            #expect(line["user"] == "alice")
            #expect(staying.isOpen)
            try await stage.expectSoundEnd()
        }

        @Test func `K06: a reset that is found by writing ends that stream alone`() async throws {
            let stage = try await Stage { $0.workers = 1 }
            let leaving = (0..<20).map { stage.sluice.stream("user-\($0)") }
            for client in leaving { _ = try await client.head() }
            let staying = try await stage.sluice.openStream("bob")

            // When it wakes, the reset and something to write are there at the same time.
            try await stage.sluice.child.freeze()
            for client in leaving { client.leave(.reset) }
            for client in leaving { try await client.end() }
            for _ in 0..<50 {
                stage.gateway.gateway.publish(to: nil, event: "message", data: "late")
            }
            // Nothing tells that bytes have arrived at somebody who sleeps.
            try await Task.sleep(for: .milliseconds(200))
            stage.sluice.signal(SIGCONT)

            try await stage.gateway.until("bob alone") { $0.openStreams() == ["bob": 1] }
            try await staying.until("all of it") { state in
                state.responses.last?.events.count { $0.data == "late" } == 50
            }
            try await stage.sluice.log("stream_closed", count: 20)
            let reasons = Set(stage.sluice.lines("stream_closed").map { $0["reason"] })
            #expect(reasons == ["client_closed"])
            try await stage.expectSoundEnd()
        }

        @Test("K02: the end of what a client says is read once", arguments: ["/big", "/events"])
        func halfClosed(path: String) async throws {
            let stage = try await Stage { $0.usesTLS = false }
            let client = stage.sluice.client(receiveBuffer: 2304)
            let token = Tokens.jwt(sub: "alice")
            client.request("GET", path + "?bytes=100000000&access_token=\(token)")
            _ = try await client.head()
            client.pause()
            let before = stage.sluice.child.cpuMilliseconds

            client.leave(.halfClose)

            // Time itself is what is tested here: a busy loop would show.
            try await Task.sleep(for: .seconds(2))
            #expect(stage.sluice.child.cpuMilliseconds - before < 400)
            client.resume()
            try await client.end()
            try await stage.gateway.until("no connection") { $0.openConnections == 0 }
            try await stage.expectSoundEnd()
        }

        @Test func `S09: a client that leaves while the gateway thinks leaves nothing behind`()
            async throws
        {
            let stage = try await Stage()
            let client = stage.sluice.client()
            client.request("GET", "/misbehave/silent")
            _ = try await stage.gateway.request { $0.target == "/misbehave/silent" }

            client.leave(.reset)

            try await stage.gateway.until("no connection") {
                $0.openConnections == 0
            }
            try await stage.expectSoundEnd()
        }

        /// A clock, and what the gateway sends all the while.
        struct Clock: Sendable, CustomTestStringConvertible {
            let name: String
            let heartbeat: Bool
            let comment: Bool
            let closes: Bool

            var testDescription: String {
                "\(name), \(heartbeat ? "heartbeats " : "")\(comment ? "comments" : "")"
            }
        }

        @Test(
            "S10: the three idle clocks",
            arguments: [
                Clock(name: "bytes", heartbeat: false, comment: false, closes: true),
                Clock(name: "bytes", heartbeat: false, comment: true, closes: false),
                Clock(name: "frames", heartbeat: false, comment: true, closes: true),
                Clock(name: "frames", heartbeat: true, comment: true, closes: false),
                Clock(name: "events", heartbeat: true, comment: true, closes: true),
            ])
        func idle(clock: Clock) async throws {
            var profile = DemoGatewayProfile.quiet
            profile.heartbeatInterval = clock.heartbeat ? .milliseconds(300) : nil
            profile.commentInterval = clock.comment ? .milliseconds(200) : nil
            var lines = ["idle_timeout: 1s", "idle_clock: \(clock.name)"]
            if clock.name == "events" {
                lines.append(#"heartbeats: [ { event: Generic, data_contains: '"heartbeat"' } ]"#)
            }
            let policy = SluiceOptions.cap(1) + lines.map { "    \($0)\n" }.joined()
            let stage = try await Stage(profile) { $0.policies = ["default.yaml": policy] }
            let client = try await stage.sluice.openStream("alice")

            if clock.closes {
                let response = try await client.whole()
                let retry = try #require(response.retry)
                #expect((3000...4500).contains(retry))
                #expect(response.lastWords == nil)
                let line = try await stage.sluice.log("stream_closed")
                #expect(line["reason"] == "idle")
                let lived = try #require(line.number("duration_ms"))
                #expect(lived >= 1000)
                try await stage.gateway.streams(0)
            } else {
                // Twice as long as the timeout.
                try await client.until("life") { state in
                    guard let response = state.responses.last else { return false }
                    return clock.heartbeat ? response.eventCount > 8 : response.comments > 10
                }
                #expect(client.isOpen)
                #expect(stage.sluice.count("stream_closed") == 0)
            }
            try await stage.expectSoundEnd()
        }

        @Test func `max_age ends streams cleanly, not all at the same moment`() async throws {
            let stage = try await Stage(.quiet) {
                $0.policies = ["default.yaml": SluiceOptions.cap(1, "max_age: 2s")]
            }
            let clients = (0..<20).map { stage.sluice.stream("user-\($0)") }

            for client in clients {
                #expect(try await client.whole().retry != nil)
            }

            try await stage.sluice.log("stream_closed", count: clients.count)
            let lines = stage.sluice.lines("stream_closed")
            #expect(lines.allSatisfy { $0["reason"] == "max_age" })
            let ages = lines.compactMap { $0.number("duration_ms") }
            #expect(ages.allSatisfy { $0 >= 1800 }, "\(ages)")
            #expect((ages.max() ?? 0) - (ages.min() ?? 0) > 50, "\(ages)")
            try await stage.expectSoundEnd()
        }

        @Test func `K03: a client that never reads is closed, and costs little until then`()
            async throws
        {
            let stage = try await Stage(.silent) {
                $0.set("limits", "write_timeout: 1s")
                $0.policies = ["default.yaml": SluiceOptions.cap(5)]
            }
            let memory = stage.sluice.child.residentKiB
            let canary = try await stage.sluice.openStream("canary")
            let slow = stage.sluice.stream("alice", receiveBuffer: 2304)
            _ = try await slow.head()
            slow.pause()

            let event = Array("data: \(String(repeating: "x", count: 1000))\n\n".utf8)
            let flood = Array(repeatElement(event, count: 20_000).joined())
            stage.gateway.gateway.broadcast(flood)

            let line = try await stage.sluice.log("stream_closed")
            #expect(line["reason"] == "slow_consumer")
            #expect(line["user"] == "alice")
            try await canary.until("every byte") { $0.responses.last?.bodyCount == flood.count }
            #expect(canary.response?.checksum == Checksum(flood))
            #expect(stage.sluice.child.peakResidentKiB - memory < 8192)
            try await stage.gateway.until("the canary alone") { $0.openStreams() == ["canary": 1] }
            try await stage.expectSoundEnd()
        }

        @Test func `U14: an encoded stream is evicted by a clean end and no words`() async throws {
            let stage = try await Stage()
            let token = Tokens.jwt(sub: "alice")
            let victim = stage.sluice.client()
            victim.request("GET", "/misbehave/gzip-stream?access_token=\(token)")
            try await victim.until("the bytes") { $0.responses.last?.bodyCount == 5 }

            _ = try await stage.sluice.openStream("alice")

            let response = try await victim.whole()
            #expect(response.text == "xxxxx")
            #expect(try await victim.end() == .closeNotify)
            try await stage.expectSoundEnd()
        }
    }
}
