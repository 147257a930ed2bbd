import Foundation
import TestSupport
import Testing

extension Scenarios {
    /// C19 and C20: when a refusal falls, and what it says.
    @Suite("Refusals: before the gateway begins, with a reason that people are shown")
    struct RefusalTests {
        private static let json = [("accept", "application/json")]
        private static let any = [("accept", "*/*")]
        private static let page = [("accept", "text/html,application/xhtml+xml,*/*;q=0.8")]

        /// A gateway that streams below `/events`, and gives pages everywhere else.
        private static func gateway(_ fields: String = "") throws -> RawGateway {
            try RawGateway { peer in
                while let head = peer.readHead() {
                    guard head.split(separator: " ").dropFirst().first?.hasPrefix("/events") == true
                    else {
                        peer.send("HTTP/1.1 200 OK\r\n\(fields)content-length: 2\r\n\r\n{}")
                        continue
                    }
                    peer.send(
                        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\(fields)"
                            + "transfer-encoding: chunked\r\n\r\n9\r\ndata: a\n\n\r\n")
                }
            }
        }

        private static func sluice(
            _ gateway: RawGateway, _ policies: String, headers: [String] = []
        ) async throws -> SluiceProcess {
            try await SluiceProcess(
                gateway: gateway.address,
                options: SluiceOptions {
                    $0.policies = ["a.yaml": "version: 1\n" + policies]
                    for line in headers { $0.set("headers", line) }
                })
        }

        private static func ask(
            _ sluice: SluiceProcess, _ method: String, _ path: String = "/events",
            user: String = "ann", token: String? = nil, fields: [(String, String)]
        ) -> TestClient {
            let client = sluice.client()
            client.request(
                method, "\(path)?access_token=\(token ?? Tokens.jwt(sub: user))", fields: fields,
                body: method == "POST" ? [] : nil)
            return client
        }

        private static func policy(_ lines: String...) -> String {
            "policies:\n  - name: default\n    max_streams_per_user: 1\n"
                + "    on_excess: reject_newest\n" + lines.map { "    \($0)\n" }.joined()
        }

        @Test(
            "C19: a policy says that a request asks for a stream, and its refusal costs the gateway nothing",
            arguments: [
                ("work: true", "POST", json), ("match: { method: POST }", "POST", json),
                ("work: true", "GET", any), ("match: { method: GET }", "GET", any),
                ("work: true", "GET", []), ("work: true", "PUT", any),
                ("match: { method: [POST, PUT], path: /events/** }", "PUT", any),
            ] as [(String, String, [(String, String)])])
        func beforehand(line: String, method: String, fields: [(String, String)]) async throws {
            let gateway = try Self.gateway()
            let sluice = try await Self.sluice(gateway, Self.policy(line))
            let first = Self.ask(sluice, method, fields: fields)
            #expect(try await first.head().status == 200)

            for _ in 0..<4 {
                let answer = try await Self.ask(sluice, method, fields: fields).whole()
                #expect(answer.status == 429)
            }

            #expect(gateway.heads.count == 1)
            #expect(first.isOpen)
            try await sluice.log("stream_refused", count: 4)
            #expect(sluice.lines("stream_refused").allSatisfy { $0["reason"] == "user_cap" })
            try await sluice.expectSoundEnd()
        }

        @Test func `C19: what may turn out to be no stream is not refused for it`() async throws {
            let gateway = try Self.gateway()
            let sluice = try await Self.sluice(gateway, Self.policy())
            let stream = Self.ask(sluice, "GET", fields: Looks.fetch)
            #expect(try await stream.head().status == 200)

            for (method, fields) in [("POST", Self.json), ("GET", Self.any), ("GET", Self.page)] {
                let answer = try await Self.ask(sluice, method, "/page", fields: fields).whole()
                #expect(answer.status == 200)
                #expect(answer.text == "{}")
            }
            // One that turns out to be a stream is refused then.
            let late = try await Self.ask(sluice, "POST", fields: Self.json).whole()
            #expect(late.status == 429)
            #expect(gateway.heads.count == 5)
            try await sluice.expectSoundEnd()
        }

