import HTTP2
import HTTPModel
import Testing

/// Every frame by the state of its stream (RFC 9113, section 5.1): what nghttp2 throws away without a
/// word is judged and counted all the same.
@Suite("HTTP/2: frames on streams that are over, or were never there")
struct StreamStateTests {
    /// How a stream came to be what it is.
    enum State: CaseIterable {
        /// The client has ended its side; the answer is still to come.
        case halfClosed
        /// Request and answer are whole.
        case answered
        /// The client has reset it.
        case canceled
        /// We have reset it before the request was whole, and nobody has taken that yet.
        case resetUnsent
        /// The same, and the client could know.
        case reset
        /// Its answer was whole before its request.
        case answeredEarly
        /// There was no room for it.
        case refused
        /// Its fields broke the rules.
        case malformed
        /// Opened after our GOAWAY.
        case afterGoAway
        /// Its number was left out.
        case skipped
        /// Nobody has opened it.
        case idle
        /// Only a server could open it.
        case even

        /// Whether the client had ended its side of it.
        var hasEnded: Bool {
            switch self {
            case .halfClosed, .answered, .canceled: true
            default: false
            }
        }
    }

    enum Kind: CaseIterable {
        case emptyData, lastData, data, paddedData, headers, emptyHeaders, priority, reset
        case windowUpdate, unknown, priorityUpdate, continuation

        func frame(on stream: UInt32) -> [UInt8] {
            switch self {
            case .emptyData: Frames.data(stream, [])
            case .lastData: Frames.data(stream, [], end: true)
            case .data: Frames.data(stream, [UInt8](repeating: 1, count: 1024))
            case .paddedData: Frames.frame(0, Frames.padded, stream, [200] + pad + pad)
            case .headers: Frames.get(stream)
            case .emptyHeaders: Frames.frame(1, Frames.endHeaders | Frames.endStream, stream, [])
            case .priority: Frames.frame(2, 0, stream, Frames.big(0) + [1])
            case .reset: Frames.reset(stream)
            case .windowUpdate: Frames.windowUpdate(stream, 1)
            case .unknown: Frames.frame(0x42, 0xFF, stream, [1])
            case .priorityUpdate: Frames.frame(0x10, 0, 0, Frames.big(stream) + Array("u=1".utf8))
            case .continuation: Frames.frame(9, Frames.endHeaders, stream, [])
            }
        }

        private var pad: [UInt8] { [UInt8](repeating: 0, count: 200) }
    }

    /// Brings a stream into that state, and says which.
    private func arrange(_ state: State, _ peer: Peer) -> UInt32 {
        switch state {
        case .halfClosed: peer.send(Frames.get(9))
        case .answered:
            peer.answer = { $0.respond($1, body: nil) }
            peer.send(Frames.get(9))
            peer.answer = nil
        case .canceled: peer.send(Frames.get(9, end: false) + Frames.reset(9))
        case .resetUnsent: peer.send(Frames.get(9, end: false))
        case .reset:
            peer.send(Frames.get(9, end: false))
            peer.act { $0.reset(9, .cancel) }
        case .answeredEarly:
            peer.send(Frames.get(9, end: false))
            peer.respond(9, body: nil)
            peer.take()
            peer.act { $0.reset(9, .noError) }
        case .refused:
            peer.send((0..<3).flatMap { Frames.get(UInt32($0) * 2 + 1, end: false) })
            peer.send(Frames.get(9, end: false))
        case .malformed: peer.send(Frames.headers(9, [(":method", "GET"), ("A", "b")], end: false))
        case .afterGoAway:
            peer.send(Frames.get(1, end: false))
            peer.act { $0.shutDown() }
            peer.send(Frames.get(9, end: false))
        case .skipped: peer.send(Frames.get(11, end: false))
        case .idle: return 9
        case .even: return 10
        }
        return 9
    }

    private static let resetsMax = 60
    private static let framesMax = 300

    /// What a frame of that kind must lead to: the code that ends the connection at once, or `nil` when
    /// it is counted until there are too many.
    private func breach(_ kind: Kind, _ state: State) -> ErrorCode? {
        switch (kind, state) {
        case (.priority, _), (.unknown, _), (.priorityUpdate, _): nil
        case (.continuation, _): .protocolError
        case (_, .even): .protocolError
        case (.headers, .idle), (.emptyHeaders, .idle): nil
        case (_, .idle): .protocolError
        case (.reset, _), (.windowUpdate, _): nil
        case (.headers, .skipped), (.emptyHeaders, .skipped): .protocolError
        case (_, .skipped): .streamClosed
        case (_, let state) where state.hasEnded: .streamClosed
        case (_, _): nil
        }
    }

