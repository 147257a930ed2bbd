import TestSupport
import Testing

extension Scenarios {
    @Suite("WebSockets on HTTP/2 (RFC 8441)")
    struct H2TunnelTests {
        private static let granted =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Accept: abc\r\n\r\n"

        private static func wish(_ name: String, _ fields: [H2Header.Field] = []) -> [UInt8] {
            H2Header.literal(
                H2Header.request("CONNECT", "/socket") + [(":protocol", name)] + fields)
        }

        @Test func `bytes pass both ways beside other streams, and each way ends by itself`()
            async throws
        {
            let gateway = try RawGateway { peer in
                guard let head = peer.readHead(), head.contains("upgrade: websocket") else {
                    return peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                }
                peer.send(Self.granted + "early")
                guard peer.read(4) == "ping" else { return }
                peer.send("pong")
                if peer.readsEnd() { peer.send("after the end") }
                peer.finishSending()
            }
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let client = try await sluice.h2()
            try await client.ready()

            let socket = client.open(
                block: Self.wish(
                    "websocket",
                    [("sec-websocket-version", "13"), ("sec-websocket-key", "mine")]),
                endStream: false)
            try await socket.until("the first words") { $0.response?.text == "early" }
            #expect(try await client.request("GET", "/hello").whole().text == "ok")
            socket.send("ping")
            try await socket.until("an echo") { $0.response?.text == "earlypong" }
            client.send(.data([], on: socket.id, endStream: true))

            let whole = try await socket.whole()
            #expect(whole.status == 200)
            #expect(whole.text == "earlypongafter the end")
            #expect(whole.all("sec-websocket-accept").isEmpty)
            let head = gateway.heads[0].lowercased()
            #expect(head.hasPrefix("get /socket http/1.1\r\n"))
            #expect(head.contains("connection: upgrade\r\nupgrade: websocket\r\n"))
            #expect(head.contains("sec-websocket-version: 13\r\n"))
            // One key, of ours: in HTTP/2 it has no meaning.
            #expect(head.split(separator: "sec-websocket-key: ").count == 2)
            #expect(!head.contains("mine"))
            let line = try await sluice.log("request") { $0["path"] == "/socket" }
            #expect(line["protocol"] == "h2")
            #expect(sluice.count("error") == 0)
            try await sluice.stop()
        }

        @Test func `what a client sends before the answer is passed on and nothing is mixed up`()
            async throws
        {
            let early = String(repeating: "c", count: 9000)
            let late = String(repeating: "g", count: 9000)
            let gateway = try RawGateway { peer in
                peer.readHead()
                // Behind the head in one piece, while the client's bytes wait for it.
                peer.send(Self.granted + late)
                if peer.read(9000) == early { peer.send("the same") }
                peer.finishSending()
            }
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let client = try await sluice.h2()
            try await client.ready()

            let stream = client.nextStream()
            client.send(
                .headers(Self.wish("websocket"), on: stream, endStream: false),
                .data(Array(early.utf8), on: stream, endStream: true))

            let whole = try await client.exchange(stream).whole()
            #expect(whole.text == late + "the same")
            try await sluice.stop()
        }

        @Test(
            "H19 F26: other wishes are refused, and the gateway hears nothing of them",
            arguments: [
                ("h2c", []), ("websocket, h2c", []), ("a b", []), ("", []),
                ("websocket", [("content-length", "4")]),
            ] as [(String, [H2Header.Field])])
        func refused(name: String, fields: [H2Header.Field]) async throws {
            let siege = try await H2Siege()
            let client = try await siege.hostile()

            let wish = client.open(block: Self.wish(name, fields), endStream: false)

            try await client.until("a refusal") {
                let stream = $0.streams[wish.id]
                let isAnswered = stream?.response?.status == 400 && stream?.reset == .noError
                return isAnswered || stream?.reset == .protocolError
            }
            try await siege.sluice.log("error") { $0["fault"] == "client" }
            try await siege.expectUnharmed(requests: 0)
        }

        @Test(
            "H19: a gateway that does not grant it is heard, but its success is none",
            arguments: [("/hello", 502), ("/nowhere", 404)])
        func declined(path: String, status: Int) async throws {
            let siege = try await H2Siege()
            let client = try await siege.hostile()

            let wish = client.open(
                block: H2Header.literal(
                    H2Header.request("CONNECT", path) + [(":protocol", "websocket")]),
                endStream: false)

            #expect(try await wish.whole().status == status)
            if status == 502 {
                let line = try await siege.sluice.log("error") { $0["fault"] == "gateway" }
                #expect(line["reason"] == "gateway_unasked")
            }
            #expect(try await client.request("GET", "/hello").whole().status == 200)
            try await siege.expectUnharmed(requests: 2)
        }

        @Test func `a gateway that vanishes ends the tunnel alone, and not properly`()
            async throws
        {
            let gateway = try RawGateway { peer in
                guard let head = peer.readHead(), head.contains("upgrade: websocket") else {
                    return peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                }
                peer.send(Self.granted)
                if peer.read(1) != nil { peer.reset() }
            }
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let client = try await sluice.h2()
            try await client.ready()
            let socket = client.open(block: Self.wish("websocket"), endStream: false)
            _ = try await socket.head()

            socket.send("x")

            #expect(try await socket.reset() == .internalError)
            #expect(try await client.request("GET", "/hello").whole().text == "ok")
            try await sluice.log("error") { $0["fault"] == "gateway" }
            try await sluice.stop()
        }
    }
}