        @Test func `C19: pages, preflights and heads are no work, whatever the policy`()
            async throws
        {
            let gateway = try Self.gateway()
            let sluice = try await Self.sluice(gateway, Self.policy("work: true"))
            let stream = Self.ask(sluice, "POST", fields: Self.json)
            #expect(try await stream.head().status == 200)

            for (method, fields) in [
                ("GET", Self.page), ("OPTIONS", Self.any), ("HEAD", Self.any),
                ("GET", [("accept", "image/avif,image/webp,*/*;q=0.8")]),
                ("GET", Self.any + [("sec-fetch-dest", "script")]),
            ] {
                let answer = try await Self.ask(sluice, method, "/page", fields: fields).whole()
                #expect(answer.status == 200)
            }
            #expect(gateway.heads.count == 6)
            try await sluice.expectSoundEnd()
        }

        @Test func `C19: a token that the gateway has not accepted learns nothing`() async throws {
            let gateway = try Self.gateway()
            let sluice = try await Self.sluice(gateway, Self.policy("work: true"))
            let first = Self.ask(sluice, "POST", fields: Self.json)
            #expect(try await first.head().status == 200)

            let other = Self.ask(
                sluice, "POST", token: Tokens.jwt(sub: "ann", plan: "x"), fields: Self.json)

            #expect(try await other.whole().status == 429)
            #expect(gateway.heads.count == 2)
            try await sluice.expectSoundEnd()
        }

        /// A token that was renewed while the user's work runs, or whose user has none running.
        @Test(
            "C19: a token that was accepted is known, whatever came of its stream",
            arguments: ["ann", "bob"])
        func acceptedAndRefused(user: String) async throws {
            let gateway = try Self.gateway()
            let sluice = try await Self.sluice(
                gateway, "global: { max_streams: 1 }\n" + Self.policy("work: true"))
            let first = Self.ask(sluice, "POST", fields: Self.json)
            #expect(try await first.head().status == 200)

            let token = Tokens.jwt(sub: user, plan: "x")
            for _ in 0..<4 {
                let answer = try await Self.ask(
                    sluice, "POST", token: token, fields: Self.any
                ).whole()
                #expect(answer.status == (user == "ann" ? 429 : 503))
            }

            // The gateway has accepted the token once, and began nothing after that.
            #expect(gateway.heads.count == 2)
            #expect(first.isOpen)
            try await sluice.log("stream_refused", count: 4)
            try await sluice.expectSoundEnd()
        }

        @Test func `C19: work is never closed for another, whatever its method`() async throws {
            let gateway = try Self.gateway()
            let sluice = try await Self.sluice(
                gateway,
                "global: { max_streams: 1 }\npolicies:\n  - name: default\n"
                    + "    max_streams_per_user: 1\n    work: true\n")
            let first = Self.ask(sluice, "GET", fields: Looks.fetch)
            #expect(try await first.head().status == 200)

            let mine = try await Self.ask(sluice, "GET", fields: Looks.fetch).whole()
            let other = try await Self.ask(sluice, "GET", user: "bob", fields: Looks.fetch).whole()

            #expect(mine.status == 429)
            #expect(other.status == 503)
            #expect(first.isOpen)
            #expect(sluice.count("evict") == 0)
            try await sluice.expectSoundEnd()
        }

        @Test(
            "C20: Retry-After fits the reason",
            arguments: [
                ("work: true", "POST", 1...5), ("match: { method: POST }", "POST", 1...5),
                ("retry_after: 7s", "GET", 7...7), ("retry_after: 8s-9s", "GET", 8...9),
                ("match: {}", "GET", 30...60),
            ] as [(String, String, ClosedRange<Int>)])
        func retryAfter(line: String, method: String, range: ClosedRange<Int>) async throws {
            let gateway = try Self.gateway()
            let sluice = try await Self.sluice(gateway, Self.policy(line))
            let first = Self.ask(sluice, method, fields: Looks.fetch)
            _ = try await first.head()

            for _ in 0..<5 {
                let answer = try await Self.ask(sluice, method, fields: Looks.fetch).whole()
                let seconds = try #require(answer.all("retry-after").first.flatMap { Int($0) })
                #expect(range.contains(seconds))
            }
            try await sluice.expectSoundEnd()
        }

