import TestSupport
import Testing

extension Scenarios {
    @Suite("Heads on their way")
    struct HeadTests {
        @Test func `I01 I02: where a request came from is told by nobody but Sluice`() async throws
        {
            let stage = try await Stage()
            let client = stage.sluice.client()

            client.request(
                "GET", "/hello",
                fields: [
                    ("X-Forwarded-For", "6.6.6.6"), ("x-forwarded-for", "7.7.7.7"),
                    ("X_Forwarded_For", "8.8.8.8"), ("X-Real-IP", "6.6.6.6"),
                    ("Forwarded", "for=6.6.6.6"), ("X-Forwarded-Proto", "http"),
                    ("X-Forwarded-Host", "evil"), ("x-mine", "kept"), ("origin", "https://a"),
                ], host: "chat.example")
            _ = try await client.whole()

            let seen = try #require(stage.gateway.gateway.requests.last)
            #expect(seen.all("x-forwarded-for") == ["127.0.0.1"])
            #expect(seen.all("x-forwarded-proto") == ["https"])
            #expect(seen.all("x-forwarded-host") == ["chat.example"])
            #expect(seen.all("host") == ["chat.example"])
            #expect(seen.all("origin") == ["https://a"])
            #expect(seen.all("x-mine") == ["kept"])
            for name in ["x_forwarded_for", "x-real-ip", "forwarded"] {
                #expect(seen.all(name) == [], "\(name)")
            }
            try await stage.expectSoundEnd()
        }

        @Test func `fields of one hop end at that hop`() async throws {
            let stage = try await Stage()
            let client = stage.sluice.client()

            client.request(
                "GET", "/hop-by-hop",
                fields: [
                    ("Connection", "keep-alive, X-Private"), ("X-Private", "1"),
                    ("Keep-Alive", "timeout=5"), ("TE", "trailers"), ("Proxy-Connection", "x"),
                    ("Proxy-Authorization", "Basic x"), ("x-public", "2"),
                ])
            let response = try await client.whole()

            let seen = try #require(stage.gateway.gateway.requests.last)
            for name in ["x-private", "keep-alive", "te", "proxy-connection"] {
                #expect(seen.all(name) == [], "\(name)")
            }
            #expect(seen.all("x-public") == ["2"])
            #expect(response.all("x-private") == [])
            #expect(response.all("keep-alive") == [])
            #expect(response.all("x-public") == ["2"])
            #expect(response.text == "ok")
            try await stage.expectSoundEnd()
        }

        @Test("I08: an id reaches the gateway as it was sent", arguments: [1, 2])
        func lastEventID(version: Int) async throws {
            let stage = try await Stage()
            let begin = "a b  \"c\" \u{E9}\u{2713};,="
            let id = begin + String(repeating: "x", count: 1024 - begin.utf8.count)
            let target = "/events?access_token=\(Tokens.jwt(sub: "alice"))"
            let fields = [("accept", "text/event-stream"), ("last-event-id", id)]

            if version == 1 {
                let client = stage.sluice.client()
                client.request("GET", target, fields: fields)
                #expect(try await client.head().status == 200)
            } else {
                let client = try await stage.sluice.h2()
                let exchange = client.request("GET", target, fields: fields)
                #expect(try await exchange.head().status == 200)
            }

            #expect(stage.gateway.gateway.requests.last?.all("last-event-id") == [id])
            try await stage.expectSoundEnd()
        }

        @Test func `I07: a token that is no JWT stays out of every line, too`() async throws {
            let stage = try await Stage()
            let token = "hunter2-%6fpaque"
            let client = stage.sluice.client()
            client.request("GET", "/events?access_token=\(token)")
            _ = try await client.head()
            let second = stage.sluice.client()
            for path in ["/misbehave/no-http", "/status/404", "/hello"] {
                second.request("GET", "\(path)?a=b&access_token=\(token)")
            }
            _ = try await second.whole(2)
            let refused = stage.sluice.client()
            refused.request("GET", "/hello?access_token=\(token)&access_token=\(token)2")
            #expect(try await refused.whole().status == 400)

            try await stage.sluice.log("error", count: 2)
            try await stage.expectSoundEnd()
            #expect(!stage.sluice.lines.contains { $0.text.contains("hunter2") })
            #expect(!stage.sluice.child.errors.contains("hunter2"))
        }

