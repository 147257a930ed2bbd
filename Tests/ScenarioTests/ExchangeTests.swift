import DemoGateway
import TestSupport
import Testing

extension Scenarios {
    @Suite("Ordinary requests")
    struct ExchangeTests {
        @Test func `H17: pipelined requests are answered in order on one connection`() async throws
        {
            let stage = try await Stage()
            let client = stage.sluice.client()
            let paths = ["/hello", "/chunked", "/status/404", "/status/204", "/echo", "/hello"]

            for path in paths { client.request("GET", path) }

            var statuses: [Int] = []
            for number in paths.indices { statuses.append(try await client.whole(number).status) }
            #expect(statuses == [200, 200, 404, 204, 200, 200])
            #expect(stage.gateway.gateway.requests.map(\.target) == paths)
            // The gateway's connection is used again.
            #expect(stage.gateway.gateway.connectCount <= 2)
            #expect(client.isOpen)
            try await stage.expectSoundEnd()
        }

        @Test func `H17: what stands behind a stream's request waits for the stream`() async throws
        {
            let stage = try await Stage()
            let client = stage.sluice.client()
            client.request("GET", "/events?access_token=\(Tokens.jwt(sub: "alice"))")
            client.request("GET", "/hello")

            _ = try await client.event { $0.data.contains("connection_confirmed") }
            #expect(stage.gateway.gateway.requestCount == 1)
            stage.gateway.gateway.closeStreams(ofUser: nil, resetting: false)

            #expect(try await client.whole(1).text == #"{"hello":"world"}"#)
            try await stage.expectSoundEnd()
        }

        @Test func `H17: much behind a stream is not read, and a client that leaves is missed`()
            async throws
        {
            let stage = try await Stage()
            let client = try await stage.sluice.openStream("alice")
            let memory = stage.sluice.child.residentKiB
            let request = "GET /hello HTTP/1.1\r\nhost: a\r\n\r\n"
            client.send(String(repeating: request, count: 150_000), answering: "GET")
            for number in 0..<20 {
                stage.gateway.gateway.publish(to: "alice", event: "message", data: "\(number)")
                _ = try await client.event { $0.data == "\(number)" }
            }
            #expect(stage.sluice.child.peakResidentKiB - memory < 8192)
            #expect(stage.gateway.gateway.requestCount == 1)

            // What it has not sent yet stays with it.
            client.leave(.reset)

            try await stage.gateway.streams(0)
            let line = try await stage.sluice.log("stream_closed")
            #expect(line["reason"] == "client_closed")
            #expect(stage.gateway.gateway.requestCount == 1)
            try await stage.expectSoundEnd()
        }

        @Test func `HEAD, 204 and 304 have no body, and the connection goes on`() async throws {
            let stage = try await Stage()
            let client = stage.sluice.client()

            client.request("HEAD", "/hello")
            let head = try await client.whole(0)
            client.request("HEAD", "/big?bytes=5000000")
            let big = try await client.whole(1)
            client.request("GET", "/status/204")
            let empty = try await client.whole(2)
            client.request("GET", "/status/304")
            let unchanged = try await client.whole(3)
            client.request("GET", "/hello")
            let last = try await client.whole(4)

            #expect(head.all("content-length") == ["17"])
            #expect(big.all("content-length") == ["5000000"])
            #expect(empty.status == 204 && empty.all("content-length").isEmpty)
            #expect(unchanged.status == 304)
            #expect([head, big, empty, unchanged].allSatisfy { $0.bodyCount == 0 })
            #expect(last.status == 200)
            try await stage.expectSoundEnd()
        }

        @Test func `chunked bodies pass in both directions`() async throws {
            let stage = try await Stage()
            let client = stage.sluice.client()

            client.request("GET", "/chunked")
            let down = try await client.whole(0)
            client.send(
                "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"
                    + "5;x=y\r\nhello\r\n", answering: "POST")
            client.send("1\r\n,\r\n6\r\n world\r\n0\r\nx-trailer: 1\r\n\r\n")
            let up = try await client.whole(1)

            #expect(down.text == (1...10).map { "piece \($0)\n" }.joined())
            #expect(up.text == "hello, world")
            #expect(stage.gateway.gateway.requests.last?.all("x-trailer") == [])
            try await stage.expectSoundEnd()
        }

