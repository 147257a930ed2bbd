import TestSupport
import Testing

/// Everything that a row of the faults names, for one server to refuse.
struct RefusedHeads: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let statuses: Set<Int>
    /// Each character is one byte.
    let heads: [String]

    init(_ id: String, answered statuses: Set<Int> = [400], _ heads: [String]) {
        (testDescription, self.statuses, self.heads) = (id, statuses, heads)
    }

    private static func post(_ fields: String) -> String {
        "POST /upload HTTP/1.1\r\nhost: a\r\n\(fields)\r\n\r\n"
    }

    private static func get(_ target: String, _ fields: String = "host: a") -> String {
        "GET \(target) HTTP/1.1\r\n\(fields)\r\n\r\n"
    }

    private static func line(_ line: String) -> String { "\(line)\r\nhost: a\r\n\r\n" }

    private static let controls = (1...31).filter { ![9, 10, 13].contains($0) } + [0, 127]

    private static func byte(_ number: Int) -> String {
        String(Character(Unicode.Scalar(UInt8(truncatingIfNeeded: number))))
    }

    static let all = [
        RefusedHeads(
            "H01",
            [
                post("content-length: 6\r\ntransfer-encoding: chunked") + "0\r\n\r\nG",
                post("transfer-encoding: chunked\r\ncontent-length: 4") + "5c\r\nGPOST",
            ]),
        RefusedHeads(
            "H02",
            [
                post("content-length: 5\r\ncontent-length: 6") + "hello",
                post("content-length: 5\r\ncontent-length: 5") + "hello",
                post("content-length: 5, 5") + "hello",
            ]),
        RefusedHeads(
            "H03",
            [
                " +5", " -1", " 0x10", " 1_0", "  5 ", "", " 9223372036854775808",
                " 18446744073709551621", " 5e0",
            ].map { post("content-length:\($0)") + "hello" }),
        RefusedHeads(
            "H04",
            [
                "chunked, chunked", ",chunked", "identity", "xchunked", "chunked;q=1",
                "\u{B}chunked", "\u{A0}chunked", "chunked\r\ntransfer-encoding: chunked",
            ].map { post("transfer-encoding: \($0)") + "0\r\n\r\n" } + [
                "POST /upload HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
            ]),
        RefusedHeads(
            "H05",
            [
                post("transfer-encoding : chunked"), post(" transfer-encoding: chunked"),
                post("x: y\r\n transfer-encoding: chunked"), post("x: y\r\n\tz"),
            ]),
        RefusedHeads(
            "H06",
            [
                "GET /hello HTTP/1.1\nhost: a\r\n\r\n", "GET /hello HTTP/1.1\rhost: a\r\n\r\n",
                "GET /hello HTTP/1.1\r\nhost: a\nx: y\r\n\r\n",
                "GET /hello HTTP/1.1\r\nhost: a\rx: y\r\n\r\n",
                "GET /hello HTTP/1.1\r\nhost: a\r\n\rX", "GET /hello HTTP/1.1\r\nhost: a\r\n\n",
            ]),
        RefusedHeads(
            "H07",
            controls.flatMap { [post("x: a\(byte($0))b"), post("x\(byte($0)): a")] } + [
                post(": x"), post("no colon"), post("a b: c"), post("\u{E9}: c"), post("(a): c"),
            ]),
        RefusedHeads(
            "H11",
            [
                get("/hello", "x: y"), get("/hello", "host: a\r\nhost: a"), get("/hello", "host:"),
                get("/hello", "host: u@a"), get("/hello", "host: a, b"),
                get("http://b/hello", "host: a"), get("http://u@a/hello", "host: a"),
            ]),
        RefusedHeads(
            "H12", answered: [400, 414],
            [
                get("a:80"), get("*"), get("/a b"), get("/a%0d%0ab"), get("/a%0Ab"), get("/a#b"),
                get("/%00"), get("/../a"), get("/a/../b"), get("/%2e%2e/a"), get("/..;/a"),
                get("/a\\b"), get("/%zz"), get("ftp://a/x"), get("hello"), get(""),
                get("/" + String(repeating: "a", count: 65_536)),
            ]),
        RefusedHeads(
            "H13", answered: [400, 405, 501],
            [
                line("get /hello HTTP/1.1"), line("G=\"a\" /hello HTTP/1.1"),
                line("TRACE /hello HTTP/1.1"), line("CONNECT a:443 HTTP/1.1"),
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", String(repeating: "A", count: 1 << 20),
            ]),
        RefusedHeads(
            "H14", answered: [400, 505],
            [
                "HTTP/1.32", "HTTP/2.0", "HTTP/0.9", "HTTP/4294967295.255", "HTTP/1.2", "http/1.1",
            ].map { line("GET /hello \($0)") } + ["GET /hello\r\n\r\n"]),
        RefusedHeads(
            "H16", answered: [431],
            [
                post((0..<10_000).map { "a\($0): b" }.joined(separator: "\r\n")),
                post("a: " + String(repeating: "b", count: 1 << 20)),
            ]),
        RefusedHeads(
            "H18", answered: [417],
            ["y 100-continue", "100-continue, y", "tea"].flatMap {
                [post("expect: \($0)"), post("expect: \($0)\r\ncontent-length: 5") + "hello"]
            }),
        RefusedHeads(
            "H20",
            ["Authorization", "X-User", "Content-Length", "authorization, X-User, content-length"]
                .map { post("connection: \($0)\r\ncontent-length: 0") }),
        RefusedHeads(
            "I08",
            [
                get("/events", "host: a\r\nlast-event-id: " + String(repeating: "x", count: 1025)),
                get("/events", "host: a\r\nlast-event-id: a\0b"),
                get("/events", "host: a\r\nlast-event-id: a\rb"),
            ]),
        RefusedHeads(
            "I09", answered: [431],
            [
                get("/events", "host: a\r\ncookie: " + String(repeating: "x", count: 8200)),
                get("/events", "host: a" + String(repeating: "\r\ncookie: a=b", count: 200)),
            ]),
    ]
}

