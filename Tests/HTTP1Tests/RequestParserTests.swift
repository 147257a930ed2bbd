import HTTP1
import HTTPModel
import Testing

@Suite("Requests that are understood")
struct RequestParserTests {
    @Test func `every part of a request is found however it is cut`() throws {
        let head = bytes(
            """
            POST /events/a?x=1&y= HTTP/1.1\r\nHost: sse.example:8443\r\n\
            Content-Length: 12\r\nX-Odd-Case:\tvalue with  spaces \t\r\nAccept:\r\n\r\n
            """)
        let expected = """
            POST /events/a x=1&y= http11 sse.example:8443 length(12) true \
            ["Host: sse.example:8443", "Content-Length: 12", \
            "X-Odd-Case: value with  spaces", "Accept: "]
            """
        for pieces in cuttings(of: head) {
            #expect(outcome(ofRequest: pieces) == expected)
        }
    }

    @Test func `one empty line before a request is forgiven`() throws {
        let head = try parseRequest("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")

        #expect(head.target.path == "/")
    }

    @Test func `the spelling of names and the bytes of values are kept`() throws {
        let head = try parseRequest("GET / HTTP/1.1\r\nhOsT: a\r\nX: \u{E9}\u{FF}\r\n\r\n")

        let entry = try #require(head.fields.entries.last)
        #expect(head.fields.nameText(of: head.fields.entries[0]) == "hOsT")
        #expect(Array(head.fields.bytes[entry.value]) == [0xE9, 0xFF])
    }

    @Test(
        "The connection stays when the version and the options say so",
        arguments: [
            ("HTTP/1.1", "", true), ("HTTP/1.1", "Connection: close\r\n", false),
            ("HTTP/1.1", "Connection: Keep-Alive\r\n", true),
            ("HTTP/1.1", "Connection: keep-alive, CLOSE\r\n", false),
            ("HTTP/1.1", "Connection: upgrade\r\nConnection: close\r\n", false),
            ("HTTP/1.1", "Connection: , ,\r\n", true),
            ("HTTP/1.0", "", false), ("HTTP/1.0", "Connection: keep-alive\r\n", true),
            ("HTTP/1.0", "Connection: keep-alive, close\r\n", false),
            ("HTTP/1.1", "Proxy-Connection: close\r\n", true),
        ])
    func keepAlive(version: String, field: String, expected: Bool) throws {
        let head = try parseRequest("GET / \(version)\r\nHost: a\r\n\(field)\r\n")

        #expect(head.wantsKeepAlive == expected)
    }

    @Test(
        "A body is framed by one length or by chunks",
        arguments: [
            ("", BodyFraming.none), ("Content-Length: 0\r\n", .length(0)),
            ("Content-Length:7\r\n", .length(7)), ("content-length: 007\r\n", .length(7)),
            ("Content-Length: 9223372036854775807\r\n", .length(.max)),
            ("Transfer-Encoding: chunked\r\n", .chunked),
            ("TRANSFER-ENCODING: Chunked\r\n", .chunked),
        ])
    func framing(field: String, expected: BodyFraming) throws {
        let head = try parseRequest("POST / HTTP/1.1\r\nHost: a\r\n\(field)\r\n")

        #expect(head.framing == expected)
    }

    @Test func `H21: a GET may have a body, whose length is not forgotten`() throws {
        let head = try parseRequest("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")

        #expect(head.framing == .length(5))
    }

    @Test(
        "H11: hosts that name a machine are taken as they are written",
        arguments: [
            "a", "Example.COM", "a:1", "a.b-c_d~e:65535", "127.0.0.1:80", "[::1]", "[::1]:8443",
            "[2001:db8::ffff:192.0.2.1]:1",
        ])
    func hosts(host: String) throws {
        let head = try parseRequest("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n")

        #expect(head.authority == host)
    }

    @Test func `a request of HTTP/1.0 may lack a host`() throws {
        let head = try parseRequest("GET / HTTP/1.0\r\n\r\n")

        #expect(head.authority.isEmpty)
        #expect(head.version == .http10)
    }

    @Test(
        "H19: another protocol is heard of only where it can be granted",
        arguments: [
            (
                "GET / HTTP/1.1",
                "Connection: Upgrade\r\nUpgrade: WebSocket\r\n",
                "websocket"
            ),
            (
                "GET / HTTP/1.1", "Connection: keep-alive, upgrade\r\nUpgrade: irc/6.9\r\n",
                "irc/6.9"
            ),
            ("GET / HTTP/1.1", "Upgrade: websocket\r\n", nil),
            ("GET / HTTP/1.0", "Connection: upgrade\r\nUpgrade: websocket\r\n", nil),
            ("POST / HTTP/1.1", "Connection: upgrade\r\nUpgrade: websocket\r\n", nil),
            (
                "GET / HTTP/1.1",
                "Content-Length: 1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n", nil
            ),
            ("GET / HTTP/1.1", "Connection: upgrade\r\nUpgrade: websocket, irc\r\n", nil),
            ("GET / HTTP/1.1", "Connection: upgrade\r\nUpgrade: web socket\r\n", nil),
            (
                "GET / HTTP/1.1",
                "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
                nil
            ),
        ] as [(String, String, String?)])
    func upgrade(line: String, fields: String, name: String?) throws {
        let head = try parseRequest(
            "\(line)\r\nHost: a\r\nSec-WebSocket-Key: x\r\n\(fields)\r\n")

        #expect(head.upgrade == name)
    }

    @Test func `H19: a WebSocket without its key is refused`() {
        #expect(throws: HTTP1Error.badUpgrade) {
            try parseRequest(
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
        }
    }

    @Test(
        "H18: a client waits for 100 only with a body to send and a version that knows it",
        arguments: [
            ("HTTP/1.1", "Content-Length: 5\r\n", true),
            ("HTTP/1.1", "Transfer-Encoding: chunked\r\n", true),
            ("HTTP/1.1", "Content-Length: 0\r\n", false), ("HTTP/1.1", "", false),
            ("HTTP/1.0", "Content-Length: 5\r\n", false),
        ])
    func expectation(version: String, field: String, expected: Bool) throws {
        let head = try parseRequest(
            "POST / \(version)\r\nHost: a\r\nExpect: 100-Continue\r\n\(field)\r\n")

        #expect(head.awaitsContinue == expected)
    }

    @Test func `a request without an expectation does not wait`() throws {
        let head = try parseRequest("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")

        #expect(!head.awaitsContinue)
    }

    @Test(arguments: ["M-SEARCH", "X_1", "PROPFIND", String(repeating: "A", count: 32)])
    func `an unknown method of capital letters is taken`(method: String) throws {
        let head = try parseRequest("\(method) / HTTP/1.1\r\nHost: a\r\n\r\n")

        #expect(head.method == .other(method))
    }

    @Test func `I08: a last event id of exactly its limit is taken unchanged`() throws {
        let id = String(repeating: "x", count: 1024)
        let head = try parseRequest("GET / HTTP/1.1\r\nHost: a\r\nLast-Event-ID: \(id)\r\n\r\n")

        #expect(head.fields.first(.lastEventID) == id)
    }
}
