import HTTP1
import HTTPModel
import TestRandom
import Testing

@Suite("Request targets, of which every form becomes one")
struct RequestTargetTests {
    @Test(
        "H12: a target is normalised once, for the policies and for the gateway",
        arguments: [
            ("/", "/", nil), ("/a/b", "/a/b", nil), ("/a?", "/a", ""), ("/a?b=c?d", "/a", "b=c?d"),
            ("/%61%7E%2Db", "/a~-b", nil), ("/a%20b", "/a%20b", nil),
            ("/a%2Fb%2fc", "/a%2Fb%2Fc", nil), ("//a//b", "//a//b", nil),
            ("/a;b=1/c", "/a;b=1/c", nil), ("/a?%zz/../%00\\", "/a", "%zz/../%00\\"),
            ("/a.b/.c/...", "/a.b/.c/...", nil), ("/a%2eb", "/a.b", nil),
            ("/%E2%82%AC", "/%E2%82%AC", nil), ("/%e2%82%aC", "/%E2%82%AC", nil),
            ("/%252e%252e", "/%252e%252e", nil),
            ("/a|b\"<>^`{}", "/a|b\"<>^`{}", nil), ("/..a/a..", "/..a/a..", nil),
            ("http://a/x?y", "/x", "y"), ("HTTPS://A/x", "/x", nil), ("http://a", "/", nil),
            ("http://a/", "/", nil),
        ] as [(String, String, String?)])
    func normalized(written: String, path: String, query: String?) throws {
        let head = try parseRequest("GET \(written) HTTP/1.1\r\nHost: a\r\n\r\n")

        #expect(head.target == RequestTarget(path: path, query: query))
    }

    @Test(
        "H12: a target that two readers could read differently is refused",
        arguments: [
            "/../a", "/a/..", "/a/.", "/./", "/a/../b", "/%2e%2e/a", "/.%2E/a", "/%2e", "/..;/a",
            "/a/..%2fb", "/a%2F..", "/a%5c..%5Cb", "/..%3bx/a", "/a/.;x=1", "/a%2f.%2fb",
            "/%00", "/a%0d%0aX:%20y", "/%7f", "/%1F", "/%", "/%2", "/%zz", "/%2x", "/%+1", "/a#b",
            "/a?b#c", "#", "/a\\b", "/\\..\\b", "/\u{E9}", "a", "a/b", "*", "?a", "ftp://a/",
            "http:/a", "http:a", "http://a?q", "a:80", "http://a/../b", "http://a/\\",
        ])
    func refused(written: String) {
        #expect(throws: HTTP1Error.badTarget) {
            try parseRequest("GET \(written) HTTP/1.1\r\nHost: a\r\n\r\n")
        }
    }

    @Test(arguments: [
        "http:///x", "http://u@a/", "http://b/", "http://a:80/", "http://a,b/", "http://a#b",
    ])
    func `H11 H12: the authority of a target must be the host`(written: String) {
        #expect(throws: HTTP1Error.badHost) {
            try parseRequest("GET \(written) HTTP/1.1\r\nHost: a\r\n\r\n")
        }
    }

    @Test(
        "a host has one form for the policies, however it is written",
        arguments: [
            ("a", "a"), ("A.Example", "a.example"), ("a:80", "a"), ("a.", "a"), ("a.:80", "a"),
            ("[::1]:80", "[::1]"), ("[::FF]", "[::ff]"),
        ])
    func host(authority: String, host: String) throws {
        let head = try parseRequest("GET / HTTP/1.1\r\nHost: \(authority)\r\n\r\n")

        #expect(head.host == host)
        #expect(head.authority == authority, "The gateway gets it as it was.")
    }

    @Test func `an absolute target stands for the host that HTTP/1.0 lacks`() throws {
        let head = try parseRequest("GET http://a:81/x HTTP/1.0\r\n\r\n")

        #expect(head.authority == "a:81")
    }

    @Test(arguments: ["*", "http://a"])
    func `OPTIONS may ask about the whole server`(written: String) throws {
        let head = try parseRequest("OPTIONS \(written) HTTP/1.1\r\nHost: a\r\n\r\n")

        #expect(head.target == RequestTarget(path: "*", query: nil))
    }

    @Test func `H12: a target over its limit is too long`() throws {
        let limits = HeadLimits(targetBytesMax: 10)
        let longest = bytes("GET /234567890 HTTP/1.1\r\nHost: a\r\n\r\n")
        let tooLong = bytes("GET /2345678901 HTTP/1.1\r\nHost: a\r\n\r\n")

        #expect(try parseRequest(longest, limits: limits).target.path == "/234567890")
        #expect(throws: HTTP1Error.targetTooLong) { try parseRequest(tooLong, limits: limits) }
        #expect(HTTP1Error.targetTooLong.status == 414)
    }

    @Test func `H12: a target of 64 KiB is too long however it is cut`() {
        let head = bytes("GET /" + String(repeating: "a", count: 65_536) + " HTTP/1.1\r\n")

        for pieces in cuttings(of: head) {
            #expect(outcome(ofRequest: pieces) == "target_too_long")
        }
    }

    @Test func `a normalised target is its own normal form`() throws {
        var random = SeededRandom.forTest()
        let parts = [
            "/", "a", ".", "..", "%2e", "%2F", "%c3", "%61", ";", "%41", "%25", "%", "?", "//",
        ]

        for _ in 0..<5000 {
            let count = Int.random(in: 0..<8, using: &random)
            let written =
                "/"
                + (0..<count).compactMap { _ in parts.randomElement(using: &random) }
                .joined()
            let head = "GET \(written) HTTP/1.1\r\nHost: a\r\n\r\n"
            guard let once = try? parseRequest(head).target else { continue }
            let again = try parseRequest("GET \(once.text) HTTP/1.1\r\nHost: a\r\n\r\n").target
            #expect(again == once, "\(written)")
            #expect(!once.path.split(separator: "/").contains { $0 == "." || $0 == ".." })
        }
    }
}
