import HTTP1
import HTTPModel
import Testing

@Suite("Responses of the gateway")
struct ResponseParserTests {
    @Test func `every part of a response is found however it is cut`() {
        let head = bytes(
            """
            HTTP/1.1 200 All is well\r\nContent-Type: text/event-stream; charset=utf-8\r\n\
            Transfer-Encoding: chunked\r\nX-A:  b \r\n\r\n
            """)
        let expected = """
            200 All is well chunked ["Content-Type: text/event-stream; charset=utf-8", \
            "Transfer-Encoding: chunked", "X-A: b"]
            """
        for pieces in cuttings(of: head) {
            #expect(outcome(ofResponse: pieces) == expected)
        }
    }

    @Test(
        "The reason may be missing, and one that is no text is left out",
        arguments: [
            ("HTTP/1.1 204", ""), ("HTTP/1.1 204 ", ""), ("HTTP/1.1 204 No Content", "No Content"),
            ("HTTP/1.1 204 \u{E9}", ""), ("HTTP/1.1 204 \u{C3}\u{A9}", "é"),
        ])
    func reasons(line: String, expected: String) throws {
        #expect(try parseResponse("\(line)\r\n\r\n").reason == expected)
    }

    @Test(
        "A body ends as the method, the status and the fields say (RFC 9112, section 6.3)",
        arguments: [
            (HTTPModel.Method.get, "200", "", BodyFraming.untilClose),
            (.get, "200", "Content-Length: 5\r\n", .length(5)),
            (.get, "200", "Content-Length:   5  \r\n", .length(5)),
            (.get, "200", "Content-Length: 0\r\n", .length(0)),
            (.get, "200", "Transfer-Encoding: chunked\r\n", .chunked),
            (.post, "404", "Content-Length: 5\r\n", .length(5)),
            (.head, "200", "Content-Length: 5\r\n", .none),
            (.head, "200", "Transfer-Encoding: chunked\r\n", .none),
            (.head, "200", "", .none), (.get, "304", "Content-Length: 5\r\n", .none),
            (.get, "204", "", .none), (.get, "103", "", .none), (.get, "101", "", .none),
        ])
    func framing(
        method: HTTPModel.Method, status: String, fields: String, expected: BodyFraming
    ) throws {
        let head = try parseResponse("HTTP/1.1 \(status) x\r\n\(fields)\r\n", answering: method)

        #expect(head.framing == expected)
    }

    @Test(
        "A connection is used again only when nothing speaks against it",
        arguments: [
            ("HTTP/1.1 200 x\r\nContent-Length: 0\r\n", true),
            ("HTTP/1.1 200 x\r\n", false),
            ("HTTP/1.1 200 x\r\nContent-Length: 0\r\nConnection: close\r\n", false),
            ("HTTP/1.0 200 x\r\nContent-Length: 0\r\n", false),
            ("HTTP/1.0 200 x\r\nContent-Length: 0\r\nConnection: keep-alive\r\n", true),
            ("HTTP/1.1 204 x\r\n", true), ("HTTP/1.1 204 x\r\nContent-Length: 0\r\n", true),
            ("HTTP/1.1 204 x\r\nContent-Length: 5\r\n", false),
            ("HTTP/1.1 204 x\r\nTransfer-Encoding: chunked\r\n", false),
            ("HTTP/1.1 100 x\r\n", true), ("HTTP/1.1 101 x\r\n", false),
            ("HTTP/1.1 304 x\r\nContent-Length: 5\r\n", true),
        ])
    func reuse(head: String, expected: Bool) throws {
        #expect(try parseResponse("\(head)\r\n").allowsReuse == expected)
    }

