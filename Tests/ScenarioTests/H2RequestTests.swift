import TestSupport
import Testing

/// A request that is none, by the fields that it has.
struct H2BadRequest: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let fields: [H2Header.Field]

    init(_ name: String, _ fields: [H2Header.Field]) {
        testDescription = name
        self.fields = fields
    }

    /// A request that is right but for one more field.
    init(_ name: String, with field: H2Header.Field) {
        self.init(name, H2Header.request("GET", "/hello") + [field])
    }

    /// A request that is right but for one of its pseudo-header fields.
    init(_ name: String, _ pseudo: String, _ value: String?) {
        let fields = H2Header.request("GET", "/hello").compactMap {
            $0.name == pseudo ? value.map { (pseudo, $0) } : $0
        }
        self.init(name, fields)
    }

    static let all =
        [":method", ":scheme", ":path"].map { H2BadRequest("F18 no \($0)", $0, nil) }
        + [":method", ":scheme", ":path", ":authority"].map {
            H2BadRequest("F18 \($0) twice", H2Header.request("GET", "/hello") + [($0, "/x")])
        }
        + [":method", ":scheme", ":path", ":authority"].flatMap { name in
            ["a\rb", "a\nb", "a\0b", "/a b", "/a\tb"].map {
                H2BadRequest("F18 \(name) of \($0.debugDescription)", name, $0)
            }
        }
        + [
            H2BadRequest(
                "F18 :path behind a field",
                H2Header.request("GET", "/hello").filter { $0.name != ":path" }
                    + [("x-a", "1"), (":path", "/hello")]),
            H2BadRequest("F18 an unknown one", with: (":unknown", "1")),
            H2BadRequest("F18 :status", with: (":status", "200")),
            H2BadRequest("F18 an empty :path", ":path", ""),
            H2BadRequest("F18 a :path without a slash", ":path", "hello"),
            H2BadRequest("F18 an absolute :path", ":path", "https://localhost/hello"),
            H2BadRequest("F18 nobody's name", ":authority", nil),
            H2BadRequest("F18 an authority with a user", ":authority", "a@localhost"),
            H2BadRequest("F18 another host", with: ("host", "elsewhere")),
            H2BadRequest("F19 connection", with: ("connection", "close")),
            H2BadRequest("F19 keep-alive", with: ("keep-alive", "5")),
            H2BadRequest("F19 proxy-connection", with: ("proxy-connection", "close")),
            H2BadRequest("F19 transfer-encoding", with: ("transfer-encoding", "chunked")),
            H2BadRequest("F19 upgrade", with: ("upgrade", "h2c")),
            H2BadRequest("F19 te: gzip", with: ("te", "gzip")),
            H2BadRequest("F19 an upper-case name", with: ("X-A", "1")),
            H2BadRequest("F19 an empty name", with: ("", "1")),
            H2BadRequest("F19 a name with a space", with: ("x a", "1")),
            H2BadRequest("F19 a name with a colon", with: ("x:a", "1")),
            H2BadRequest("F19 a value with CR", with: ("x-a", "1\r2")),
            H2BadRequest("F19 a value with LF", with: ("x-a", "1\nx-b: 2")),
            H2BadRequest("F19 a value with NUL", with: ("x-a", "1\u{0}2")),
            H2BadRequest("F20 a length and no body", with: ("content-length", "5")),
            H2BadRequest("F20 a length that is none", with: ("content-length", "+0")),
            H2BadRequest("F26 CONNECT", [(":method", "CONNECT"), (":authority", "localhost:443")]),
            H2BadRequest(
                "F26 CONNECT with a path", H2Header.request("CONNECT", "/hello")),
            H2BadRequest(
                "F26 :protocol of a GET", H2Header.request("GET", "/hello") + [(":protocol", "x")]),
            H2BadRequest("F26 TRACE", ":method", "TRACE"),
        ]
}

extension Scenarios {
    @Suite("Requests of HTTP/2")
    struct H2RequestTests {
        @Test(
            "F18 F19 F20 F26: a request that is none never reaches the gateway",
            arguments: H2BadRequest.all)
        func badRequest(_ bad: H2BadRequest) async throws {
            let siege = try await H2Siege()
            let client = try await siege.hostile()

            let exchange = client.open(block: H2Header.literal(bad.fields))

            try await exchange.until("an answer") { $0.isOver }
            let outcome = try #require(exchange.now)
            if let code = outcome.reset, outcome.response == nil {
                #expect(code == .protocolError)
            } else {
                #expect([400, 405].contains(outcome.response?.status))
            }
            let line = try await siege.sluice.log("error")
            #expect(line["fault"] == "client")
            // The connection goes on.
            #expect(try await client.request("GET", "/hello").whole().status == 200)
            try await siege.expectUnharmed(requests: 1)
        }

