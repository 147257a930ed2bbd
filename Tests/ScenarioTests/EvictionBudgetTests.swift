import DemoGateway
import TestSupport
import Testing

extension Scenarios {
    @Suite("The budget of evictions, for clients that come back by hand")
    struct EvictionBudgetTests {
        private static func policy(burst: Int, refill: String) -> [String: String] {
            let budget = "eviction_budget: { burst: \(burst), refill: \(refill) }"
            return ["default.yaml": SluiceOptions.cap(1, budget)]
        }

        @Test func `S06: with the budget gone newcomers are refused and the gateway hears nothing`()
            async throws
        {
            let stage = try await Stage {
                $0.policies = Self.policy(burst: 3, refill: "10m")
            }
            var incumbent = try await stage.sluice.openStream("alice")
            for _ in 0..<3 {
                let newcomer = try await stage.sluice.openStream("alice")
                #expect(try await incumbent.end() == .closeNotify)
                incumbent = newcomer
            }
            let connects = stage.gateway.gateway.connectCount

            for number in 0..<20 {
                let newcomer = stage.sluice.stream("alice")
                let answer = try await newcomer.whole()
                #expect(answer.status == 429)
                #expect(answer.all("content-type") == ["application/json"])
                let wait = try #require(answer.all("retry-after").first.flatMap(Int.init))
                #expect(wait > 60)
                try await stage.publish(number, to: "alice", until: incumbent)
            }

            #expect(stage.gateway.gateway.connectCount == connects)
            #expect(incumbent.response?.numbers == Array(0..<20))
            // Another user has a budget of their own.
            let other = try await stage.sluice.openStream("bob")
            _ = try await stage.sluice.openStream("bob")
            #expect(try await other.end() == .closeNotify)
            try await stage.expectSoundEnd()
            let refusals = stage.sluice.lines("stream_refused")
            #expect(refusals.count == 20)
            #expect(refusals.allSatisfy { $0["reason"] == "eviction_budget" })
            #expect(refusals.allSatisfy { $0["status"] == "429" })
            let flaps = stage.sluice.lines("flap")
            #expect(flaps.map { $0["phase"] } == ["begin"])
            #expect(flaps.first?["user"] == "alice")
            #expect(flaps.first?["evictions"] == "3")
        }

        @Test func `a token that nobody has accepted yet is refused behind the gateway's answer`()
            async throws
        {
            let stage = try await Stage { $0.policies = Self.policy(burst: 1, refill: "10m") }
            _ = try await stage.sluice.openStream("alice")
            let incumbent = try await stage.sluice.openStream("alice")
            let connects = stage.gateway.gateway.connectCount

            for number in 0..<5 {
                let payload = #"{"sub":"alice","jti":\#(number)}"#
                let fresh = DemoToken.make(payload: payload, signature: "good")
                let client = stage.sluice.client()
                client.request("GET", "/events?access_token=\(fresh)", fields: Looks.fetch)
                #expect(try await client.whole().status == 429)
            }
            let forged = stage.sluice.client()
            let token = Tokens.forged(sub: "alice")
            forged.request("GET", "/events?access_token=\(token)", fields: Looks.fetch)

            // Nobody learns of a user's limits by a token that the gateway does not believe.
            #expect(try await forged.whole().status == 401)
            #expect(stage.gateway.gateway.connectCount == connects + 6)
            try await stage.gateway.streams(1)
            try await stage.publish(1, to: "alice", until: incumbent)
            try await stage.expectSoundEnd()
            #expect(stage.sluice.count("evict") == 1)
            #expect(stage.sluice.lines("flap").map { $0["phase"] } == ["begin"])
        }

        @Test func `an episode has one line at its begin and one at its end`() async throws {
            let stage = try await Stage { $0.policies = Self.policy(burst: 1, refill: "500ms") }
            let first = try await stage.sluice.openStream("alice")
            var refusals = 0
            // A slow machine earns an eviction now and then; the war goes on.
            while refusals < 5 {
                let newcomer = stage.sluice.stream("alice")
                if try await newcomer.head().status == 429 { refusals += 1 }
            }

            let end = try await stage.sluice.log("flap") { $0["phase"] == "end" }

            #expect(end["user"] == "alice")
            #expect(end["policy"] == "default")
            #expect(end.number("refusals") == refusals)
            #expect(try #require(end.number("evictions")) >= 1)
            // It is at rest: there is room for a reload again.
            _ = try await stage.sluice.openStream("alice")
            _ = try await first.end()
            try await stage.expectSoundEnd()
            #expect(stage.sluice.lines("flap").map { $0["phase"] } == ["begin", "end"])
        }

