import HTTP1
import HTTP2
import HTTPModel
import Testing

@Suite("HTTP/2: what becomes of a request's fields")
struct RequestTests {
    @Test(arguments: [1, 2, 3, 7, 100, Int.max])
    func `a request is the same however its bytes are cut`(size: Int) throws {
        let peer = try Peer(greets: false)
        peer.send(
            Frames.preface + Frames.settings()
                + Frames.headers(
                    1,
                    Frames.request(
                        "POST", path: "/up?x=1",
                        [
                            ("cookie", "a=1"), ("accept", "text/event-stream"), ("cookie", "b=2"),
                            ("content-length", "5"),
                        ]), end: false)
                + Frames.data(1, Array("he".utf8)) + Frames.data(1, Array("llo".utf8), end: true),
            inPiecesOf: size)

        let head = try #require(peer.heads.first)
        #expect(head.method == .post)
        #expect(head.target == RequestTarget(path: "/up", query: "x=1"))
        #expect(head.version == .http2)
        #expect(head.authority == "localhost")
        #expect(head.framing == .length(5))
        #expect(head.fields.all(.cookie) == ["a=1; b=2"])
        #expect(head.asksForEventStream)
        #expect(
            peer.events.reduce(0) { if case .body(_, let count) = $1 { $0 + count } else { $0 } }
                == 5)
        #expect(peer.events.contains(.bodyEnd(1)))
        #expect(peer.failure == nil)
    }

    @Test func `a WebSocket is a GET that wants another protocol`() throws {
        let peer = try Peer()
        peer.send(
            Frames.headers(
                1,
                Frames.request("CONNECT", path: "/chat", [(":protocol", "WebSocket")])
                    .sorted { $0.0.hasPrefix(":") && !$1.0.hasPrefix(":") }, end: false))

        let head = try #require(peer.heads.first)
        #expect(head.method == .get)
        #expect(head.upgrade == "websocket")
        #expect(head.target.path == "/chat")
        #expect(head.framing == .none)
    }

    @Test(
        "F18 F19: a malformed request is reset and reaches nobody",
        arguments: [
            ("F18", [(":method", "GET"), (":scheme", "https"), (":path", "/")], true),
            ("F18 no method", [(":scheme", "https"), (":authority", "a"), (":path", "/")], false),
            (
                "F18 no path", [(":method", "GET"), (":scheme", "https"), (":authority", "a")],
                false
            ),
            ("F18 no scheme", [(":method", "GET"), (":authority", "a"), (":path", "/")], false),
            ("F18 twice", Frames.request("GET", path: "/", [(":path", "/x")]), false),
            ("F18 unknown", Frames.request("GET", path: "/", [(":colour", "red")]), false),
            ("F18 status", Frames.request("GET", path: "/", [(":status", "200")]), false),
            ("F18 late", [("a", "b")] + Frames.request(), false),
            ("F18 empty path", Frames.request(path: ""), false),
            ("F18 relative path", Frames.request(path: "x"), false),
            ("F18 path with CR", Frames.request(path: "/\r\nx: y"), false),
            ("F18 path with NUL", Frames.request(path: "/\0"), false),
            ("F18 path with a space", Frames.request(path: "/a b"), false),
            ("F18 path with a tab", Frames.request(path: "/a\tb"), false),
            ("F18 method with LF", Frames.request("G\nT"), false),
            ("F18 method with a space", Frames.request("GET /x"), false),
            (
                "F18 authority with LF",
                [(":method", "GET"), (":scheme", "https"), (":authority", "a\nb"), (":path", "/")],
                false
            ),
            (
                "F18 authority with a comma",
                [(":method", "GET"), (":scheme", "https"), (":authority", "a,b"), (":path", "/")],
                false
            ),
            (
                "F18 authority with a user",
                [(":method", "GET"), (":scheme", "https"), (":authority", "u@a"), (":path", "/")],
                false
            ),
            (
                "F18 scheme with a space",
                [(":method", "GET"), (":scheme", "ht ps"), (":authority", "a"), (":path", "/")],
                false
            ),
            ("F19 connection", Frames.request("GET", path: "/", [("connection", "close")]), false),
            ("F19 keep-alive", Frames.request("GET", path: "/", [("keep-alive", "5")]), false),
            (
                "F19 coding",
                Frames.request("POST", path: "/", [("transfer-encoding", "chunked")]), false
            ),
            ("F19 upgrade", Frames.request("GET", path: "/", [("upgrade", "h2c")]), false),
            (
                "F19 proxy-connection",
                Frames.request("GET", path: "/", [("proxy-connection", "close")]), false
            ),
            ("F19 te", Frames.request("GET", path: "/", [("te", "gzip")]), false),
            ("F19 upper case", Frames.request("GET", path: "/", [("X-Upper", "1")]), false),
            ("F19 space", Frames.request("GET", path: "/", [("x", " y")]), false),
            ("F19 tab", Frames.request("GET", path: "/", [("x", "y\t")]), false),
            ("F19 CR", Frames.request("GET", path: "/", [("x", "a\rb")]), false),
            ("F19 NUL", Frames.request("GET", path: "/", [("x", "a\0b")]), false),
            ("F19 colon", Frames.request("GET", path: "/", [("a:b", "1")]), false),
            ("F19 name with a space", Frames.request("GET", path: "/", [("a b", "1")]), false),
            ("F19 no name", Frames.request("GET", path: "/", [("", "1")]), false),
            ("F19 two hosts", Frames.request("GET", path: "/", [("host", "other")]), false),
        ] as [(String, [(String, String)], Bool)])
    func malformed(name: String, fields: [(String, String)], isNoHost: Bool) throws {
        let peer = try Peer()

        peer.send(Frames.headers(1, fields) + Frames.get(3, "/next"))

        // The connection goes on: the next request is served.
        #expect(peer.heads.map(\.target.path) == ["/next"], "\(name)")
        #expect(peer.failure == nil, "\(name)")
        let wasReset = peer.resetCode(1) == ErrorCode.protocolError.rawValue
        let wasAnswered = peer.frames(ofType: 1, on: 1).count == 1
        #expect(wasReset != wasAnswered, "\(name)")
        let refusals = peer.events.filter { if case .refused(1, _) = $0 { true } else { false } }
        #expect(refusals.count == 1, "\(name)")
        #expect(!peer.events.contains { if case .request(1, _, _) = $0 { true } else { false } })
    }

    @Test(
        "what is well formed and not served gets an answer",
        arguments: [
            (Frames.request("CONNECT"), HTTP1Error.methodNotAllowed),
            (Frames.request("TRACE"), .methodNotAllowed),
            (Frames.request("get"), .badMethod),
            (Frames.request(path: "/" + String(repeating: "a", count: 17_000)), .targetTooLong),
            (Frames.request(path: "/a/../b"), .badTarget),
            (Frames.request("GET", path: "/", [("expect", "tea")]), .expectationFailed),
            (
                Frames.request(
                    "GET", path: "/", [("last-event-id", String(repeating: "1", count: 2000))]),
                .badLastEventID
            ),
        ])
    func answered(fields: [(String, String)], error: HTTP1Error) throws {
        let peer = try Peer()
        var fields = fields
        if fields[0].1 == "CONNECT" { fields.removeAll { [":scheme", ":path"].contains($0.0) } }

        for frame in Self.split(Frames.block(fields), on: 1) { peer.send(frame) }

        #expect(peer.events.first == .refused(1, .invalid(error)))
        #expect(peer.frames(ofType: 1, on: 1).count == 1)
        #expect(peer.failure == nil)
    }

    /// HEADERS and as many CONTINUATION frames as it takes.
    static func split(_ block: [UInt8], on stream: UInt32, size: Int = 16_384) -> [[UInt8]] {
        var frames: [[UInt8]] = []
        var rest = block[...]
        while !rest.isEmpty || frames.isEmpty {
            let piece = Array(rest.prefix(size))
            rest = rest.dropFirst(size)
            let end = rest.isEmpty ? Frames.endHeaders : 0
            frames.append(
                frames.isEmpty
                    ? Frames.frame(1, Frames.endStream | end, stream, piece)
                    : Frames.frame(9, end, stream, piece))
        }
        return frames
    }

    @Test func `F06: cookie crumbs are counted before they are joined`() throws {
        let peer = try Peer(limits: Peer.limits(fields: 50))
        let crumbs = (0..<50).map { ("cookie", "c\($0)=1") }

        peer.send(Frames.headers(1, Frames.request("GET", path: "/", crumbs)))

        #expect(peer.events.first == .refused(1, .invalid(.tooManyFields)))
    }

    @Test func `F05: a field costs 32 bytes more than it shows`() throws {
        let peer = try Peer(limits: Peer.limits(headerBytes: 4096, fields: 1000))
        let empty = (0..<125).map { _ in ("a", "") }

        peer.send(Frames.headers(1, Frames.request("GET", path: "/", empty)))

        #expect(peer.events.first == .refused(1, .invalid(.headTooLong)))
    }

    /// One field of 4,000 bytes goes into the table, then references of a byte each.
    private func bomb(_ count: Int) -> [UInt8] {
        [0x40] + Frames.string("x") + Frames.string(String(repeating: "y", count: 4000))
            + [UInt8](repeating: 0xBE, count: count)
    }

    @Test func `F05: references to a large field are counted with what they stand for`() throws {
        let peer = try Peer()
        let block = Frames.block(Frames.request()) + bomb(20)

        peer.send(Frames.frame(1, Frames.endStream | Frames.endHeaders, 1, block))

        #expect(peer.events.first == .refused(1, .invalid(.headTooLong)))
        #expect(peer.failure == nil)
    }

    @Test func `F05: a field section that unpacks to megabytes ends the connection`() throws {
        let peer = try Peer()
        let block = Frames.block(Frames.request()) + bomb(10_000)

        peer.send(Frames.frame(1, Frames.endStream | Frames.endHeaders, 1, block))

        #expect(peer.events.isEmpty)
        #expect(peer.failure == .headerFlood)
        #expect(peer.goAwayCode == ErrorCode.enhanceYourCalm.rawValue)
    }

    @Test func `F05: so do trailers, though nobody keeps them`() throws {
        let peer = try Peer()
        peer.send(Frames.get(1, end: false))

        peer.send(Frames.frame(1, Frames.endStream | Frames.endHeaders, 1, bomb(10_000)))

        #expect(peer.failure == .headerFlood)
        #expect(peer.goAwayCode == ErrorCode.enhanceYourCalm.rawValue)
    }

    @Test(
        "F20: a body of another length than promised is reset",
        arguments: [("4", 5), ("6", 5), ("5", 0)])
    func length(promised: String, sent: Int) throws {
        let peer = try Peer()
        peer.send(
            Frames.headers(
                1, Frames.request("POST", path: "/", [("content-length", promised)]),
                end: sent == 0))
        if sent > 0 { peer.send(Frames.data(1, [UInt8](repeating: 1, count: sent), end: true)) }
        peer.send(Frames.get(3))

        #expect(peer.resetCode(1) == ErrorCode.protocolError.rawValue)
        #expect(!peer.events.contains(.bodyEnd(1)))
        #expect(peer.heads.last?.target.path == "/")
        #expect(peer.failure == nil)
    }

    @Test(
        "F20: lengths that are no plain number are reset",
        arguments: ["+5", "-1", "0x5", "5,5", "", "99999999999999999999"])
    func badLength(value: String) throws {
        let peer = try Peer()
        peer.send(
            Frames.headers(
                1, Frames.request("POST", path: "/", [("content-length", value)]), end: false))

        #expect(peer.heads.isEmpty)
        #expect(peer.resetCode(1) != nil || peer.frames(ofType: 1, on: 1).count == 1)
    }

    @Test func `F25: trailers of a request are dropped`() throws {
        let peer = try Peer()
        peer.send(Frames.headers(1, Frames.request("POST"), end: false))
        peer.send(Frames.data(1, [1]))
        peer.send(Frames.headers(1, [("x-user", "root"), ("authorization", "x")]))

        #expect(peer.heads.count == 1)
        #expect(peer.heads[0].fields.all(named: "x-user") == [])
        #expect(peer.events.contains(.bodyEnd(1)))
        #expect(peer.failure == nil)
    }
}