        @Test func `U10: a large download passes with little memory, at the client's pace`()
            async throws
        {
            let count = Scale.pick(small: 16, normal: 64, full: 1024) * 1_048_576
            let stage = try await Stage()
            let memory = stage.sluice.child.residentKiB
            let client = stage.sluice.client()

            client.request("GET", "/big?bytes=\(count)")
            _ = try await client.head()
            client.pause()
            // While it does not read, others are served.
            let other = stage.sluice.client()
            other.request("GET", "/hello")
            #expect(try await other.whole().status == 200)
            client.resume()
            let response = try await client.whole(0, within: .seconds(300))

            #expect(response.checksum == Checksum(pattern: count))
            #expect(stage.sluice.child.peakResidentKiB - memory < 8192)
            try await stage.expectSoundEnd()
        }

        @Test("a large upload passes with little memory", arguments: [true, false])
        func upload(chunked: Bool) async throws {
            let count = Scale.pick(small: 16, normal: 64, full: 1024) * 1_048_576
            let stage = try await Stage()
            let memory = stage.sluice.child.residentKiB
            let client = stage.sluice.client()

            let framing = chunked ? "transfer-encoding: chunked" : "content-length: \(count)"
            client.send(
                "POST /upload HTTP/1.1\r\nhost: a\r\n\(framing)\r\n\r\n", answering: "POST")
            client.sendPattern(count, chunked: chunked)
            let response = try await client.whole(0, within: .seconds(300))

            let sum = String(Checksum(pattern: count).value, radix: 16)
            #expect(response.text == #"{"count":\#(count),"checksum":"\#(sum)"}"#)
            #expect(stage.sluice.child.peakResidentKiB - memory < 8192)
            try await stage.expectSoundEnd()
        }

        @Test func `H18: 100-continue is answered before the body is sent`() async throws {
            let stage = try await Stage()
            let client = stage.sluice.client()

            client.send(
                "POST /echo HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n"
                    + "content-length: 4\r\n\r\n", answering: "POST")
            try await client.until("100") { $0.interim == [100] }
            client.send("body")

            #expect(try await client.whole().text == "body")
            try await stage.expectSoundEnd()
        }

        @Test func `a client of HTTP/1.0 gets a body that ends with the connection`() async throws {
            let stage = try await Stage()
            let client = stage.sluice.client()

            client.send("GET /chunked HTTP/1.0\r\nhost: a\r\n\r\n", answering: "GET")

            #expect(try await client.end() == .closeNotify)
            let response = try #require(client.response)
            #expect(response.isComplete)
            #expect(response.framing == .untilClose)
            #expect(response.text.hasSuffix("piece 10\n"))
            try await stage.expectSoundEnd()
        }

        @Test func `a gateway that refuses a body early is heard`() async throws {
            let stage = try await Stage()
            let client = stage.sluice.client()

            client.send(
                "POST /refuse-early HTTP/1.1\r\nhost: a\r\ncontent-length: 50000000\r\n\r\n",
                answering: "POST")
            client.sendPattern(50_000_000, chunked: false)

            #expect(try await client.head().status == 413)
            _ = try await client.end()
            try await stage.expectSoundEnd()
        }

        @Test func `responses of HTTP/1.0 without a length end properly (U13)`() async throws {
            let stage = try await Stage()
            let client = stage.sluice.client()

            client.request("GET", "/misbehave/http10")
            let plain = try await client.whole(0)
            client.request("GET", "/misbehave/http10-stream")
            let stream = try await client.whole(1)

            #expect(plain.text == "until the end")
            #expect(stream.events.map(\.data) == ["1"])
            try await stage.expectSoundEnd()
            #expect(stage.sluice.count("stream_opened") == 1)
        }
    }
}
