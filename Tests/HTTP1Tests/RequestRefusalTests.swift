import HTTP1
import HTTPModel
import Testing

@Suite("Requests that are refused, the same however they are cut")
struct RequestRefusalTests {
    /// A promise by its id, a head that it is about, and the answer.
    struct Row: CustomTestStringConvertible {
        let id: String, head: String, error: HTTP1Error

        init(_ id: String, _ head: String, _ error: HTTP1Error) {
            (self.id, self.head, self.error) = (id, head, error)
        }

        /// Some heads are a megabyte long.
        var testDescription: String { "\(id) \(String(head.prefix(80)).debugDescription)" }
    }

    private func check(_ row: Row) {
        for pieces in cuttings(of: bytes(row.head)) {
            #expect(
                outcome(ofRequest: pieces) == row.error.reason,
                "\(row.testDescription)")
        }
    }

    private static func with(_ fields: String, version: String = "HTTP/1.1") -> String {
        "POST / \(version)\r\nHost: a\r\n\(fields)\r\n\r\n"
    }

    @Test(
        "H01 H02 H03: lengths that could be read in two ways",
        arguments: [
            Row("H01", with("Content-Length: 5\r\nTransfer-Encoding: chunked"), .ambiguousLength),
            Row("H01", with("Transfer-Encoding: chunked\r\nContent-Length: 0"), .ambiguousLength),
            Row("H01", with("Content-Length: 5\r\nTransfer-Encoding: x"), .ambiguousLength),
            Row("H02", with("Content-Length: 5\r\nContent-Length: 6"), .badContentLength),
            Row("H02", with("Content-Length: 5\r\nContent-Length: 5"), .badContentLength),
            Row("H02", with("Content-Length: 5, 5"), .badContentLength),
            Row("H02", with("Content-Length: 5,"), .badContentLength),
        ])
    func ambiguousLengths(row: Row) { check(row) }

    @Test(
        "H03: a length that is not only digits, or that no number holds",
        arguments: [
            " +5", " -1", " 0x10", " 1_0", "  5", " 5 ", "\t5", " 5\t", "", " ", " 5e0", " 5.0",
            " 9223372036854775808", " 18446744073709551621", " 99999999999999999999",
            " 00000000000000000005", " \u{B2}", " 5 5", " five",
        ])
    func lengths(value: String) {
        check(Row("H03", Self.with("Content-Length:\(value)"), .badContentLength))
    }

    @Test(
        "H04: a transfer coding that is not exactly chunked, once",
        arguments: [
            " chunked, chunked", " ,chunked", " chunked,", " identity", " xchunked",
            " chunked;q=1", " \u{A0}chunked", "  chunked", " chunked ", "\tchunked", "",
            " gzip, chunked", " \"chunked\"", " chunked\r\nTransfer-Encoding: chunked",
            " identity\r\nTransfer-Encoding: chunked", " chunked\r\ntransfer-encoding: gzip",
        ])
    func codings(value: String) {
        check(Row("H04", Self.with("Transfer-Encoding:\(value)"), .badTransferEncoding))
    }

    @Test(
        "H04 H05 H06 H07: lines that are no fields",
        arguments: [
            Row("H04", with("Transfer-Encoding: \u{B}chunked"), .forbiddenByte),
            Row(
                "H04", with("Transfer-Encoding: chunked", version: "HTTP/1.0"), .badTransferEncoding
            ),
            Row("H05", with("Transfer-Encoding : chunked"), .badField),
            Row("H05", with(" Transfer-Encoding: chunked"), .badField),
            Row("H05", with("A: b\r\n c"), .badField),
            Row("H05", with("A: b\r\n\tTransfer-Encoding: chunked"), .badField),
            Row("H05", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", .badField),
            Row("H06", "GET / HTTP/1.1\nHost: a\r\n\r\n", .forbiddenByte),
            Row("H06", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", .forbiddenByte),
            Row("H06", "GET / HTTP/1.1\rHost: a\r\n\r\n", .forbiddenByte),
            Row("H06", "GET / HTTP/1.1\r\nHost: a\r\n\r\rX", .forbiddenByte),
            Row("H06", "GET / HTTP/1.1\r\nHost: a\r\n\n", .forbiddenByte),
            Row("H07", with("A: \0"), .forbiddenByte), Row("H07", with("A\0: b"), .forbiddenByte),
            Row("H07", with("A: \u{1}"), .forbiddenByte),
            Row("H07", with("A: \u{7F}"), .forbiddenByte),
            Row("H07", with(": x"), .badField), Row("H07", with(":"), .badField),
            Row("H07", with("no colon"), .badField), Row("H07", with("a b: c"), .badField),
            Row("H07", with("\u{E9}: c"), .badField), Row("H07", with("a\t: c"), .badField),
            Row("H07", with("a(b): c"), .badField), Row("H07", with("\"a\": c"), .badField),
        ])
    func fields(row: Row) { check(row) }

    @Test(
        "H11: a host that is missing, doubled or no host",
        arguments: [
            "", "Host: a\r\nHost: a\r\n", "Host: a\r\nhost: b\r\n", "Host:\r\n", "Host: \r\n",
            "Host: u@a\r\n", "Host: a,b\r\n", "Host: a/b\r\n", "Host: a b\r\n", "Host: a:\r\n",
            "Host: a:x\r\n", "Host: a:65536\r\n", "Host: a:123456\r\n", "Host: a:+1\r\n",
            "Host: [::1\r\n", "Host: [g::1]\r\n", "Host: []\r\n", "Host: [::1]x\r\n",
            "Host: [::1]:\r\n", "Host: a%2eb\r\n", "Host: :80\r\n", "Host: \u{E9}\r\n",
            "Host: .\r\n", "Host: a..\r\n", "Host: a..b\r\n", "Host: .a\r\n", "Host: http://a\r\n",
            "Host: a?b\r\n", "Host: a#b\r\n", "Host: a:1:2\r\n",
            "Host: \(String(repeating: "a", count: 300))\r\n",
        ])
    func hosts(fields: String) {
        check(Row("H11", "GET / HTTP/1.1\r\n\(fields)\r\n", .badHost))
    }

    @Test(
        "H13 H14: request lines that are none",
        arguments: [
            Row("H13", "get / HTTP/1.1\r\nHost: a\r\n\r\n", .badMethod),
            Row("H13", "Get / HTTP/1.1\r\nHost: a\r\n\r\n", .badMethod),
            Row("H13", "G=\"x\" / HTTP/1.1\r\nHost: a\r\n\r\n", .badMethod),
            Row("H13", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", .badMethod),
            Row("H13", String(repeating: "A", count: 33) + " / HTTP/1.1\r\n\r\n", .badMethod),
            Row("H13", String(repeating: "A", count: 1 << 20), .badStartLine),
            Row("H13", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", .methodNotAllowed),
            Row("H13", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", .methodNotAllowed),
            Row("H13", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .badMethod),
            Row("H14", "GET / HTTP/1.32\r\nHost: a\r\n\r\n", .badStartLine),
            Row("H14", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", .versionNotSupported),
            Row("H14", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", .versionNotSupported),
            Row("H14", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", .versionNotSupported),
            Row("H14", "GET / HTTP/4294967295.255\r\nHost: a\r\n\r\n", .badStartLine),
            Row("H14", "GET / http/1.1\r\nHost: a\r\n\r\n", .badStartLine),
            Row("H14", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", .badStartLine),
            Row("H14", "GET / HTTP/1.\r\nHost: a\r\n\r\n", .badStartLine),
            Row("H14", "GET / HTTP/11\r\nHost: a\r\n\r\n", .badStartLine),
            Row("H14", "GET /\r\n\r\n", .badTarget), Row("H14", "GET\r\n\r\n", .badMethod),
            Row("H12", "GET / x HTTP/1.1\r\nHost: a\r\n\r\n", .badStartLine),
            Row("H12", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
            Row("H12", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", .badStartLine),
            Row("H12", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", .badMethod),
        ])
    func requestLines(row: Row) { check(row) }

    @Test(
        "H16 I09: heads that are too large",
        arguments: [
            Row("H16", with(String(repeating: "a: b\r\n", count: 10_000)), .tooManyFields),
            Row("H16", with(String(repeating: "a:\r\n", count: 99) + "a:"), .tooManyFields),
            Row("H16", with("A: " + String(repeating: "b", count: 1 << 20)), .headTooLong),
            Row("I09", with("Cookie: " + String(repeating: "b", count: 8193)), .fieldTooLong),
            Row(
                "I09", with(String(repeating: "Cookie: a=b\r\n", count: 200) + "A:"), .tooManyFields
            ),
        ])
    func largeHeads(row: Row) {
        check(row)
        #expect(row.error.status == 431)
    }

    @Test(
        "H18: expectations that nobody defined",
        arguments: [
            "Expect: y 100-continue", "Expect: 100-continue, y", "Expect:", "Expect: y",
            "Expect: 100-continue\r\nExpect: 100-continue",
        ])
    func expectations(field: String) {
        check(Row("H18", Self.with(field), .expectationFailed))
        #expect(HTTP1Error.expectationFailed.status == 417)
    }

    @Test(
        "H20: options that would strip what others trust",
        arguments: [
            "Authorization", "close, X-User", "Content-Length", "keep-alive,Transfer-Encoding",
            "HOST", "cookie", "Forwarded", "X-Forwarded-For", "x-forwarded-anything", "Origin",
            "Last-Event-ID", "Accept", "Content-Type", "x-user-id", "X-Real-IP", "Sec-Fetch-Site",
            "close\r\nConnection: authorization",
        ])
    func protectedFields(options: String) {
        check(Row("H20", Self.with("Connection: \(options)"), .protectedField))
    }

    @Test(arguments: ["a b", "\"close\"", "close;x", "a=b", "\u{E9}"])
    func `a connection option that is no token is refused`(option: String) {
        check(Row("H20", Self.with("Connection: \(option)"), .badConnection))
    }

    @Test(
        "I08: last event ids that are too long, doubled or hold control bytes",
        arguments: [
            Row(
                "I08", with("Last-Event-ID: " + String(repeating: "x", count: 1025)),
                .badLastEventID),
            Row("I08", with("Last-Event-ID: a\r\nLast-Event-ID: b"), .badLastEventID),
            Row("I08", with("Last-Event-ID: a\0"), .forbiddenByte),
            Row("I08", with("Last-Event-ID: a\rb"), .forbiddenByte),
            Row(
                "I08", with("Last-Event-ID: " + String(repeating: "x", count: 1 << 20)),
                .headTooLong),
        ])
    func lastEventIDs(row: Row) { check(row) }

    @Test func `bytes after the blank line are no part of a head`() {
        #expect(throws: HTTP1Error.badField) {
            try parseRequest("GET / HTTP/1.1\r\nHost: a\r\n\r\nX")
        }
    }

    @Test func `a head cut off anywhere is refused by the parser alone`() {
        let head = bytes("POST /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")

        for count in 0..<head.count {
            #expect(throws: HTTP1Error.self) { try parseRequest(Array(head.prefix(count))) }
        }
    }
}

@Suite("Errors as clients and logs see them")
struct HTTP1ErrorTests {
    @Test(arguments: HTTP1Error.allCases)
    func `every error has a status and a word for logs`(error: HTTP1Error) {
        #expect([400, 405, 414, 417, 431, 505].contains(error.status))
        #expect(error.reason.allSatisfy { $0.isLowercase || $0 == "_" })
    }
}