    @Test("each kind of frame in each state ends the connection, or is counted and does so later")
    func all() throws {
        for state in State.allCases {
            for kind in Kind.allCases where !(state == .idle && kind == .headers) {
                try check(kind, state)
            }
        }
    }

    private func check(_ kind: Kind, _ state: State) throws {
        let peer = try Peer(
            limits: Peer.limits(
                streams: 3, resets: Self.resetsMax, controlFrames: Self.framesMax))
        let stream = arrange(state, peer)
        let label = "\(kind) on a stream that is \(state)"
        let before = peer.failure
        #expect(before == nil, "\(label)")
        let events = peer.events.count
        if state == .resetUnsent { peer.actUnheard { $0.reset(9, .cancel) } }

        var sent = 0
        while peer.failure == nil, sent < 2 * Self.framesMax {
            peer.send(
                kind.frame(on: stream), taking: state != .resetUnsent)
            sent += 1
        }
        peer.take()

        if let code = breach(kind, state) {
            #expect(sent == 1, "\(label)")
            #expect(peer.failure == .protocolViolation(code), "\(label)")
            #expect(peer.goAwayCode == code.rawValue, "\(label)")
        } else {
            #expect(sent <= Self.framesMax + 1, "\(label): \(sent)")
            let calm = ErrorCode.enhanceYourCalm.rawValue
            #expect(peer.failure != nil, "\(label)")
            #expect(peer.goAwayCode != nil, "\(label)")
            if kind != .emptyHeaders { #expect(peer.goAwayCode == calm, "\(label)") }
        }
        // A stream may only hear of its end; nobody is told of what came after it.
        let late = peer.events.dropFirst(events).filter {
            switch $0 {
            case .closed: false
            case .refused: kind != .emptyHeaders
            default: true
            }
        }
        #expect(late.isEmpty, "\(label): \(late)")
    }

    // MARK: What must not be taken for an attack

    @Test func `an upload that is answered early may go on until its client hears of it`() throws {
        let peer = try Peer()
        let body = [UInt8](repeating: 1, count: 16_384)
        for number in 0..<100 {
            let stream = UInt32(number * 2 + 1)
            peer.send(Frames.headers(stream, Frames.request("POST"), end: false))
            peer.send(Frames.data(stream, body))
            peer.respond(Int32(stream), body: nil)
            peer.take()
            peer.act { $0.reset(Int32(stream), .noError) }
            // What was under way, the end of the request, and its trailers.
            for _ in 0..<3 { peer.send(Frames.data(stream, body)) }
            peer.send(Frames.headers(stream, [("x-sum", "1")]))
        }

        #expect(peer.failure == nil)
        #expect(peer.resetCode(1) == ErrorCode.noError.rawValue)
    }

    @Test func `the window of what comes too late is given back to the connection`() throws {
        let peer = try Peer()
        peer.send(Frames.headers(1, Frames.request("POST"), end: false))
        peer.act { $0.reset(1, .cancel) }
        let body = [UInt8](repeating: 1, count: 16_384)

        // Four times what the connection allows at a time.
        for _ in 0..<256 { peer.send(Frames.data(1, body)) }

        #expect(peer.failure == nil)
        let given = peer.frames(ofType: 8, on: 0).reduce(0) {
            $0 + Int(SentFrame.number($1.payload[...]))
        }
        #expect(given >= 3 * 1_048_576)
    }

    @Test func `window updates and a reset that crossed the end of a stream are no breach`() throws
    {
        let peer = try Peer()
        peer.answer = { $0.respond($1, body: nil) }
        for number in 0..<100 {
            let stream = UInt32(number * 2 + 1)
            peer.send(Frames.get(stream))
            peer.send(Frames.windowUpdate(stream, 1000) + Frames.windowUpdate(stream, 1000))
            peer.send(Frames.reset(stream))
        }

        #expect(peer.failure == nil)
        #expect(peer.heads.count == 100)
    }

    @Test("a stream's end and what comes after it are told apart however they are cut")
    func cuts() throws {
        let bytes = Frames.get(1) + Frames.data(1, [], end: true)
        for size in 1...bytes.count {
            let peer = try Peer()
            peer.send(bytes, inPiecesOf: size)
            #expect(peer.failure == .protocolViolation(.streamClosed), "\(size)")
            #expect(peer.heads.count == 1, "\(size)")
        }
    }

    // MARK: Field sections that nobody wants

    /// Sixteen kilobytes that unpack to as many fields, of four kilobytes each.
    private static let bomb = [UInt8](repeating: 0xBE, count: 16_000)
    /// The entry that they name.
    private static let entry =
        [0x40] + Frames.string("x") + Frames.string(String(repeating: "a", count: 4000))

    @Test(
        "F05: a section that is unpacked for nobody counts by its size",
        arguments: [State.reset, .answeredEarly, .refused, .malformed, .afterGoAway])
    func bombs(state: State) throws {
        let peer = try Peer(
            limits: Peer.limits(streams: 3, resets: 10_000, controlFrames: Self.framesMax))
        let stream = arrange(state, peer)
        peer.send(
            Frames.frame(1, Frames.endHeaders | Frames.endStream, stream, Self.entry))

        var sent = 0
        while peer.failure == nil, sent < Self.framesMax {
            peer.send(
                Frames.frame(1, Frames.endHeaders | Frames.endStream, stream, Self.bomb))
            sent += 1
        }

        #expect(sent <= 20, "\(sent)")
        #expect(peer.goAwayCode == ErrorCode.enhanceYourCalm.rawValue)
    }

    @Test(
        "F05: refused and malformed requests are unpacked for nobody, and count by their size",
        arguments: [true, false])
    func refusedBombs(isRefused: Bool) throws {
        let peer = try Peer(
            limits: Peer.limits(
                streams: isRefused ? 1 : 100, resets: 10_000, controlFrames: Self.framesMax))
        peer.send(
            Frames.frame(1, Frames.endHeaders, 1, Frames.block(Frames.request()) + Self.entry))
        let bad = isRefused ? [] : Frames.block([("A", "b")])

        var sent = 0
        while peer.failure == nil, sent < Self.framesMax {
            let stream = UInt32(sent) * 2 + 3
            let block = Frames.block(Frames.request()) + bad + Self.bomb
            peer.send(Frames.frame(1, Frames.endHeaders | Frames.endStream, stream, block))
            sent += 1
        }

        #expect(sent <= 20, "\(sent)")
        #expect(peer.goAwayCode == ErrorCode.enhanceYourCalm.rawValue)
    }

    @Test func `F05: fields that are named again count as they are sent on`() throws {
        let peer = try Peer(limits: Peer.limits(controlFrames: Self.framesMax))
        let first = Frames.block(Frames.request()) + Self.entry
        peer.send(Frames.frame(1, Frames.endHeaders | Frames.endStream, 1, first))

        // Sixty kilobytes each, which no limit of one request forbids.
        var sent = 0
        while peer.failure == nil, sent < 200 {
            let stream = UInt32(sent) * 2 + 3
            let block = Frames.block(Frames.request()) + [UInt8](repeating: 0xBE, count: 15)
            peer.send(Frames.frame(1, Frames.endHeaders | Frames.endStream, stream, block))
            peer.respond(Int32(stream), body: nil)
            sent += 1
        }

        #expect(sent <= 5, "\(sent)")
        #expect(peer.failure == .headerFlood)
    }

    @Test func `a cookie that the table holds is no bomb`() throws {
        let peer = try Peer(limits: Peer.limits(controlFrames: Self.framesMax))
        let cookie =
            [0x40] + Frames.string("cookie") + Frames.string(String(repeating: "c", count: 3500))
        peer.answer = { $0.respond($1, body: nil) }
        let first = Frames.block(Frames.request()) + cookie
        peer.send(Frames.frame(1, Frames.endHeaders | Frames.endStream, 1, first))
        for number in 1..<2000 {
            let block = Frames.block(Frames.request()) + [0xBE]
            let stream = UInt32(number) * 2 + 1
            peer.send(Frames.frame(1, Frames.endHeaders | Frames.endStream, stream, block))
        }

        #expect(peer.failure == nil)
        #expect(peer.heads.count == 2000)
    }
}
