import DemoGateway
import Glibc
import TestSupport
import Testing

extension Scenarios {
    /// A generation that somebody pays for is no subscription: a client would take a clean end in
    /// the middle for the whole answer.
    @Suite("Work is finished, or cut so that its client sees it")
    struct WorkTests {
        /// What ends an event stream for a reason of ours, and the policy by which it does.
        private static let cuts = [("max_age", "max_age: 1s"), ("idle", "idle_timeout: 1s")]

        /// A generation of so many events with that pause, and its client.
        private func generation(
            _ stage: Stage, events: Int, pause: Int, fields: [(String, String)] = []
        ) async throws -> TestClient {
            let client = stage.sluice.client(name: "work")
            client.request("POST", Self.target(events: events, pause: pause), fields: fields)
            _ = try await client.event { $0.data.contains("word 1") }
            return client
        }

        private static func target(events: Int, pause: Int) -> String {
            "/v1/chat?events=\(events)&pause_ms=\(pause)&access_token="
                + Tokens.jwt(sub: "payer")
        }

        /// No last chunk, no words of ours.
        private func expectCut(_ client: TestClient) async throws {
            try await client.end()
            let response = try #require(client.response)
            #expect(!response.isComplete)
            #expect(!response.text.contains("DONE"))
            #expect(response.retry == nil && response.lastWords == nil)
            #expect(!String(decoding: client.now.raw, as: UTF8.self).hasSuffix("0\r\n\r\n"))
        }

        private func expectClosed(
            _ stage: Stage, _ reason: String, user: String = "payer"
        ) async throws {
            let line = try await stage.sluice.log("stream_closed") { $0["user"] == user }
            #expect(line["reason"] == reason)
        }

        // MARK: The drain

        @Test func `G03: a drain ends subscriptions at once and waits for work`() async throws {
            let stage = try await Stage { $0.drainTimeout = "30s" }
            let tab = try await stage.sluice.openStream("alice")
            let work = try await generation(stage, events: 12, pause: 200)

            stage.sluice.signal(SIGTERM)

            let goodbye = try await tab.whole()
            #expect(goodbye.retry != nil)
            #expect(work.response?.isComplete == false)
            let answer = try await work.whole()
            #expect(answer.events.map(\.data).last == "[DONE]")
            #expect(answer.events.count == 13)
            #expect(answer.retry == nil && answer.lastWords == nil)
            #expect(try await work.end() == .closeNotify)
            #expect(try await stage.sluice.child.waitForExit() == .code(0))
            try await expectClosed(stage, "gateway_closed")
            try await expectClosed(stage, "drain", user: "alice")
            let stop = try await stage.sluice.log("stop")
            #expect(stop["reason"] == "drained")
            stage.expectSoundLog()
            try await stage.gateway.streams(0)
        }

        @Test func `G03: work that outlasts drain timeout is cut, not ended`() async throws {
            let stage = try await Stage {
                $0.drainTimeout = "1s"
                $0.policies = ["default.yaml": SluiceOptions.cap(2)]
            }
            let work = try await generation(stage, events: 500, pause: 100)
            let old = stage.sluice.client(name: "HTTP/1.0")
            let target = Self.target(events: 500, pause: 100)
            old.send("POST \(target) HTTP/1.0\r\nhost: a\r\n\r\n", answering: "POST")
            _ = try await old.event { $0.data.contains("word 1") }

            stage.sluice.signal(SIGTERM)

            try await expectCut(work)
            // There only the end of the connection ends a body, so it must be no proper one.
            #expect(try await old.end() == .reset)
            #expect(try await stage.sluice.child.waitForExit() == .code(0))
            try await stage.sluice.log("stream_closed", count: 2)
            let closed = stage.sluice.lines("stream_closed")
            #expect(closed.allSatisfy { $0["reason"] == "drain" })
            let stop = try await stage.sluice.log("stop")
            #expect(stop["reason"] == "drain_timeout")
            stage.expectSoundLog()
            try await stage.gateway.streams(0)
        }

        @Test func `G04: a second signal cuts work at once`() async throws {
            let stage = try await Stage { $0.drainTimeout = "60s" }
            let work = try await generation(stage, events: 500, pause: 100)

            stage.sluice.signal(SIGTERM)
            try await stage.sluice.log("drain")
            _ = try await work.event { $0.data.contains("word 5") }
            stage.sluice.signal(SIGTERM)

            try await expectCut(work)
            #expect(try await stage.sluice.child.waitForExit() == .code(0))
            try await expectClosed(stage, "drain")
            stage.expectSoundLog()
        }

