import HTTP2
import Testing

/// What h2spec asks of a server, in our own words, by the number that each case has there (its groups
/// `http2/...`; those of `hpack/...` are in `FrameTests`). All of its 147 cases hold, with its strict ones;
/// those on closed streams (5.1/8 to 5.1/13) and on dependencies (5.3.1) too, which RFC 9113 no longer asks
/// for.
@Suite("HTTP/2: the cases of h2spec")
struct ConformanceTests {
    enum Outcome {
        /// The connection ends with one of these codes.
        case connection(Set<ErrorCode>)
        /// Stream 1 does, or the connection.
        case stream(Set<ErrorCode>)
        /// So many requests are heard, and nothing ends.
        case served(Int)
    }

    struct Case: CustomTestStringConvertible {
        let testDescription: String
        let outcome: Outcome
        let bytes: [UInt8]
        /// Whether requests are answered at once, so that they are closed.
        var answers = false

        init(_ id: String, _ outcome: Outcome, _ bytes: [UInt8]...) {
            (testDescription, self.outcome) = (id, outcome)
            self.bytes = bytes.flatMap(\.self)
        }

        /// The same on streams whose requests are answered.
        static func closed(_ id: String, _ outcome: Outcome, _ bytes: [UInt8]...) -> Case {
            var one = Case(id, outcome, bytes.flatMap(\.self))
            one.answers = true
            return one
        }
    }

    private static let get = Frames.get(1)
    private static let open = Frames.headers(1, Frames.request("POST"), end: false)
    private static let text = Array("test".utf8)
    private static let unfinished = Frames.headers(1, Frames.request(), complete: false)
    private static let continuation = Frames.frame(
        9, Frames.endHeaders, 1, Frames.block([("a", "b")]))
    private static let large = [UInt8](repeating: 1, count: 16_385)
    private static let priority = Frames.frame(2, 0, 1, Frames.big(0) + [255])
    private static let ping = Frames.ping()

    private static func head(_ fields: [(String, String)]) -> [UInt8] {
        Frames.headers(1, fields)
    }

    private static func request(_ more: (String, String)...) -> [UInt8] {
        Frames.headers(1, Frames.request("GET", path: "/", more))
    }

