import Foundation
import TestSupport
import Testing

extension Scenarios {
    @Suite("H20, I05: what Sluice has read is what the gateway gets")
    struct TokenSpellingTests {
        private static func gateway() throws -> RawGateway {
            try RawGateway { peer in
                guard peer.readHead() != nil else { return }
                peer.send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: x\n\n")
                _ = peer.readsEnd()
            }
        }

        private static func sluice(
            _ gateway: RawGateway, _ places: [String]
        ) async throws -> SluiceProcess {
            try await SluiceProcess(
                gateway: gateway.address, options: SluiceOptions { $0.tokenPlaces = places })
        }

        /// How a request is spelled, and how the gateway must get it; `M` is the token.
        struct Spelling: Sendable, CustomTestStringConvertible {
            let place: String
            let sent: [String]
            let arrives: String

            init(_ place: String, _ sent: String..., arrives: String) {
                (self.place, self.sent, self.arrives) = (place, sent, arrives)
            }

            var testDescription: String { "\(place) \(sent)" }

            static let all = [
                Spelling("bearer", "Authorization: BEARER M", arrives: "Authorization: Bearer M"),
                Spelling("bearer", "authorization: bearer M", arrives: "authorization: Bearer M"),
                Spelling("bearer", "Authorization: Bearer\tM", arrives: "Authorization: Bearer M"),
                Spelling("bearer", "Authorization: Bearer  M", arrives: "Authorization: Bearer M"),
                Spelling(
                    "bearer", "Authorization: Bearer M", "Authorization: Bearer M",
                    arrives: "Authorization: Bearer M"),
                Spelling("header:x-token", "X-Token:  M ", arrives: "X-Token: M"),
                Spelling("header:x-token", "X-Token: M", "x-token: M", arrives: "X-Token: M"),
                Spelling("cookie:session", "Cookie: session =M", arrives: "Cookie: session=M"),
                Spelling("cookie:session", "Cookie: session= M", arrives: "Cookie: session=M"),
                Spelling("cookie:session", "Cookie: session=\"M\"", arrives: "Cookie: session=M"),
                Spelling(
                    "cookie:session", "Cookie: a=b; session=M; session=M",
                    arrives: "Cookie: a=b; session=M"),
                Spelling(
                    "cookie:session", "Cookie: a=b", "X: y", "Cookie: session=M",
                    arrives: "Cookie: a=b; session=M"),
                Spelling(
                    "cookie:session", "Cookie: a=b;c=d; session=M;e=\"f g\"; h={\"i\":[1, 2]}; j=ü",
                    arrives: "Cookie: a=b;c=d; session=M;e=\"f g\"; h={\"i\":[1, 2]}; j=ü"),
                // What some parser gives up on stands behind.
                Spelling(
                    "cookie:session", "Cookie: a=\"b; session=M; c",
                    arrives: "Cookie: session=M; a=\"b; c"),
                Spelling(
                    "cookie:session", "Cookie: a={\"b\":1}; session=M",
                    arrives: "Cookie: session=M; a={\"b\":1}"),
                Spelling(
                    "query:access_token", "?access%5Ftoken=M&a=b", arrives: "?access_token=M&a=b"),
                Spelling(
                    "query:access_token", "?a=b&%61ccess_token=M&&c",
                    arrives: "?a=b&access_token=M&&c"),
                Spelling(
                    "query:access_token", "?access_token=M&access_token=M",
                    arrives: "?access_token=M"),
                Spelling(
                    "query:access_token", "?a&access_token=M&b=c&access%5Ftoken=M&d",
                    arrives: "?a&access_token=M&b=c&d"),
            ]

            func filled(_ text: String) -> String {
                text.replacing(/\bM\b/, with: Tokens.jwt(sub: "alice"))
            }
        }

