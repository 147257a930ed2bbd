import HTTP1
import HTTP1Reading
import Testing

@Suite("Finding the end of a head")
struct HeadFinderTests {
    @Test func `the head ends with its blank line however it is cut`() throws {
        let head = bytes("GET / HTTP/1.1\r\nHost: a\r\nAccept: x\r\n\r\n")
        for pieces in cuttings(of: head + bytes("GET /next")) {
            #expect(try findHead(in: pieces) == head)
        }
    }

    @Test func `a finder that found a head finds the next one`() throws {
        let head = bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        var finder = HeadFinder()

        let first = try finder.scan((head + head).span, limits: HeadLimits())
        let second = try finder.scan(head.span, limits: HeadLimits())

        #expect(first == head.count)
        #expect(second == head.count)
    }

    @Test func `a head without its end needs more`() throws {
        let head = bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n")

        for count in 0..<head.count {
            #expect(try findHead(in: [Array(head.prefix(count))]) == nil)
        }
    }

    @Test func `one empty line before the head is part of it and begins nothing`() throws {
        var finder = HeadFinder()

        #expect(try finder.scan(bytes("\r\n").span, limits: HeadLimits()) == nil)
        #expect(!finder.hasBegun)
        #expect(try finder.scan(bytes("G").span, limits: HeadLimits()) == nil)
        #expect(finder.hasBegun)
        #expect(try findHead(in: [bytes("\r\nGET / HTTP/1.1\r\n\r\n")])?.count == 20)
    }

    @Test func `two empty lines before the head are refused`() {
        #expect(throws: HTTP1Error.badStartLine) { try findHead(in: [bytes("\r\n\r\n")]) }
    }

    @Test(
        "H06 H07: a forbidden byte is refused at once, wherever it stands",
        arguments: [
            "\n", "\rG", "GET / HTTP/1.1\n", "GET / HTTP/1.1\r\r", "GET /\0", "GET /\u{7F}",
            "GET / HTTP/1.1\r\nHost: a\n", "GET / HTTP/1.1\r\nHost: a\rb",
            "GET / HTTP/1.1\r\nA: \u{1}", "GET / HTTP/1.1\r\nA\u{1F}", "GET / HTTP/1.1\r\n\n",
            "GET / HTTP/1.1\r\n\rX", "\u{16}\u{3}\u{1}", "GET / HTTP/1.1\r\nA: b\r\n\r\r\n",
        ])
    func forbidden(input: String) {
        for pieces in cuttings(of: bytes(input)) {
            #expect(throws: HTTP1Error.forbiddenByte) {
                try findHead(in: pieces)
            }
        }
    }

    @Test(
        "H12 H13 H16: what grows too large is refused at its limit, however it is cut",
        arguments: [
            ("GET /" + String(repeating: "a", count: 200), HTTP1Error.targetTooLong),
            (String(repeating: "G", count: 200), .badStartLine),
            (String(repeating: "G", count: 200) + "\0", .badStartLine),
            ("GET / HTTP/1.1\r\n" + String(repeating: "a: b\r\n", count: 99), .headTooLong),
            ("GET / HTTP/1.1\r\nA: " + String(repeating: "b", count: 999) + "\0", .headTooLong),
        ])
    func limits(input: String, error: HTTP1Error) {
        let limits = HeadLimits(headBytesMax: 400, targetBytesMax: 100)
        for pieces in cuttings(of: bytes(input)) {
            #expect(throws: error) { try findHead(in: pieces, limits: limits) }
        }
    }

    @Test func `H16: a head of exactly the limit is found and one byte more is refused`() throws {
        let head = bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let enough = HeadLimits(headBytesMax: head.count)
        let tooLittle = HeadLimits(headBytesMax: head.count - 1)

        for pieces in cuttings(of: head) {
            #expect(try findHead(in: pieces, limits: enough) == head)
            #expect(throws: HTTP1Error.headTooLong) {
                try findHead(in: pieces, limits: tooLittle)
            }
        }
    }
}
