import TestSupport
import Testing

extension Scenarios {
    @Suite("Request bodies that do not end")
    struct RequestBodyTests {
        @Test func `H22: the rest of a body is never read as a request`() async throws {
            let gateway = try RawGateway { peer in
                guard peer.readHead() != nil else { return }
                peer.send(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
                        + "transfer-encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n")
                // Whatever reaches this connection or another one as a request would be seen.
                peer.readHead()
            }
            let sluice = try await SluiceProcess(
                gateway: gateway.address,
                options: SluiceOptions {
                    // A subscription, which ends properly: work would be cut.
                    let policy = SluiceOptions.cap(
                        1, "idle_timeout: 1s", "evictable_methods: POST")
                    $0.policies = ["default.yaml": policy]
                })
            let client = sluice.client()
            client.send(
                "POST /chat HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\nabc",
                answering: "POST")
            _ = try await client.event { $0.data == "1" }
            #expect(client.response?.all("connection") == ["close"])

            // It does not see the end before it has sent more of its body.
            client.pause()
            let closed = try await sluice.log("stream_closed")
            client.send("GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n", answering: "GET")
            client.resume()

            #expect(closed["reason"] == "idle")
            #expect(try await client.end() == .closeNotify)
            #expect(client.now.responses.count == 1)
            #expect(client.response?.retry != nil)
            #expect(gateway.heads.count == 1)
            #expect(!sluice.lines.contains { $0["path"] == "/smuggled" })
            try await sluice.expectSoundEnd()
        }

        @Test func `H22: an ordinary answer before the end of the body closes the connection`()
            async throws
        {
            let gateway = try RawGateway { peer in
                guard peer.readHead() != nil else { return }
                peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                peer.readHead()
            }
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let client = sluice.client()
            client.send(
                "POST /form HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\nabc",
                answering: "POST")
            client.pause()
            try await sluice.log("request")

            client.send("GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n", answering: "GET")
            client.resume()

            #expect(try await client.whole().text == "ok")
            #expect(try await client.end() == .closeNotify)
            #expect(client.response?.all("connection") == ["close"])
            #expect(client.now.responses.count == 1)
            #expect(gateway.heads.count == 1)
            #expect(!sluice.lines.contains { $0["path"] == "/smuggled" })
            try await sluice.expectSoundEnd()
        }

        @Test("H22: behind a refusal of ours, too", arguments: [429, 400])
        func behindRefusal(status: Int) async throws {
            let stage = try await Stage {
                $0.policies = ["default.yaml": SluiceOptions.cap(1, "on_excess: reject_newest")]
                $0.workers = 1
            }
            _ = try await stage.sluice.openStream("alice")
            let (alice, bob) = (Tokens.jwt(sub: "alice"), Tokens.jwt(sub: "bob"))
            let second = status == 400 ? "&access_token=\(bob)" : ""
            let client = stage.sluice.client()
            client.send(
                "GET /events?access_token=\(alice)\(second) HTTP/1.1\r\nhost: a\r\n"
                    + "accept: text/event-stream\r\ncontent-length: 1000\r\n\r\nabc",
                answering: "GET")
            client.pause()
            try await stage.sluice.log(status == 429 ? "stream_refused" : "error")

            client.send("GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n", answering: "GET")
            client.resume()

            let answer = try await client.whole()
            #expect(answer.status == status)
            #expect(answer.all("connection") == ["close"])
            try await client.end()
            #expect(client.now.responses.count == 1)
            #expect(stage.gateway.gateway.requestCount == 1)
            #expect(!stage.sluice.lines.contains { $0["path"] == "/smuggled" })
            try await stage.expectSoundEnd()
        }

        @Test func `H22: a body without end behind a refusal is not read for ever`() async throws {
            let stage = try await Stage()
            let client = stage.sluice.client()
            let (alice, bob) = (Tokens.jwt(sub: "alice"), Tokens.jwt(sub: "bob"))
            client.send(
                "POST /events?access_token=\(alice)&access_token=\(bob) HTTP/1.1\r\nhost: a\r\n"
                    + "accept: text/event-stream\r\ncontent-length: 5000000000\r\n\r\n",
                answering: "POST")
            client.sendPattern(5_000_000_000, chunked: false)

            // It may find the answer, or only that nobody reads any more.
            let end = try await client.end()
            #expect(end == .closeNotify || end == .reset || end == .fin, "\(end)")
            #expect(stage.gateway.gateway.requestCount == 0)
            try await stage.sluice.log("error")
            try await stage.expectSoundEnd()
        }

        @Test func `H18: a client of HTTP/1.0 is not sent 100`() async throws {
            let stage = try await Stage()
            let client = stage.sluice.client()

            client.send(
                "POST /echo HTTP/1.0\r\nhost: a\r\nexpect: 100-continue\r\n"
                    + "content-length: 4\r\n\r\n", answering: "POST")
            _ = try await stage.gateway.request { $0.target == "/echo" }
            client.send("body")

            #expect(try await client.whole().text == "body")
            #expect(try await client.end() == .closeNotify)
            #expect(client.now.interim.isEmpty)
            let raw = String(decoding: client.now.raw, as: UTF8.self)
            #expect(raw.hasPrefix("HTTP/1.1 200"))
            let line = try await stage.sluice.log("request")
            #expect(line["protocol"] == "http/1.0")
            try await stage.expectSoundEnd()
        }
    }
}
