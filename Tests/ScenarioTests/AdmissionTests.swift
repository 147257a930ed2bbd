import DemoGateway
import TestSupport
import Testing

extension Scenarios {
    /// Whom a flood of requests for streams may cost anything: the address that it comes from.
    @Suite("Admission: who goes first when more come than may")
    struct AdmissionTests {
        private static let floodAddress = "192.0.2.1"

        /// Five in a second, eight at once, ten that wait; and who comes from where is what a
        /// trusted proxy says.
        private func stage(perSecond: Int = 5, wait: String = "2s") async throws -> Stage {
            try await Stage { options in
                options.workers = 4
                options.usesTLS = false
                options.policies = ["default.yaml": SluiceOptions.cap(20)]
                options.set("gateway", "streams_per_second: \(perSecond)")
                options.set("gateway", "streams_burst: 8")
                options.set("gateway", "admission_wait: \(wait)")
                options.set("trusted_proxies", "- 127.0.0.1")
            }
        }

        private func ask(
            _ stage: Stage, _ target: String, from address: String
        ) -> TestClient {
            let client = stage.sluice.client(name: target)
            client.request(
                "GET", target,
                fields: [("accept", "text/event-stream"), ("x-forwarded-for", address)])
            return client
        }

        private func open(_ stage: Stage, _ user: String, from address: String) -> TestClient {
            ask(stage, "/events?access_token=\(Tokens.jwt(sub: user))", from: address)
        }

        /// Requests that the gateway leaves without an answer, so that each keeps its place, until no
        /// more may wait.
        private func flood(
            _ stage: Stage, count: Int = 60, token: (Int) -> String?
        ) async throws -> [TestClient] {
            let clients = (0..<count).map { number in
                let query = token(number).map { "?access_token=\($0)" } ?? ""
                return ask(stage, "/misbehave/silent\(query)", from: Self.floodAddress)
            }
            // The gateway has what it may have at once, and all others have come.
            try await stage.gateway.until("the burst") { gateway in
                gateway.requests.count { $0.target.hasPrefix("/misbehave") } >= 6
            }
            try await stage.sluice.log("stream_refused", count: 30)
            return clients
        }