        @Test func `C20: the body of a refusal is what the libraries show`() async throws {
            let gateway = try Self.gateway()
            let sluice = try await Self.sluice(
                gateway,
                "global: { max_streams: 2, on_excess: reject_newest }\n" + Self.policy())
            _ = try await Self.ask(sluice, "GET", fields: Looks.fetch).head()
            let mine = try await Self.ask(sluice, "GET", fields: Looks.fetch).whole()
            _ = try await Self.ask(sluice, "GET", user: "bob", fields: Looks.fetch).head()
            let full = try await Self.ask(sluice, "GET", user: "cid", fields: Looks.fetch).whole()

            for (answer, status, type, code, limit) in [
                (mine, 429, "rate_limit_error", "user_cap", 1),
                (full, 503, "overloaded_error", "global_cap", 2),
            ] {
                #expect(answer.status == status)
                #expect(answer.all("content-type") == ["application/json"])
                let body = try JSONSerialization.jsonObject(with: Data(answer.body))
                let error = try #require((body as? [String: Any])?["error"] as? [String: Any])
                #expect(error["type"] as? String == type)
                #expect(error["code"] as? String == code)
                #expect(error["limit"] as? Int == limit)
                #expect((error["message"] as? String)?.isEmpty == false)
            }
            try await sluice.expectSoundEnd()
        }

        @Test
        func `C20: a native client that all is full for comes back, one too many of its own stops`()
            async throws
        {
            let gateway = try Self.gateway()
            let sluice = try await Self.sluice(
                gateway, "global: { max_streams: 1, on_excess: reject_newest }\n" + Self.policy())
            let first = Self.ask(sluice, "GET", fields: Looks.native)
            _ = try await first.head()

            let own = try await Self.ask(sluice, "GET", fields: Looks.native).whole()
            let other = try await Self.ask(
                sluice, "GET", user: "bob", fields: Looks.native
            ).whole()

            #expect(own.status == 429)
            #expect(other.status == 200)
            #expect(other.all("content-type") == ["text/event-stream"])
            #expect(other.retry != nil)
            #expect(other.eventCount == 0)
            #expect(gateway.heads.count == 1)
            try await sluice.log("stream_refused", count: 2)
            let line = try await sluice.log("stream_refused") { $0["reason"] == "global_cap" }
            #expect(line.number("status") == 200)
            try await sluice.expectSoundEnd()
        }

        private static let app = "https://app.example"

        @Test(
            "C20: a page may read a refusal if the gateway has let its origin read",
            arguments: [app, "*"], [app, "https://evil.example"])
        func sharing(allowed: String, origin: String) async throws {
            let gateway = try Self.gateway(
                "access-control-allow-origin: \(allowed)\r\n"
                    + "access-control-allow-credentials: true\r\n")
            let sluice = try await Self.sluice(gateway, Self.policy())
            let fields = Looks.fetch + [("origin", origin)]
            _ = try await Self.ask(sluice, "GET", fields: fields).head()

            let answer = try await Self.ask(sluice, "GET", fields: fields).whole()
            let stranger = try await Self.ask(
                sluice, "GET", fields: Looks.fetch + [("origin", "https://new.example")]
            ).whole()

            #expect(answer.status == 429 && stranger.status == 429)
            let isAllowed = allowed == "*" || allowed == origin
            #expect(answer.all("access-control-allow-origin") == (isAllowed ? [allowed] : []))
            let isNamed = allowed == Self.app && origin == Self.app
            #expect(answer.all("access-control-allow-credentials") == (isNamed ? ["true"] : []))
            #expect(answer.all("vary") == (isNamed ? ["Origin"] : []))
            #expect(stranger.all("access-control-allow-origin") == [])
            try await sluice.expectSoundEnd()
        }

        @Test func `C20: origins of the settings may read before the gateway has said so`()
            async throws
        {
            let gateway = try Self.gateway()
            let sluice = try await Self.sluice(
                gateway, Self.policy(),
                headers: ["cors_origins: [\(Self.app)]", "cors_credentials: true"])
            _ = try await Self.ask(sluice, "GET", fields: Looks.fetch).head()

            for (origin, names) in [(Self.app, [Self.app]), ("https://evil.example", [])] {
                let answer = try await Self.ask(
                    sluice, "GET", fields: Looks.fetch + [("origin", origin)]
                ).whole()
                #expect(answer.status == 429)
                #expect(answer.all("access-control-allow-origin") == names)
            }
            try await sluice.expectSoundEnd()
        }
    }
}
