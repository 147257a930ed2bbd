import Locking
import TestSupport
import Testing

extension Scenarios {
    @Suite("Upgrades: what goes on as another protocol")
    struct TunnelTests {
        private static let wish = [
            ("connection", "Upgrade"), ("upgrade", "websocket"), ("sec-websocket-key", "abc"),
        ]
        private static let granted =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Accept: abc\r\n\r\n"

        private func text(_ client: TestClient) -> String {
            String(decoding: client.now.raw, as: UTF8.self)
        }

        @Test func `H19: after a 101, bytes pass both ways and each way ends by itself`()
            async throws
        {
            let sawEnd = Guarded(false)
            let gateway = try RawGateway { peer in
                peer.readHead()
                peer.send(Self.granted + "early")
                guard peer.read(4) == "ping" else { return }
                peer.send("pong")
                sawEnd.withLock { $0 = peer.readsEnd() }
                peer.send("after the end")
                peer.finishSending()
            }
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let client = sluice.client()

            client.request("GET", "/socket", fields: Self.wish)
            try await client.until("the first words") { $0.raw.hasSuffix("early") }
            client.send("ping")
            try await client.until("an echo") { $0.raw.hasSuffix("pong") }
            client.leave(.halfClose)

            #expect(try await client.end() == .closeNotify)
            #expect(sawEnd.withLock { $0 })
            #expect(text(client).hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
            #expect(text(client).contains("connection: upgrade\r\nupgrade: websocket\r\n"))
            #expect(text(client).contains("Sec-WebSocket-Accept: abc\r\n"))
            #expect(text(client).hasSuffix("\r\n\r\nearlypongafter the end"))
            #expect(gateway.heads[0].contains("connection: upgrade\r\nupgrade: websocket\r\n"))
            let line = try await sluice.log("request")
            #expect(line["status"] == "101")
            #expect(line["path"] == "/socket")
            #expect(sluice.count("error") == 0)
            try await sluice.stop()
        }

        @Test func `H19: a gateway that does not grant it is heard as HTTP`() async throws {
            let gateway = try RawGateway { peer in
                while peer.readHead() != nil {
                    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno")
                }
            }
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let client = sluice.client()

            client.request("GET", "/socket", fields: Self.wish)
            #expect(try await client.whole().text == "no")
            client.request("GET", "/next")

            #expect(try await client.whole(1).text == "no")
            #expect(gateway.heads.count == 2)
            #expect(!gateway.heads[1].contains("upgrade"))
            try await sluice.stop()
        }

        @Test(
            "H19: what comes behind the wish, before the answer, waits for the answer",
            arguments: [true, false])
        func early(isGranted: Bool) async throws {
            let next = "GET /next HTTP/1.1\r\nhost: a\r\n\r\n"
            let gateway = try RawGateway { peer in
                peer.readHead()
                if isGranted {
                    peer.send(Self.granted)
                    peer.note(peer.read(next.utf8.count) ?? "")
                    peer.finishSending()
                } else {
                    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno")
                    peer.readHead()
                    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nnext")
                }
                _ = peer.readsEnd()
            }
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let client = sluice.client()
            let wish = Self.wish.map { "\($0): \($1)\r\n" }.joined()

            client.send(
                "GET /socket HTTP/1.1\r\nhost: a\r\n\(wish)\r\n" + next, answering: "GET")

            try await gateway.heads(2)
            if isGranted {
                #expect(gateway.heads[1] == next)
                try await client.until("the switch") { $0.raw.starts(with: "HTTP/1.1 101 ".utf8) }
            } else {
                // A request like any other, with what Sluice adds to one.
                #expect(gateway.heads[1].hasPrefix("GET /next HTTP/1.1\r\n"))
                #expect(gateway.heads[1].contains("x-forwarded-for: 127.0.0.1"))
                try await client.until("both answers") { $0.raw.hasSuffix("next") }
            }
            client.leave(.close)
            try await sluice.stop()
        }

        @Test func `H19: HTTP/2 without TLS is not upgraded to, and nobody hears of the wish`()
            async throws
        {
            let stage = try await Stage()
            let client = stage.sluice.client()

            client.request(
                "GET", "/hello",
                fields: [
                    ("connection", "Upgrade, HTTP2-Settings"), ("upgrade", "h2c"),
                    ("http2-settings", "AAMAAABkAAQAAP__"),
                ])

            #expect(try await client.whole().status == 200)
            let request = try #require(stage.gateway.gateway.requests.last)
            for name in ["connection", "upgrade", "http2-settings"] {
                #expect(request.all(name) == [])
            }
            try await stage.expectSoundEnd()
        }

        @Test(
            "U16: a 101 that nobody asked for is the gateway's fault",
            arguments: [[], [("connection", "upgrade"), ("upgrade", "irc")]])
        func unasked(fields: [(String, String)]) async throws {
            let gateway = try RawGateway { peer in
                peer.readHead()
                peer.send(Self.granted)
            }
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let client = sluice.client()

            client.request("GET", "/hello", fields: fields)

            #expect(try await client.whole().status == 502)
            #expect(try await sluice.log("error")["reason"] == "gateway_unasked")
            try await sluice.stop()
        }

        @Test func `U16: hints come before the response, and the gateway's 100 does not`()
            async throws
        {
            let gateway = try RawGateway { peer in
                peer.readHead()
                peer.send("HTTP/1.1 100 Continue\r\n\r\n")
                peer.send("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n")
                peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            }
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let client = sluice.client()

            client.request("GET", "/hello")

            #expect(try await client.whole().text == "ok")
            #expect(client.now.interim == [103])
            #expect(text(client).contains("Link: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200"))
            try await sluice.stop()
        }

        @Test func `a gateway that vanishes ends the tunnel, and the client learns of it`()
            async throws
        {
            let gateway = try RawGateway { peer in
                peer.readHead()
                peer.send(Self.granted)
                if peer.read(1) != nil { peer.close() }
            }
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let client = sluice.client()
            client.request("GET", "/socket", fields: Self.wish)
            try await client.until("the head") { $0.raw.hasSuffix("\r\n\r\n") }

            client.send("x")

            try await client.end()
            try await sluice.stop()
        }
    }
}

extension [UInt8] {
    fileprivate func hasSuffix(_ text: String) -> Bool {
        suffix(text.utf8.count).elementsEqual(text.utf8)
    }
}