    @Test(
        "U07 I10: a response that could be read in two ways is refused, however it is cut",
        arguments: [
            ("HTTP/1.1 200 x\nA: b\r\n\r\n", HTTP1Error.forbiddenByte),
            ("HTTP/1.1 200 x\r\nA: b\n\r\n", .forbiddenByte),
            ("HTTP/1.1 200 x\r\nA: b\rc\r\n\r\n", .forbiddenByte),
            ("HTTP/1.1 200 x\r\nA: \0\r\n\r\n", .forbiddenByte),
            ("HTTP/1.1 200 x\r\nA: b\r\n c\r\n\r\n", .badField),
            ("HTTP/1.1 200 x\r\nA : b\r\n\r\n", .badField),
            ("HTTP/1.1 200 x\r\n: b\r\n\r\n", .badField),
            (
                "HTTP/1.1 200 x\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
                .badContentLength
            ),
            ("HTTP/1.1 200 x\r\nContent-Length: 5, 5\r\n\r\n", .badContentLength),
            ("HTTP/1.1 200 x\r\nContent-Length: -5\r\n\r\n", .badContentLength),
            (
                "HTTP/1.1 200 x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
                .ambiguousLength
            ),
            ("HTTP/1.1 200 x\r\nTransfer-Encoding: gzip\r\n\r\n", .badTransferEncoding),
            ("HTTP/1.1 200 x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", .badTransferEncoding),
            ("HTTP/1.0 200 x\r\nTransfer-Encoding: chunked\r\n\r\n", .badTransferEncoding),
            ("HTTP/1.1 200 x\r\nConnection: a b\r\n\r\n", .badConnection),
            ("HTTP/1.1 099 x\r\n\r\n", .badStatus), ("HTTP/1.1 600 x\r\n\r\n", .badStatus),
            ("HTTP/1.1 20 x\r\n\r\n", .badStatus), ("HTTP/1.1 2000 x\r\n\r\n", .badStatus),
            ("HTTP/1.1 -20 x\r\n\r\n", .badStatus), ("HTTP/1.1  200 x\r\n\r\n", .badStatus),
            ("HTTP/1.1\r\n\r\n", .badStatus), ("HTTP/1.1 200\tx\r\n\r\n", .badStatus),
            ("HTTP/2.0 200 x\r\n\r\n", .versionNotSupported),
            ("HTTP/1.10 200 x\r\n\r\n", .badStatus), ("http/1.1 200 x\r\n\r\n", .badStartLine),
            ("ICY 200 x\r\n\r\n", .badStartLine), ("\r\nHTTP/1.1 200 x\r\n\r\n", .badStartLine),
        ])
    func refused(head: String, error: HTTP1Error) {
        for pieces in cuttings(of: bytes(head)) {
            #expect(
                outcome(ofResponse: pieces) == error.reason)
        }
    }

    @Test(
        "I10 U06: a response head over its limits is refused, however it is cut",
        arguments: [
            ("Set-Cookie: a=b\r\n", 101, HTTP1Error.tooManyFields), ("a", 1 << 20, .headTooLong),
        ])
    func large(part: String, count: Int, error: HTTP1Error) {
        let head = "HTTP/1.1 200 x\r\n" + String(repeating: part, count: count) + "\r\n"

        for pieces in cuttings(of: bytes(head)) {
            #expect(outcome(ofResponse: pieces) == error.reason)
        }
    }

    @Test func `a gateway may send a field longer than a client may`() throws {
        let value = String(repeating: "b", count: 30_000)
        let head = try parseResponse("HTTP/1.1 200 x\r\nContent-Security-Policy: \(value)\r\n\r\n")

        #expect(head.fields.all(named: "content-security-policy") == [value])
    }

    @Test(
        "An event stream is told by its status and type",
        arguments: [
            ("200", "Content-Type: text/event-stream\r\n", true),
            ("200", "Content-Type: Text/Event-Stream ; charset=utf-8\r\n", true),
            ("200", "Content-Type: text/event-streams\r\n", false),
            ("201", "Content-Type: text/event-stream\r\n", false), ("200", "", false),
        ])
    func eventStream(status: String, field: String, expected: Bool) throws {
        #expect(try parseResponse("HTTP/1.1 \(status) x\r\n\(field)\r\n").isEventStream == expected)
    }
}
