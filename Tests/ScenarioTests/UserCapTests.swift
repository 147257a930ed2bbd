import TestSupport
import Testing

extension Scenarios {
    @Suite("One user, so many streams")
    struct UserCapTests {
        @Test func `each user keeps the newest stream and loses the older ones`() async throws {
            let users = (1...Scale.pick(small: 40, normal: 200, full: 200)).map { "user-\($0)" }
            let rounds = 5
            let stage = try await Stage()

            var latest: [String: TestClient] = [:]
            var older: [TestClient] = []
            for _ in 0..<rounds {
                let fresh = users.map { user in (user, stage.sluice.stream(user)) }
                for (user, client) in fresh {
                    #expect(try await client.head().status == 200)
                    if let before = latest.updateValue(client, forKey: user) {
                        older.append(before)
                    }
                }
            }
            for client in older { #expect(try await client.end() == .closeNotify) }
            try await stage.gateway.streams(users.count)

            // The gateway's side, the client's side, and the log.
            for user in users {
                let client = try #require(latest[user])
                #expect(client.isOpen)
                let stream = try #require(client.response?.gatewayStream)
                #expect(stage.gateway.gateway.openStreamIDs(of: user) == [stream])
            }
            for client in older {
                let words = try #require(client.response?.lastWords)
                #expect(words.data.contains(#""reason":"superseded""#))
            }
            try await stage.sluice.log("evict", count: users.count * (rounds - 1))
            expectPlausibleEvictions(stage.sluice, count: users.count * (rounds - 1))
            try await stage.expectSoundEnd()
            #expect(stage.sluice.count("stream_opened") == users.count * rounds)
            let drained = stage.sluice.lines("stream_closed") { $0["reason"] == "drain" }
            #expect(drained.count == users.count)
        }

        @Test func `I03: names that look alike are those of different users`() async throws {
            // Latin, Cyrillic, one with an accent in one letter and in two, wide, and with nothing
            // to see behind it.
            let names = [
                "alice", "\u{430}lice", "\u{E0}lice", "a\u{300}lice", "\u{FF41}lice",
                "alice\u{200B}", "Alice", "alice ", "../alice", "alice:*", "\"alice\"",
            ]
            let stage = try await Stage()

            var clients: [TestClient] = []
            for name in names { clients.append(try await stage.sluice.openStream(name)) }

            // One each, so nobody has taken anybody's place.
            try await stage.gateway.streams(names.count)
            try await stage.sluice.log("stream_opened", count: names.count)
            #expect(stage.sluice.count("evict") == 0)
            // Two strings of Swift are the same when they look the same, bytes are not.
            let users = stage.sluice.lines("stream_opened").map { Array(($0["user"] ?? "").utf8) }
            #expect(Set(users).count == names.count)
            _ = try await stage.sluice.openStream(names[1])
            #expect(try await clients[1].end() == .closeNotify)
            #expect(clients.filter(\.isOpen).count == names.count - 1)
            try await stage.expectSoundEnd()
        }

        /// Every victim was opened before its cause, and both are streams of the same user.
        private func expectPlausibleEvictions(_ sluice: SluiceProcess, count: Int) {
            var opened: [String: (user: String?, order: Int)] = [:]
            for (order, line) in sluice.lines("stream_opened").enumerated() {
                if let stream = line["stream"] { opened[stream] = (line["user"], order) }
            }
            let evictions = sluice.lines("evict")
            #expect(evictions.count == count)
            for line in evictions {
                guard let victim = line["stream"].flatMap({ opened[$0] }),
                    let cause = line["cause"].flatMap({ opened[$0] })
                else {
                    Issue.record("an eviction without a victim or a cause: \(line)")
                    continue
                }
                #expect(victim.user == cause.user)
                #expect(victim.order < cause.order)
                #expect(line["reason"] == "evicted_user_cap")
            }
        }

        @Test func `S07: of many connects at once exactly one survives, on both sides`()
            async throws
        {
            let connects = 50
            let stage = try await Stage {
                $0.policies = ["default.yaml": SluiceOptions.cap(1, "eviction_budget: off")]
            }

            for round in 1...Scale.pick(small: 2, normal: 5, full: 50) {
                let user = "user-\(round)"
                let clients = (0..<connects).map { _ in stage.sluice.stream(user) }
                for client in clients { #expect(try await client.head().status == 200) }
                try await stage.gateway.until("one survivor") {
                    $0.streamsOpened == round * connects
                        && $0.openStreamIDs(of: user).count == 1
                }

                let survivor = try #require(stage.gateway.gateway.openStreamIDs(of: user).first)
                for client in clients where client.response?.gatewayStream != survivor {
                    #expect(try await client.end() == .closeNotify)
                }
                let open = clients.filter(\.isOpen)
                #expect(open.compactMap { $0.response?.gatewayStream } == [survivor])
                try await stage.sluice.log("evict", count: round * (connects - 1))
            }
            try await stage.expectSoundEnd()
        }

        @Test func `a forged token evicts nobody, and its victim never notices`() async throws {
            let stage = try await Stage()
            let victim = try await stage.sluice.openStream("alice")

            for _ in 0..<20 {
                let forger = stage.sluice.client()
                forger.request(
                    "GET", "/events?access_token=\(Tokens.forged(sub: "alice"))",
                    fields: [("accept", "text/event-stream")])
                #expect(try await forger.whole().status == 401)
            }
            stage.gateway.gateway.publish(to: "alice", event: "Generic", data: "still here")

            _ = try await victim.event { $0.data == "still here" }
            #expect(victim.isOpen)
            try await stage.expectSoundEnd()
            #expect(stage.sluice.count("evict") == 0)
            #expect(stage.sluice.count("stream_opened") == 1)
            let refusals = stage.sluice.lines("request") { $0["status"] == "401" }
            #expect(refusals.count == 20)
        }

        @Test func `a user without a slot is refused when the policy says so`() async throws {
            let stage = try await Stage(.quiet) {
                $0.policies = ["default.yaml": SluiceOptions.cap(1, "on_excess: reject_newest")]
            }
            let first = try await stage.sluice.openStream("alice")

            let second = stage.sluice.stream("alice")
            let answer = try await second.whole()

            #expect(answer.status == 429)
            let wait = try #require(answer.all("retry-after").first.flatMap(Int.init))
            #expect((30...60).contains(wait))
            #expect(first.isOpen)
            try await stage.gateway.streams(1)
            let line = try await stage.sluice.log("stream_refused")
            #expect(line["reason"] == "user_cap")
            #expect(line["status"] == "429")
            try await stage.expectSoundEnd()
        }

        @Test func `S04 S17: only an accepted GET stream counts`() async throws {
            let stage = try await Stage()
            let live = try await stage.sluice.openStream("alice")
            let token = Tokens.jwt(sub: "alice")

            let other = stage.sluice.client()
            let requests = [
                ("HEAD", "/events"), ("GET", "/hello"), ("GET", "/status/204"),
                ("GET", "/status/503"), ("GET", "/status/302"),
            ]
            for (number, (method, path)) in requests.enumerated() {
                other.request(method, "\(path)?access_token=\(token)")
                _ = try await other.whole(number)
            }

            #expect(live.isOpen)
            try await stage.expectSoundEnd()
            #expect(stage.sluice.count("stream_opened") == 1)
            #expect(stage.sluice.count("evict") == 0)
        }

        @Test func `a POST stream is refused, never killed`() async throws {
            let stage = try await Stage()
            let target = "/v1/chat?events=3&pause_ms=400&access_token=\(Tokens.jwt(sub: "alice"))"
            let json = [("content-type", "application/json")]
            let first = stage.sluice.client()
            first.request("POST", target, fields: json, body: Array("{}".utf8))
            _ = try await first.head()

            let second = stage.sluice.client()
            second.request("POST", target, fields: json, body: Array("{}".utf8))
            let answer = try await second.whole()

            #expect(answer.status == 429)
            let work = try await first.whole()
            #expect(work.events.last?.data == "[DONE]")
            #expect(stage.sluice.count("evict") == 0)
            try await stage.expectSoundEnd()
        }

        @Test func `observe logs what would happen and touches nothing`() async throws {
            let stage = try await Stage(.quiet) {
                $0.policies = ["default.yaml": SluiceOptions.cap(1, "mode: observe")]
            }
            let first = try await stage.sluice.openStream("alice")
            let second = try await stage.sluice.openStream("alice")

            let line = try await stage.sluice.log("evict")

            #expect(line.isTrue("observed"))
            #expect(first.isOpen && second.isOpen)
            try await stage.gateway.streams(2)
            try await stage.expectSoundEnd()
        }
    }
}