        @Test("I05: a lenient spelling is written plainly", arguments: Spelling.all)
        func written(spelling: Spelling) async throws {
            let gateway = try Self.gateway()
            let sluice = try await Self.sluice(gateway, [spelling.place])
            let client = sluice.client()
            let query = spelling.sent.first { $0.hasPrefix("?") } ?? ""
            let lines = spelling.sent.filter { !$0.hasPrefix("?") }.map { $0 + "\r\n" }.joined()

            client.send(
                spelling.filled(
                    "GET /events\(query) HTTP/1.1\r\nhost: a\r\naccept: text/event-stream\r\n"
                        + "\(lines)\r\n"), answering: "GET")

            #expect(try await client.head().status == 200)
            #expect(try await sluice.log("stream_opened")["user"] == "alice")
            let head = try #require(gateway.heads.first)
            let arrives = spelling.filled(spelling.arrives)
            #expect(head.contains(query.isEmpty ? "\r\n\(arrives)\r\n" : "/events\(arrives) HTTP"))
            let name = arrives.prefix { $0 != ":" }.lowercased() + ":"
            if query.isEmpty { #expect(head.lowercased().components(separatedBy: name).count == 2) }
            client.leave(.reset)
            try await sluice.expectSoundEnd()
        }

        @Test("I05: over HTTP/2, crumbs of cookies are one line")
        func crumbs() async throws {
            let gateway = try Self.gateway()
            let sluice = try await Self.sluice(gateway, ["cookie:session"])
            let client = try await sluice.h2()
            let token = Tokens.jwt(sub: "alice")

            let stream = client.request(
                "GET", "/events",
                fields: [
                    ("accept", "text/event-stream"), ("cookie", "a=b"),
                    ("cookie", "session=\(token)"), ("cookie", "c=\"d\""),
                ])

            _ = try await stream.event { $0.data == "x" }
            #expect(try await sluice.log("stream_opened")["user"] == "alice")
            #expect(gateway.heads[0].contains("\r\ncookie: a=b; session=\(token); c=\"d\"\r\n"))
            stream.cancel()
            try await sluice.expectSoundEnd()
        }

        @Test(
            "I05: escapes in a value are decoded for the user, and stay as they were",
            arguments: [
                ("query:access_token", "a%2Fb%3D", "a/b%3D"),
                ("cookie:session", "a%2Bb%3d", "a+b%3D"),
            ])
        func values(place: String, one: String, other: String) async throws {
            let gateway = try Self.gateway()
            let sluice = try await Self.sluice(gateway, [place])

            for value in [one, other] {
                let client = sluice.client()
                let isQuery = place.hasPrefix("query")
                client.request(
                    "GET", isQuery ? "/events?access_token=\(value)" : "/events",
                    fields: [("accept", "text/event-stream")]
                        + (isQuery ? [] : [("cookie", "session=\(value)")]))
                #expect(try await client.head().status == 200)
                #expect(gateway.heads.last?.contains("=\(value)") == true)
            }

            try await sluice.log("stream_opened", count: 2)
            let users = Set(sluice.lines("stream_opened").map { $0["user"] })
            #expect(users.count == 1)
            #expect(try await sluice.log("evict")["reason"] == "evicted_user_cap")
            try await sluice.expectSoundEnd()
        }

        @Test(
            "I05: what is no token counts for nobody, and the gateway gets it as it came",
            arguments: [
                ("bearer", "Authorization: Basic eDp5"), ("bearer", "Authorization: Bearer"),
                ("bearer", "Proxy-Authorization: Bearer M"), ("cookie:session", "Cookie: session="),
                ("cookie:session", "Cookie: sessions=M; xsession=M; a=session"),
                ("header:x-token", "X-Token: "), ("header:x-token", "X-Tokens: M"),
            ])
        func nothing(place: String, line: String) async throws {
            let gateway = try Self.gateway()
            let sluice = try await Self.sluice(gateway, [place])
            let client = sluice.client()

            client.send(
                "GET /events HTTP/1.1\r\nhost: a\r\naccept: text/event-stream\r\n\(line)\r\n\r\n",
                answering: "GET")

            #expect(try await client.head().status == 200)
            #expect(try await sluice.log("stream_opened")["user"] == "address:127.0.0.1")
            client.leave(.reset)
            try await sluice.expectSoundEnd()
        }

        @Test(
            "H20: a place that Connection names is 400, whatever is asked for",
            arguments: [
                ("header:x-access-token", "x-access-token"),
                ("header:x-access-token", "close, X-Access-Token"),
                ("bearer", "authorization"), ("cookie:session", "Cookie"),
            ])
        func connection(place: String, option: String) async throws {
            let gateway = try Self.gateway()
            let sluice = try await Self.sluice(gateway, [place])

            for accept in ["text/event-stream", "text/html"] {
                let client = sluice.client()
                client.request(
                    "GET", "/events",
                    fields: [
                        ("accept", accept), ("x-access-token", Tokens.forged(sub: "victim")),
                        ("connection", option),
                    ])
                #expect(try await client.head().status == 400)
            }

            #expect(gateway.heads.isEmpty)
            try await sluice.log("error", count: 2)
            #expect(sluice.lines("error").allSatisfy { $0["reason"] == "protected_field" })
            try await sluice.expectSoundEnd()
        }
    }
}