        @Test func `a client that closes its own stream gets its eviction back`() async throws {
            let stage = try await Stage { $0.policies = Self.policy(burst: 1, refill: "1h") }
            var live = try await stage.sluice.openStream("alice")

            for round in 1...5 {
                let newcomer = try await stage.sluice.openStream("alice")
                #expect(try await live.end() == .closeNotify)
                // As somebody does who loads the page again.
                newcomer.leave(.close)
                try await stage.sluice.log("stream_closed", count: 2 * round)
                live = try await stage.sluice.openStream("alice")
            }
            _ = try await stage.sluice.openStream("alice")
            #expect(try await stage.sluice.stream("alice").whole().status == 429)

            try await stage.expectSoundEnd()
            #expect(stage.sluice.count("evict") == 6)
        }

        @Test func `what a reload closes is not charged`() async throws {
            let budget = "eviction_budget: { burst: 1, refill: 1h }"
            let stage = try await Stage {
                $0.policies = ["default.yaml": SluiceOptions.cap(4, budget)]
            }
            for _ in 0..<4 { _ = try await stage.sluice.openStream("alice") }
            _ = try await stage.sluice.reload(Self.policy(burst: 1, refill: "1h"))
            try await stage.gateway.streams(1)

            let newcomer = try await stage.sluice.openStream("alice")
            let another = try await stage.sluice.stream("alice").whole()

            #expect(another.status == 429)
            #expect(newcomer.isOpen)
            try await stage.expectSoundEnd()
            #expect(stage.sluice.lines("evict") { $0["reason"] == "reload" }.count == 3)
            #expect(stage.sluice.lines("evict") { $0["choice"] == "surplus" }.count == 3)
        }

        @Test func `S06: five tabs for two places come to rest, and nobody starves`() async throws {
            let stage = try await Stage(.withIDs) {
                $0.set("streams", "evicted_retry: 200ms")
                $0.set("streams", "evicted_retry_max: 500ms")
                $0.policies = ["default.yaml": SluiceOptions.cap(2)]
            }
            let bulletin = Bulletin()
            let tabs = (0..<5).map { _ in
                Tab(
                    .chromium, user: "alice", path: "/events", at: stage.sluice, scale: 10,
                    bulletin: bulletin)
            }
            try await stage.gateway.until("two of five") {
                $0.streamsOpened == 5 && $0.streamCount == 2
            }

            // The sleepers have come back twice, and nothing has moved.
            let winners = stage.gateway.gateway.openStreamIDs(of: "alice")
            var awake: [Tab] = []
            for stream in winners { awake.append(try await owner(of: stream, tabs, bulletin)) }
            for tab in tabs where !awake.contains(where: { $0 === tab }) {
                _ = try await tab.first("a second standby") { attempts in
                    attempts.count(where: \.isStandby) >= 2 ? true : nil
                }
            }
            #expect(stage.gateway.gateway.openStreamIDs(of: "alice") == winners)
            #expect(stage.gateway.gateway.streamsOpened == 5)

            // One after the other leaves, and each time a sleeper takes its place.
            for left in [4, 3, 2] {
                let oldest = try #require(stage.gateway.gateway.streams.first).id
                try await owner(of: oldest, tabs, bulletin).close()
                try await stage.gateway.until("a sleeper in its place") {
                    $0.streamsOpened == 10 - left && $0.streamCount == 2
                }
            }
            for stream in stage.gateway.gateway.openStreamIDs(of: "alice") {
                _ = try await owner(of: stream, tabs, bulletin)
            }
            #expect(tabs.allSatisfy { tab in tab.attempts.contains { $0.gatewayStream != nil } })
            for tab in tabs { tab.close() }
            stage.expectNoTombstoneAtGateway()
            try await stage.expectSoundEnd()
            #expect(stage.sluice.count("evict") == 3)
            #expect(stage.sluice.count("flap") == 0)
        }

        /// Waits until one of the tabs knows that the stream is its own.
        private func owner(
            of stream: Int, _ tabs: [Tab], _ bulletin: Bulletin
        ) async throws -> Tab {
            try await bulletin.first("the owner of stream \(stream)") {
                tabs.first { tab in tab.attempts.contains { $0.gatewayStream == stream } }
            }
        }

        @Test func `S12: a full instance refuses before the gateway is asked`() async throws {
            let stage = try await Stage {
                $0.policies = [
                    "default.yaml":
                        "version: 1\nglobal: { max_streams: 3, on_excess: reject_newest }\n"
                ]
            }
            for number in 0..<3 { _ = try await stage.sluice.openStream("user-\(number)") }
            let connects = stage.gateway.gateway.connectCount

            for number in 0..<5 {
                let answer = try await stage.sluice.stream("late-\(number)").whole()
                #expect(answer.status == 503)
                #expect(answer.all("retry-after").count == 1)
            }

            #expect(stage.gateway.gateway.connectCount == connects)
            try await stage.gateway.streams(3)
            try await stage.expectSoundEnd()
            let refusals = stage.sluice.lines("stream_refused")
            #expect(refusals.map { $0["reason"] } == (0..<5).map { _ in "global_cap" })
        }
    }
}