        @Test func `G03: work on HTTP/2 goes on behind the GOAWAY`() async throws {
            let stage = try await Stage { $0.drainTimeout = "30s" }
            let client = try await stage.sluice.h2()
            let tab = try await client.openStream("alice")
            let work = client.request("POST", Self.target(events: 12, pause: 200))
            _ = try await work.event { $0.data.contains("word 1") }

            stage.sluice.signal(SIGTERM)

            #expect(try await client.goAway() == .noError)
            #expect(try await tab.whole().retry != nil)
            let answer = try await work.whole()
            #expect(answer.events.map(\.data).last == "[DONE]")
            #expect(answer.retry == nil)
            #expect(work.now?.reset == nil)
            #expect(try await client.end() == .closeNotify)
            #expect(try await stage.sluice.child.waitForExit() == .code(0))
            try await expectClosed(stage, "gateway_closed")
            stage.expectSoundLog()
        }

        @Test func `G03: work on HTTP/2 that outlasts drain timeout is reset`() async throws {
            let stage = try await Stage { $0.drainTimeout = "1s" }
            let client = try await stage.sluice.h2()
            let work = client.request("POST", Self.target(events: 500, pause: 100))
            _ = try await work.event { $0.data.contains("word 1") }

            stage.sluice.signal(SIGTERM)

            #expect(try await work.reset() == .internalError)
            #expect(work.now?.isEnded == false)
            #expect(work.response?.retry == nil)
            #expect(try await stage.sluice.child.waitForExit() == .code(0))
            try await expectClosed(stage, "drain")
            stage.expectSoundLog()
        }

        /// The gateway had begun before anybody knew that it would be a stream.
        @Test func `G03: work whose answer begins during the drain is let in`() async throws {
            let stage = try await Stage { $0.drainTimeout = "30s" }
            let client = stage.sluice.client(name: "late work")
            client.request(
                "POST", "/misbehave/late-stream?access_token=\(Tokens.jwt(sub: "payer"))")
            _ = try await stage.gateway.request { $0.target.hasPrefix("/misbehave/late-stream") }

            stage.sluice.signal(SIGTERM)
            let answer = try await client.whole()

            #expect(answer.status == 200)
            #expect(answer.events.map(\.data) == ["late"])
            #expect(answer.retry == nil)
            #expect(try await stage.sluice.child.waitForExit() == .code(0))
            try await expectClosed(stage, "gateway_closed")
            stage.expectSoundLog()
        }

        /// Which streams are work is the policy's to say.
        @Test func `S17: a POST stream that may be evicted is a subscription`() async throws {
            let stage = try await Stage {
                $0.drainTimeout = "30s"
                $0.policies = [
                    "default.yaml": SluiceOptions.cap(1, "evictable_methods: [GET, POST]")
                ]
            }
            let listener = try await generation(stage, events: 500, pause: 100)

            stage.sluice.signal(SIGTERM)

            #expect(try await listener.whole().retry != nil)
            try await expectClosed(stage, "drain")
            #expect(try await stage.sluice.child.waitForExit() == .code(0))
        }

        /// A GET may be work as well.
        @Test func `G03: what a policy calls work runs on, and is cut visibly`() async throws {
            let stage = try await Stage {
                $0.drainTimeout = "1s"
                $0.policies = ["default.yaml": SluiceOptions.cap(1, "work: true")]
            }
            let live = try await stage.sluice.openStream("alice")
            _ = try await live.event { $0.name == "Generic" }

            stage.sluice.signal(SIGTERM)
            try await stage.sluice.log("drain")
            stage.gateway.gateway.publish(to: "alice", event: "Generic", data: "still here")
            _ = try await live.event { $0.data == "still here" }

            try await expectCut(live)
            try await expectClosed(stage, "drain", user: "alice")
            #expect(try await stage.sluice.child.waitForExit() == .code(0))
        }

        // MARK: Time

        @Test("what cuts work cuts it visibly", arguments: WorkTests.cuts)
        func time(reason: String, policy: String) async throws {
            let stage = try await Stage {
                $0.policies = ["default.yaml": SluiceOptions.cap(5, policy)]
            }
            let (events, pause) = reason == "idle" ? (3, 20_000) : (500, 100)
            let work = try await generation(stage, events: events, pause: pause)
            let h2 = try await stage.sluice.h2()
            let other = h2.request("POST", Self.target(events: events, pause: pause))
            _ = try await other.event { $0.data.contains("word 1") }
            let tab = try await stage.sluice.openStream("alice")

            try await expectCut(work)
            #expect(try await other.reset() == .internalError)
            #expect(other.now?.isEnded == false && other.response?.retry == nil)
            // A subscription keeps its clean end.
            #expect(try await tab.whole().retry != nil)

            try await stage.sluice.log("stream_closed", count: 3)
            let closed = stage.sluice.lines("stream_closed")
            #expect(closed.allSatisfy { $0["reason"] == reason })
            // The connection's other exchanges do not suffer.
            #expect(try await h2.request("GET", "/hello").whole().status == 200)
            try await stage.gateway.streams(0)
            try await stage.expectSoundEnd()
        }