    static let frames: [Case] = [
        Case("4.1/1 an unknown type", .served(1), Frames.frame(0xFF, 0, 0, text), get),
        Case(
            "4.1/2 an undefined flag", .served(1), Frames.frame(6, 0x16, 0, Array(ping[9...])), get),
        Case("4.1/3 the reserved bit", .served(1), Frames.windowUpdate(1 << 31, 1), get),
        Case(
            "4.2/1 DATA of 2^14", .served(1), open,
            Frames.data(1, Array(large.dropLast()), end: true)),
        Case("4.2/2 DATA too large", .stream([.frameSizeError]), open, Frames.data(1, large)),
        Case(
            "4.2/3 HEADERS too large", .connection([.frameSizeError]), Frames.frame(1, 5, 1, large)),
        Case(
            "4.3/1 a broken block", .connection([.compressionError]), Frames.frame(1, 5, 1, [0x41])),
        Case("4.3/2 PRIORITY inside", .connection([.protocolError]), unfinished, priority),
        Case(
            "4.3/3 another HEADERS inside", .connection([.protocolError]), unfinished, Frames.get(3)
        ),
        Case("5.4.1/1 a bad PING", .connection([.frameSizeError]), Frames.frame(6, 0, 0, text)),
        Case("5.5/1 an extension", .served(1), Frames.frame(0x16, 0, 0, text), get),
        Case(
            "5.5/2 one inside", .connection([.protocolError]), unfinished,
            Frames.frame(0x16, 0, 0, text)),
        Case("6.1/1 DATA on 0", .connection([.protocolError]), Frames.data(0, text)),
        Case(
            "6.1/3 padding too long", .connection([.protocolError]), open,
            Frames.frame(0, 9, 1, [9, 1])),
        Case("6.2/3 HEADERS on 0", .connection([.protocolError]), Frames.get(0)),
        Case(
            "6.2/4 padding too long", .connection([.protocolError]),
            Frames.frame(1, 13, 1, [9, 0x82])),
        Case(
            "6.3/1 PRIORITY on 0", .connection([.protocolError]),
            Frames.frame(2, 0, 0, [0, 0, 0, 0, 1])),
        Case("6.3/2 PRIORITY of 4", .stream([.frameSizeError]), open, Frames.frame(2, 0, 1, text)),
        Case("6.4/1 RST_STREAM on 0", .connection([.protocolError]), Frames.reset(0)),
        Case(
            "6.4/3 RST_STREAM of 3", .connection([.frameSizeError]), open,
            Frames.frame(3, 0, 1, [0, 0, 0])),
        Case(
            "6.5/1 an acknowledgement that says something", .connection([.frameSizeError]),
            Frames.frame(4, 1, 0, [0, 1, 0, 0, 0, 1])),
        Case(
            "6.5/2 SETTINGS on a stream", .connection([.protocolError]), Frames.frame(4, 0, 1, [])),
        Case(
            "6.5/3 SETTINGS of 3", .connection([.frameSizeError]), Frames.frame(4, 0, 0, [0, 3, 0])),
        Case("6.5.2/1 ENABLE_PUSH of 2", .connection([.protocolError]), Frames.settings([(2, 2)])),
        Case(
            "6.5.2/2 INITIAL_WINDOW_SIZE of 2^31", .connection([.flowControlError]),
            Frames.settings([(4, 1 << 31)])),
        Case(
            "6.5.2/3 MAX_FRAME_SIZE too small", .connection([.protocolError]),
            Frames.settings([(5, 16_383)])),
        Case(
            "6.5.2/4 too large", .connection([.protocolError]), Frames.settings([(5, 16_777_216)])),
        Case("6.5.2/5 an unknown setting", .served(1), Frames.settings([(0xFF, 1)]), get),
        Case("6.7/1 PING", .served(1), ping, get),
        Case("6.7/2 an answer to none", .served(1), Frames.frame(6, 1, 0, Array(ping[9...])), get),
        Case(
            "6.7/3 PING on a stream", .connection([.protocolError]),
            Frames.frame(6, 0, 1, Array(ping[9...]))),
        Case(
            "6.7/4 PING of 6", .connection([.frameSizeError]), Frames.frame(6, 0, 0, text + [0, 0])),
        Case(
            "6.8/1 GOAWAY on a stream", .connection([.protocolError]),
            Frames.frame(7, 0, 1, Frames.big(0) + Frames.big(0))),
        Case("6.9/1 no increment", .connection([.protocolError]), Frames.windowUpdate(0, 0)),
        Case("6.9/2 none on a stream", .stream([.protocolError]), open, Frames.windowUpdate(1, 0)),
        Case(
            "6.9/3 WINDOW_UPDATE of 3", .connection([.frameSizeError]),
            Frames.frame(8, 0, 0, [0, 0, 1])),
        Case(
            "6.9.1/2 beyond 2^31-1", .connection([.flowControlError]),
            Frames.windowUpdate(0, 0x7FFF_FFFF)),
        Case(
            "6.9.1/3 beyond it on a stream", .stream([.flowControlError]), open,
            Frames.windowUpdate(1, 0x7FFF_FFFF)),
        Case(
            "6.10/1 CONTINUATION", .served(1), unfinished, Frames.frame(9, 0, 1, []), continuation),
        Case(
            "6.10/2 another frame in between", .connection([.protocolError]), unfinished,
            Frames.frame(9, 0, 1, []), Frames.data(1, text)),
        Case(
            "6.10/3 CONTINUATION on 0", .connection([.protocolError]), unfinished,
            Frames.frame(9, 4, 0, [])),
        Case("6.10/4 behind the end", .connection([.protocolError]), open, continuation),
        Case("6.10/5 twice", .connection([.protocolError]), unfinished, continuation, continuation),
        Case(
            "6.10/6 behind DATA", .connection([.protocolError]), open, Frames.data(1, text),
            continuation),
        Case(
            "8.2/1 PUSH_PROMISE", .connection([.protocolError]), get,
            Frames.frame(5, 4, 1, Frames.big(2))),
    ]