extension Scenarios {
    @Suite("Heads that reach nobody")
    struct HeadRefusalTests {
        @Test(
            "H01 H02 H03 H04 H05 H06 H07 H11 H12 H13 H14 H16 H18 H20 I08 I09: refused end to end",
            arguments: RefusedHeads.all)
        func refused(row: RefusedHeads) async throws {
            let stage = try await Stage()
            let canary = try await stage.sluice.openStream("canary")

            for (number, head) in row.heads.enumerated() {
                let shown = "\(row) \(String(head.prefix(80)).debugDescription)"
                let client = stage.sluice.client()
                let bytes = head.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
                client.send(bytes, answering: "GET")

                let answer = try await client.whole()
                #expect(row.statuses.contains(answer.status), "\(shown): \(answer.status)")
                #expect(answer.all("connection") == ["close"], "\(shown)")
                // Whoever still sends a megabyte may be reset.
                let end = try await client.end()
                #expect(end == .closeNotify || bytes.count > 60_000, "\(shown): \(end)")
                #expect(client.now.responses.count == 1, "\(shown)")
                try await stage.sluice.log("error", count: number + 1)
                #expect(stage.sluice.lines("error").last?["fault"] == "client", "\(shown)")
            }

            #expect(stage.sluice.count("error") == row.heads.count)
            // The canary's own.
            #expect(stage.gateway.gateway.requestCount == 1)
            stage.gateway.gateway.publish(to: "canary", event: "message", data: "fine")
            _ = try await canary.event { $0.data == "fine" }
            try await stage.expectSoundEnd()
        }

        @Test(
            "H06 H08 H09: a body that could be read in two ways aborts the gateway's request",
            arguments: [
                "0x1\r\na\r\n", "+1\r\na\r\n", "1_0\r\n", " 1\r\na\r\n", "1;a=\ra", "1\n", "1\rx",
                "00000000000000001\r\n", "10000000000000000\r\n", "18446744073709551616\r\n",
                "1\r\nab\r\n", "1\r\na\n", "1\r\na0\r\n", "1;x\na\r\n", "1;\rx",
                "1\r\na\r\n0\r\nx: 1\n\r\n", "1\r\na\r\n0\r\nxx\r\n\r\n", "1\r\na\r\n0\r\n\rX",
                "1;" + String(repeating: "a", count: 1 << 20),
            ])
        func badChunks(body: String) async throws {
            let stage = try await Stage()
            let client = stage.sluice.client()

            client.send(
                "POST /upload HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n",
                answering: "POST")
            _ = try await stage.gateway.request { $0.target == "/upload" }
            client.send(body)

            #expect(try await client.whole().status == 400)
            #expect(client.response?.all("connection") == ["close"])
            try await stage.gateway.until("no connection") { $0.openConnections == 0 }
            #expect(stage.gateway.gateway.requestCount == 1)
            let line = try await stage.sluice.log("error")
            #expect(line["fault"] == "client")
            #expect(line["path"] == "/upload")
            try await stage.expectSoundEnd()
        }
    }
}