        @Test func `F19: a value's spaces do not reach the gateway`() async throws {
            let siege = try await H2Siege()
            let client = try await siege.hostile()

            let exchange = client.request("GET", "/hello", fields: [("x-a", " padded ")])

            try await exchange.until("an answer") { $0.isOver }
            if exchange.now?.reset == nil {
                let seen = try await siege.stage.gateway.request { $0.target == "/hello" }
                #expect(seen.all("x-a") == ["padded"])
            } else {
                #expect(exchange.now?.reset == .protocolError)
            }
            try await siege.expectUnharmed(requests: 1)
        }

        @Test(
            "F20: a body of another length than was said aborts the gateway's request",
            arguments: [3, 8])
        func wrongLength(_ count: Int) async throws {
            let siege = try await H2Siege()
            let client = try await siege.hostile()
            let fields = [("content-length", "5")]
            let exchange = client.request("POST", "/upload", fields: fields, endStream: false)
            _ = try await siege.stage.gateway.request { $0.target == "/upload" }

            client.send(
                .data([UInt8](repeating: 1, count: count), on: exchange.id, endStream: true))

            #expect(try await exchange.reset() == .protocolError)
            #expect(exchange.response == nil)
            try await siege.stage.gateway.until("one connection") { $0.openConnections == 1 }
            try await siege.sluice.log("error") { $0["fault"] == "client" }
            #expect(try await client.request("GET", "/hello").whole().status == 200)
            try await siege.expectUnharmed(requests: 2)
        }

        @Test func `I01 I02 H05: where a request came from is told by nobody but Sluice`()
            async throws
        {
            let siege = try await H2Siege()
            let client = try await siege.hostile()
            let spoofed = [
                ("x-forwarded-for", "6.6.6.6"), ("x_forwarded_for", "8.8.8.8"),
                ("x-real-ip", "6.6.6.6"), ("forwarded", "for=6.6.6.6"),
                ("x-forwarded-proto", "http"), ("x-forwarded-host", "evil"),
                ("transfer_encoding", "chunked"), ("content_length", "5"),
            ]

            let exchange = client.request("GET", "/hello", fields: spoofed)

            #expect(try await exchange.whole().status == 200)
            let seen = try await siege.stage.gateway.request { $0.target == "/hello" }
            #expect(seen.all("x-forwarded-for") == ["127.0.0.1"])
            #expect(seen.all("x-forwarded-proto") == ["https"])
            #expect(seen.all("x-forwarded-host") == ["localhost"])
            for name in [
                "x_forwarded_for", "x-real-ip", "forwarded", "transfer_encoding",
                "content_length",
            ] {
                #expect(seen.all(name) == [], "\(name)")
            }
            try await siege.expectUnharmed(requests: 1)
        }

        @Test func `F25: trailers of a request are dropped`() async throws {
            let siege = try await H2Siege()
            let client = try await siege.hostile()
            let exchange = client.request("POST", "/echo", endStream: false)

            client.send(
                .data(Array("body".utf8), on: exchange.id),
                .headers(H2Header.literal([("x-user", "root")]), on: exchange.id))

            #expect(try await exchange.whole().text == "body")
            let seen = try await siege.stage.gateway.request { $0.target == "/echo" }
            #expect(seen.all("x-user").isEmpty)
            #expect(seen.all("transfer-encoding") == ["chunked"])
            #expect(try await client.request("GET", "/hello").whole().status == 200)
            try await siege.expectUnharmed(requests: 2)
        }

        @Test func `F25: trailers that do not end the request are a breach of its own`()
            async throws
        {
            let siege = try await H2Siege()
            let client = try await siege.hostile()
            let exchange = client.request("POST", "/echo", endStream: false)

            client.send(
                .headers(
                    H2Header.literal([("x-a", "1")]), on: exchange.id, endStream: false))

            try await client.until("the end of it") {
                $0.streams[exchange.id]?.reset == .protocolError || $0.goAway == .protocolError
            }
            try await siege.stage.gateway.until("one connection") { $0.openConnections == 1 }
            try await siege.expectUnharmed(requests: 1)
        }