    static let streams: [Case] = [
        Case("5.1/1 idle: DATA", .connection([.protocolError]), Frames.data(1, text, end: true)),
        Case("5.1/2 idle: RST_STREAM", .connection([.protocolError]), Frames.reset(1)),
        Case(
            "5.1/3 idle: WINDOW_UPDATE", .connection([.protocolError]), Frames.windowUpdate(1, 100)),
        Case("5.1/4 idle: CONTINUATION", .connection([.protocolError]), continuation),
        Case(
            "5.1/5 half closed: DATA", .stream([.streamClosed]), get,
            Frames.data(1, text, end: true)),
        Case("5.1/6 half closed: HEADERS", .stream([.streamClosed]), get, get),
        Case(
            "5.1/7 half closed: CONTINUATION", .stream([.streamClosed, .protocolError]), get,
            continuation),
        Case(
            "5.1/8 reset: DATA", .connection([.streamClosed]), open, Frames.reset(1),
            Frames.data(1, text)),
        Case("5.1/9 reset: HEADERS", .connection([.streamClosed]), open, Frames.reset(1), get),
        Case(
            "5.1/10 reset: CONTINUATION", .connection([.streamClosed, .protocolError]), open,
            Frames.reset(1), continuation),
        .closed(
            "5.1/11 closed: DATA", .connection([.streamClosed]), get,
            Frames.data(1, text, end: true)),
        .closed("5.1/12 closed: HEADERS", .connection([.streamClosed]), get, get),
        .closed(
            "5.1/13 closed: CONTINUATION", .connection([.streamClosed, .protocolError]), get,
            continuation),
        Case("5.1.1/1 an even number", .connection([.protocolError]), Frames.get(2)),
        Case("5.1.1/2 a lower number", .connection([.protocolError]), Frames.get(5), Frames.get(3)),
        Case(
            "5.3.1/1 HEADERS of itself", .stream([.protocolError]),
            Frames.frame(1, 0x25, 1, Frames.big(1) + [255] + Frames.block(Frames.request()))),
        Case(
            "5.3.1/2 PRIORITY of itself", .stream([.protocolError]), open,
            Frames.frame(2, 0, 1, Frames.big(1) + [255])),
        Case("6.4/2 RST_STREAM of an idle stream", .connection([.protocolError]), Frames.reset(7)),
        Case(
            "8.1/1 a second HEADERS that does not end", .stream([.protocolError]), open,
            Frames.headers(1, [("x", "y")], end: false)),
        Case("8.1.2/1 a name in capitals", .stream([.protocolError]), request(("X-TEST", "ok"))),
        Case(
            "8.1.2.1/1 an unknown pseudo-field", .stream([.protocolError]), request((":test", "ok"))
        ),
        Case("8.1.2.1/2 one of responses", .stream([.protocolError]), request((":status", "200"))),
        Case(
            "8.1.2.1/3 one in trailers", .stream([.protocolError]), open, head([(":method", "200")])
        ),
        Case(
            "8.1.2.1/4 one behind a field", .stream([.protocolError]),
            head([("x", "y")] + Frames.request())),
        Case(
            "8.1.2.2/1 connection", .stream([.protocolError]), request(("connection", "keep-alive"))
        ),
        Case("8.1.2.2/2 te", .stream([.protocolError]), request(("te", "trailers, deflate"))),
        Case("8.1.2.3/1 an empty path", .stream([.protocolError]), head(Frames.request(path: ""))),
        Case(
            "8.1.2.3/2 no method", .stream([.protocolError]),
            head(Array(Frames.request().dropFirst()))),
        Case(
            "8.1.2.3/3 no scheme", .stream([.protocolError]),
            head(Frames.request().filter { $0.0 != ":scheme" })),
        Case("8.1.2.3/4 no path", .stream([.protocolError]), head(Frames.request().dropLast())),
        Case("8.1.2.3/5 two methods", .stream([.protocolError]), request((":method", "GET"))),
        Case("8.1.2.3/6 two schemes", .stream([.protocolError]), request((":scheme", "https"))),
        Case("8.1.2.3/7 two paths", .stream([.protocolError]), request((":path", "/"))),
        Case(
            "8.1.2.6/1 another length", .stream([.protocolError]),
            Frames.headers(1, Frames.request("POST", [("content-length", "1")]), end: false),
            Frames.data(1, text, end: true)),
        Case(
            "8.1.2.6/2 of several frames", .stream([.protocolError]),
            Frames.headers(1, Frames.request("POST", [("content-length", "1")]), end: false),
            Frames.data(1, text), Frames.data(1, text, end: true)),
    ]

    @Test("each ends what it must, and nothing else", arguments: frames + streams)
    func check(_ one: Case) throws {
        let peer = try Peer()
        if one.answers { peer.answer = { $0.respond($1, body: nil) } }

        peer.send(one.bytes)

        switch one.outcome {
        case .connection(let codes):
            #expect(codes.contains { $0.rawValue == peer.goAwayCode })
            #expect(peer.failure != nil)
        case .stream(let codes):
            let code = try #require(peer.resetCode(1) ?? peer.goAwayCode)
            #expect(codes.contains(ErrorCode(rawValue: code)), "\(code)")
        case .served(let count):
            #expect(peer.failure == nil)
            #expect(peer.goAwayCode == nil)
            #expect(peer.resetCode(1) == nil)
            #expect(peer.heads.count == count)
        }
    }

    @Test func `7/1 7/2: codes that nobody knows end no more than what they end`() throws {
        let peer = try Peer()
        peer.send(Self.open + Frames.reset(1, 0xFF) + Frames.get(3))
        peer.send(Frames.frame(7, 0, 0, Frames.big(0) + Frames.big(0xFF)))

        #expect(peer.failure == nil)
        #expect(peer.heads.count == 2)
        #expect(peer.goAwayCode == 0)
    }
}