        @Test func `H23: a stream is asked for without a coding`() async throws {
            let stage = try await Stage()

            _ = try await stage.sluice.openStream("alice", fields: [("accept-encoding", "gzip")])

            #expect(stage.gateway.gateway.requests.last?.all("accept-encoding") == ["identity"])
            try await stage.expectSoundEnd()
        }

        @Test(
            "what two parsers could read differently never reaches the gateway",
            arguments: [
                (
                    "H01",
                    "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
                    400
                ),
                (
                    "H02",
                    "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\nx",
                    400
                ),
                ("H03", "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: +5\r\n\r\nhello", 400),
                (
                    "H03",
                    "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 18446744073709551621\r\n\r\nhello",
                    400
                ),
                ("H04", "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: xchunked\r\n\r\n", 400),
                ("H05", "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding : chunked\r\n\r\n", 400),
                ("H05", "GET / HTTP/1.1\r\nhost: a\r\nx: y\r\n z\r\n\r\n", 400),
                ("H06", "GET / HTTP/1.1\nhost: a\n\n", 400),
                ("H06", "GET / HTTP/1.1\rhost: a\r\n\r\n", 400),
                ("H06", "GET / HTTP/1.1\r\nhost: a\r\n\rX", 400),
                ("H07", "GET / HTTP/1.1\r\nhost: a\r\n: x\r\n\r\n", 400),
                ("H07", "GET / HTTP/1.1\r\nhost: a\r\nx: a\0b\r\n\r\n", 400),
                ("H11", "GET / HTTP/1.1\r\n\r\n", 400),
                ("H12", "GET /a/../events HTTP/1.1\r\nhost: a\r\n\r\n", 400),
                ("H11", "GET / HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n", 400),
                ("H11", "GET http://b/ HTTP/1.1\r\nhost: a\r\n\r\n", 400),
                ("H12", "GET /a#b HTTP/1.1\r\nhost: a\r\n\r\n", 400),
                ("H12", "GET /a%00 HTTP/1.1\r\nhost: a\r\n\r\n", 400),
                ("H12", "GET /a%0d%0ab HTTP/1.1\r\nhost: a\r\n\r\n", 400),
                ("H13", "TRACE / HTTP/1.1\r\nhost: a\r\n\r\n", 405),
                ("H13", "get / HTTP/1.1\r\nhost: a\r\n\r\n", 400),
                ("H13", "CONNECT a:443 HTTP/1.1\r\nhost: a:443\r\n\r\n", 405),
                ("H14", "GET / HTTP/2.0\r\nhost: a\r\n\r\n", 505),
                ("H14", "GET / HTTP/1.32\r\nhost: a\r\n\r\n", 400),
                (
                    "H18",
                    "POST / HTTP/1.1\r\nhost: a\r\nexpect: y 100-continue\r\ncontent-length: 1\r\n\r\n",
                    417
                ),
                ("H20", "GET / HTTP/1.1\r\nhost: a\r\nconnection: authorization\r\n\r\n", 400),
            ])
        func refused(id: String, request: String, status: Int) async throws {
            let stage = try await Stage()
            let client = stage.sluice.client()

            client.send(request, answering: "GET")
            let answer = try await client.whole()

            #expect(answer.status == status)
            #expect(answer.all("connection") == ["close"])
            #expect(try await client.end() == .closeNotify)
            #expect(stage.gateway.gateway.requestCount == 0)
            try await stage.sluice.log("error") { $0["fault"] == "client" }
            try await stage.expectSoundEnd()
        }

        @Test func `H15: a head that comes too slowly is answered 408`() async throws {
            let stage = try await Stage { $0.set("limits", "header_timeout: 300ms") }
            let client = stage.sluice.client()

            client.send("GET / HTTP/1.1\r\nhost: a\r\n", answering: "GET")

            #expect(try await client.whole().status == 408)
            #expect(try await client.end() == .closeNotify)
            try await stage.expectSoundEnd()
        }

        @Test func `I05: two tokens that disagree are answered 400`() async throws {
            let stage = try await Stage()
            let client = stage.sluice.client()
            let (alice, bob) = (Tokens.jwt(sub: "alice"), Tokens.jwt(sub: "bob"))

            client.request("GET", "/events?access_token=\(alice)&access_token=\(bob)")

            #expect(try await client.whole().status == 400)
            #expect(stage.gateway.gateway.requestCount == 0)
            try await stage.expectSoundEnd()
        }
    }
}
