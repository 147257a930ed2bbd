import Locking
import TestSupport
import Testing

extension Scenarios {
    @Suite("A gateway that fails")
    struct GatewayFailureTests {
        @Test func `U01: one that refuses the connection is a 502`() async throws {
            let stage = try await Stage()
            stage.gateway.gateway.stop()
            let client = stage.sluice.client()

            client.request("GET", "/hello")

            #expect(try await client.whole().status == 502)
            let line = try await stage.sluice.log("error") { $0["reason"] == "gateway_unreachable" }
            #expect(line["fault"] == "gateway")
            #expect(line["path"] == "/hello")
            #expect(try await stage.sluice.stop() == .code(0))
        }

        @Test(
            "U02 U06: one that does not answer in time is a 504",
            arguments: ["silent", "slow-head"])
        func late(name: String) async throws {
            let stage = try await Stage { $0.set("gateway", "response_timeout: 300ms") }
            let client = stage.sluice.client()

            client.request("GET", "/misbehave/" + name)

            #expect(try await client.whole().status == 504)
            let line = try await stage.sluice.log("error") {
                $0["reason"] == "gateway_response_timeout"
            }
            #expect(line["fault"] == "gateway")
            try await stage.gateway.until("no connection") { $0.openConnections == 0 }
            try await stage.expectSoundEnd()
        }

        @Test(
            "U03 U06 U07 U16: no whole and proper head is a 502",
            arguments: [
                "rst-before-head", "fin-before-head", "fin-mid-head", "rst-mid-head",
                "bad-status-line", "no-http", "bad-length", "two-lengths", "both-lengths",
                "bare-lf", "nul-in-field", "folded-field", "switching", "interim-flood",
                "endless-head",
            ])
        func noHead(name: String) async throws {
            let stage = try await Stage()
            let client = stage.sluice.client()

            client.request("GET", "/misbehave/" + name)
            let answer = try await client.whole()

            #expect(answer.status == 502)
            #expect(answer.text.contains(#""fault":"gateway""#))
            let line = try await stage.sluice.log("error") { $0["path"] == "/misbehave/" + name }
            #expect(line["fault"] == "gateway")
            try await stage.gateway.until("no connection") { $0.openConnections == 0 }
            try await stage.expectSoundEnd()
        }

        @Test(
            "I10: a stream whose head is broken closes nobody's",
            arguments: [
                "x: a\0b\r\n", "x: a\r\n b\r\n", "content-length: 5\r\ncontent-length: 6\r\n",
                "x: a\rb\r\n", "x: a\nb: c\r\n",
            ])
        func brokenStream(field: String) async throws {
            let streams = Guarded(0)
            let gateway = try RawGateway { peer in
                guard peer.readHead() != nil else { return }
                let isFirst = streams.withLock { count in
                    count += 1
                    return count == 1
                }
                peer.send(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
                        + (isFirst ? "" : field) + "\r\ndata: 1\n\n")
                _ = peer.readsEnd()
            }
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let first = sluice.stream("alice")
            _ = try await first.event { $0.data == "1" }

            let second = sluice.stream("alice")

            #expect(try await second.whole().status == 502)
            let line = try await sluice.log("error")
            #expect(line["reason"] == "gateway_malformed")
            #expect(sluice.count("stream_opened") == 1)
            #expect(sluice.count("evict") == 0)
            #expect(first.isOpen)
            try await sluice.expectSoundEnd()
        }

        @Test("I10: a stream with a hundred cookies is none", arguments: [90, 100])
        func cookies(count: Int) async throws {
            let gateway = try RawGateway { peer in
                guard peer.readHead() != nil else { return }
                let cookies = (0..<count).map { "set-cookie: c\($0)=\($0)\r\n" }.joined()
                peer.send(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\(cookies)\r\n"
                        + "data: 1\n\n")
                _ = peer.readsEnd()
            }
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let client = sluice.stream("alice")

            let head = try await client.head()

            if count < 100 {
                // Each stays a field of its own (RFC 9110, section 5.3).
                #expect(head.status == 200)
                #expect(head.all("set-cookie") == (0..<count).map { "c\($0)=\($0)" })
                _ = try await client.event { $0.data == "1" }
            } else {
                #expect(head.status == 502)
                #expect(head.all("set-cookie") == [])
                let line = try await sluice.log("error")
                #expect(line["reason"] == "gateway_malformed")
                #expect(sluice.count("stream_opened") == 0)
            }
            client.leave(.close)
            try await sluice.stop()
        }

        @Test(
            "U03 U04 U07: a body that is cut is never taken for a whole one",
            arguments: [
                "rst-after-head", "fin-after-head", "rst-mid-chunk", "fin-mid-chunk",
                "fin-before-last-chunk", "negative-chunk", "short-length", "stream-fin",
                "stream-rst",
            ])
        func cutBody(name: String) async throws {
            let stage = try await Stage()
            let client = stage.sluice.client()

            client.request("GET", "/misbehave/" + name)
            let end = try await client.end()

            #expect(end != .closeNotify)
            let response = try #require(client.response)
            #expect(response.status == 200)
            #expect(!response.isComplete)
            let line = try await stage.sluice.log("error") { $0["path"] == "/misbehave/" + name }
            #expect(line["fault"] == "gateway")
            if name.hasPrefix("stream") {
                #expect(response.events.map(\.data) == ["1"])
                let closed = try await stage.sluice.log("stream_closed")
                #expect(closed["reason"] == "error")
                #expect(closed["stream"] == line["stream"])
            }
            try await stage.expectSoundEnd()
        }

        @Test(
            "U07 U08: what comes behind a response is nobody's",
            arguments: [("long-length", "hello"), ("second-response", "ok")])
        func surplus(name: String, body: String) async throws {
            let stage = try await Stage { $0.workers = 1 }
            let first = stage.sluice.client()
            first.request("GET", "/misbehave/" + name)
            #expect(try await first.whole().text == body)

            let second = stage.sluice.client()
            second.request("GET", "/hello")

            #expect(try await second.whole().text == #"{"hello":"world"}"#)
            first.request("GET", "/hello")
            #expect(try await first.whole(1).text == #"{"hello":"world"}"#)
            try await stage.gateway.until("the poisoned one is gone") { $0.openConnections <= 1 }
            try await stage.expectSoundEnd()
        }

        @Test func `U16: early hints pass, and the response behind them too`() async throws {
            let stage = try await Stage()
            let client = stage.sluice.client()

            client.request("GET", "/misbehave/interim")

            #expect(try await client.whole().text == "ok")
            #expect(client.now.interim == [103])
            try await stage.expectSoundEnd()
        }

        @Test func `S15: all streams of a gateway that dies are closed at once`() async throws {
            let count = Scale.pick(small: 50, normal: 300, full: 1000)
            let stage = try await Stage()
            let clients = (0..<count).map { stage.sluice.stream("user-\($0)") }
            for client in clients { _ = try await client.head() }

            stage.gateway.gateway.closeStreams(ofUser: nil, resetting: true)

            for client in clients { #expect(try await client.end() != .closeNotify) }
            try await stage.sluice.log("stream_closed", count: count)
            let reasons = Set(stage.sluice.lines("stream_closed").map { $0["reason"] })
            #expect(reasons == ["error"])
            try await stage.expectSoundEnd()
        }
    }
}