        /// Nothing can be seen of its events, and a subscription's would end cleanly.
        @Test func `work that is encoded is cut as well`() async throws {
            let stage = try await Stage {
                $0.policies = ["default.yaml": SluiceOptions.cap(5, "max_age: 1s")]
            }
            let target = "/misbehave/gzip-stream?access_token=\(Tokens.jwt(sub: "payer"))"
            let work = stage.sluice.client(name: "work")
            work.request("POST", target)
            let tab = stage.sluice.client(name: "subscription")
            tab.request("GET", target, fields: [("accept", "text/event-stream")])

            try await expectCut(work)
            #expect(work.response?.text == "xxxxx")
            #expect(try await tab.whole().text == "xxxxx")

            try await stage.sluice.log("stream_closed", count: 2)
            let closed = stage.sluice.lines("stream_closed")
            #expect(closed.allSatisfy { $0["reason"] == "max_age" })
            try await stage.expectSoundEnd()
        }

        /// There only the end of the connection ends a body.
        @Test func `work in HTTP 1.0 is cut by a reset`() async throws {
            let stage = try await Stage {
                $0.policies = ["default.yaml": SluiceOptions.cap(5, "max_age: 1s")]
            }
            let client = stage.sluice.client()
            let target = Self.target(events: 500, pause: 100)
            client.send("POST \(target) HTTP/1.0\r\nhost: a\r\n\r\n", answering: "POST")
            _ = try await client.event { $0.data.contains("word 1") }

            #expect(try await client.end() == .reset)

            try await expectClosed(stage, "max_age")
            try await stage.expectSoundEnd()
        }

        @Test func `J15: a token that expires cuts work visibly`() async throws {
            let stage = try await Stage {
                $0.policies = ["default.yaml": SluiceOptions.cap(5, "until: token_expiry")]
            }
            let token = Tokens.expiring(sub: "payer", in: 2)
            let client = stage.sluice.client()
            client.request("POST", "/v1/chat?events=500&pause_ms=100&access_token=\(token)")

            try await expectCut(client)

            try await expectClosed(stage, "token_expired")
            try await stage.gateway.streams(0)
            try await stage.expectSoundEnd()
        }

        @Test func `a deadline that a reload brings cuts work visibly`() async throws {
            let stage = try await Stage()
            let work = try await generation(stage, events: 500, pause: 100)
            let reload = try await stage.sluice.reload([
                "default.yaml": SluiceOptions.cap(1, "max_age: 1s")
            ])
            #expect(reload.event == "reload")

            try await expectCut(work)

            try await expectClosed(stage, "max_age")
            try await stage.expectSoundEnd()
        }

        /// A lowered limit takes places from subscriptions only.
        @Test func `S13: a reload that leaves a surplus lets work go on`() async throws {
            let stage = try await Stage { $0.policies = ["default.yaml": SluiceOptions.cap(3)] }
            let first = try await generation(stage, events: 30, pause: 100)
            let second = try await generation(stage, events: 30, pause: 100)

            _ = try await stage.sluice.reload(["default.yaml": SluiceOptions.cap(1)])

            for work in [first, second] {
                #expect(try await work.whole().events.map(\.data).last == "[DONE]")
            }
            try await stage.expectSoundEnd()
            let closed = stage.sluice.lines("stream_closed")
            #expect(closed.allSatisfy { $0["reason"] == "gateway_closed" })
        }

        /// Mid-event, where a subscription would be given time until the boundary.
        @Test func `S05: work that is cut inside an event is cut at once`() async throws {
            let stage = try await Stage {
                $0.policies = ["default.yaml": SluiceOptions.cap(5, "max_age: 1s")]
            }
            let client = stage.sluice.client()
            client.request(
                "POST", "/misbehave/half-event?access_token=\(Tokens.jwt(sub: "payer"))")
            _ = try await client.event { $0.data == "whole" }

            try await expectCut(client)

            #expect(client.response?.text == "data: whole\n\ndata: ha")
            try await expectClosed(stage, "max_age")
            try await stage.expectSoundEnd()
        }
    }
}