        @Test(
            "a flood without a token, or with a new one each time, refuses nobody who is known",
            arguments: [false, true])
        func known(isForged: Bool) async throws {
            let stage = try await stage()
            let users = (1...6).map { "user-\($0)" }
            // They are known from a stream that is over.
            for user in users {
                let client = open(stage, user, from: "192.0.2.100")
                #expect(try await client.head().status == 200)
                client.leave(.close)
            }
            try await stage.sluice.log("stream_closed", count: users.count)
            let flood = try await flood(stage) { isForged ? Tokens.forged(sub: "x\($0)") : nil }
            let before = stage.gateway.gateway.requestCount

            let back = users.map { open(stage, $0, from: "192.0.2.100") }

            for client in back { #expect(try await client.head().status == 200) }
            // At most those of the flood whose turn had come already went before them.
            let seen = stage.gateway.gateway.requests.dropFirst(before).map(\.target)
            let mine = seen.prefix(users.count + 3).count { $0.hasPrefix("/events") }
            #expect(mine == users.count, "\(seen)")
            let refused = stage.sluice.lines("stream_refused")
            #expect(refused.allSatisfy { $0["client"] == Self.floodAddress })
            for client in flood { client.leave(.reset) }
            try await stage.expectSoundEnd()
        }

        @Test func `strangers of other addresses do not wait behind a flood`() async throws {
            let stage = try await stage()
            let flood = try await flood(stage) { _ in nil }
            let before = stage.gateway.gateway.requestCount

            let newcomers = (1...3).map { open(stage, "new-\($0)", from: "192.0.2.\($0 + 10)") }

            for client in newcomers { #expect(try await client.head().status == 200) }
            // The flood has one turn like everybody else.
            let seen = stage.gateway.gateway.requests.dropFirst(before).prefix(8).map(\.target)
            #expect(seen.count { $0.hasPrefix("/events") } == 3, "\(seen)")
            let refused = stage.sluice.lines("stream_refused")
            #expect(refused.allSatisfy { $0["client"] == Self.floodAddress })
            for client in flood { client.leave(.reset) }
            try await stage.expectSoundEnd()
        }

        /// One user who has had many tokens has no more turns ahead of strangers than with one.
        @Test func `strangers do not wait behind one known user with many tokens`() async throws {
            let stage = try await stage(perSecond: 40, wait: "5s")
            let tokens = (1...5).map { Tokens.expiring(sub: "mallory", in: Int64(3600 + $0)) }
            for (number, token) in tokens.enumerated() {
                let client = ask(stage, "/events?access_token=\(token)", from: Self.floodAddress)
                #expect(try await client.head().status == 200)
                client.leave(.close)
                try await stage.sluice.log("stream_closed", count: number + 1)
            }
            let flood = (0..<500).map { number in
                ask(
                    stage, "/misbehave/silent?access_token=\(tokens[number % tokens.count])",
                    from: Self.floodAddress)
            }
            // Two hundred may wait.
            try await stage.sluice.log("stream_refused", count: 150)

            let newcomer = open(stage, "new", from: "192.0.2.11")

            #expect(try await newcomer.head().status == 200)
            let refused = stage.sluice.lines("stream_refused")
            #expect(refused.allSatisfy { $0["client"] == Self.floodAddress })
            for client in flood { client.leave(.reset) }
            try await stage.expectSoundEnd()
        }

        /// One address has all of the first 64 bits.
        @Test func `an IPv6 client is its network`() async throws {
            let stage = try await stage()
            let flood = (0..<60).map { number in
                ask(stage, "/misbehave/silent", from: "2001:db8:0:1::\(String(number, radix: 16))")
            }
            try await stage.sluice.log("stream_refused", count: 20)

            let newcomer = open(stage, "new", from: "2001:db8:0:2::1")

            #expect(try await newcomer.head().status == 200)
            for client in flood { client.leave(.reset) }
            try await stage.expectSoundEnd()
        }

        @Test func `an answer that is no stream gives its place back at once`() async throws {
            let stage = try await Stage { options in
                options.workers = 4
                for line in ["streams_per_second: 1", "streams_burst: 1", "admission_wait: 200ms"] {
                    options.set("gateway", line)
                }
            }
            let fields = [("accept", "text/event-stream")]
            for (number, path) in ["/events", "/hello", "/status/404", "/status/503"].enumerated() {
                for round in 0..<5 {
                    let client = stage.sluice.client(name: "\(path) \(number) \(round)")
                    client.request("GET", path, fields: fields)
                    let status = try await client.whole().status
                    #expect([401, 200, 404, 503].contains(status))
                }
            }
            // The place is still there for the one who opens a stream with it.
            _ = try await stage.sluice.openStream("alice")

            #expect(stage.gateway.gateway.requestCount == 21)
            try await stage.expectSoundEnd()
            #expect(stage.sluice.count("stream_refused") == 0)
        }

        /// Whoever waits at one worker hears at once that a place has come free at another.
        @Test func `a place that is given back goes to whoever waits, on any worker`() async throws
        {
            let stage = try await Stage { options in
                options.workers = 8
                for line in ["streams_per_second: 1", "streams_burst: 1", "admission_wait: 60s"] {
                    options.set("gateway", line)
                }
            }
            let fields = [("accept", "text/event-stream")]
            let clients = (0..<40).map { _ in
                let client = stage.sluice.client()
                client.request("GET", "/status/404", fields: fields)
                return client
            }
            // At one in a second, without what is given back, it would be more than patience.
            for client in clients { #expect(try await client.whole().status == 404) }
            try await stage.expectSoundEnd()
            #expect(stage.sluice.count("stream_refused") == 0)
        }
    }
}