        @Test func `F25: an interim response comes before the final one`() async throws {
            let siege = try await H2Siege()
            let client = try await siege.hostile()

            let exchange = client.request("GET", "/misbehave/interim")

            #expect(try await exchange.whole().text == "ok")
            #expect(exchange.now?.interim == [103])
            try await siege.expectUnharmed(requests: 1)
        }

        @Test func `H18: a client that expects 100 is told at once, and only once`()
            async throws
        {
            let siege = try await H2Siege()
            let client = try await siege.hostile()
            let exchange = client.request(
                "POST", "/echo", fields: [("expect", "100-continue")], endStream: false)

            try await exchange.until("100") { $0.interim == [100] }
            exchange.send("body", endStream: true)

            #expect(try await exchange.whole().text == "body")
            #expect(exchange.now?.interim == [100])
            try await siege.expectUnharmed(requests: 1)
        }

        @Test(
            "F05 F06: what is too large is told so, and the connection goes on",
            arguments: [
                (414, "/" + String(repeating: "a", count: 17_000), 0, 0),
                (431, "/hello", 1, 65_400), (431, "/hello", 120, 1), (431, "/hello", 90, 800),
            ])
        func tooLarge(status: Int, path: String, count: Int, size: Int) async throws {
            let siege = try await H2Siege()
            let client = try await siege.hostile()
            let fields = (0..<count).map { ("x-\($0)", String(repeating: "a", count: size)) }
            let block = H2Header.literal(H2Header.request("GET", path) + fields)

            let stream = client.nextStream()
            client.send(block.h2Frames(on: stream))

            let answer = try await client.exchange(stream).whole()
            #expect(answer.status == status)
            let line = try await siege.sluice.log("error")
            #expect(line["fault"] == "client")
            #expect(try await client.request("GET", "/hello").whole().status == 200)
            try await siege.expectUnharmed(requests: 1)
        }

        @Test(
            "I09: a field, or a cookie of many crumbs, is as long as it may be in HTTP/1.1",
            arguments: [
                ([("x-a", 8189)], 200), ([("x-a", 8190)], 431), ([("cookie", 8186)], 200),
                ([("cookie", 8187)], 431),
                ([(String, Int)](repeating: ("cookie", 200), count: 41), 431),
            ])
        func longField(sizes: [(String, Int)], status: Int) async throws {
            let siege = try await H2Siege()
            let client = try await siege.hostile()
            let fields = sizes.map { ($0, String(repeating: "a", count: $1)) }

            let answer = try await client.request("GET", "/hello", fields: fields).whole()

            #expect(answer.status == status)
            if status == 431 {
                #expect(try await siege.sluice.log("error")["reason"] == "field_too_long")
            }
            #expect(try await client.request("GET", "/hello").whole().status == 200)
            try await siege.expectUnharmed(requests: status == 200 ? 2 : 1)
        }

        @Test func `heads as large as the settings allow pass both ways`() async throws {
            let fields = (0..<25).map { ("x-\($0)", String(repeating: "a", count: 6000)) }
            let lines = fields.map { "\($0): \($1)\r\n" }.joined()
            let gateway = try RawGateway { peer in
                while peer.readHead() != nil {
                    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\(lines)\r\nok")
                }
            }
            let sluice = try await SluiceProcess(
                gateway: gateway.address,
                options: SluiceOptions { $0.set("limits", "header_bytes: 200000") })
            let client = try await sluice.h2()
            let block = H2Header.literal(H2Header.request("GET", "/hello") + fields)

            let stream = client.nextStream()
            client.send(block.h2Frames(on: stream))

            let answer = try await client.exchange(stream).whole()
            #expect(answer.text == "ok")
            for (name, value) in fields {
                #expect(answer.all(name) == [value])
                #expect(gateway.heads[0].contains("\r\n\(name): \(value)\r\n"))
            }
            #expect(client.isOpen)
            try await sluice.expectSoundEnd()
        }

        @Test func `F05: one value of more than 64 KiB ends the connection`() async throws {
            let siege = try await H2Siege()
            let client = try await siege.hostile()
            let fields = [("x-a", String(repeating: "a", count: 70_000))]
            let block = H2Header.literal(H2Header.request("GET", "/hello") + fields)

            client.send(block.h2Frames(on: client.nextStream()))

            #expect(try await client.goAway() == .compressionError)
            #expect(try await client.end() == .closeNotify)
            try await siege.expectLogged("h2_compression_error")
            try await siege.expectUnharmed()
        }
    }
}
