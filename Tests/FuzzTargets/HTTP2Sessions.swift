import HTTP2
import TestRandom

/// A connection of HTTP/2: whatever a client sends, and whenever the handler answers.
enum HTTP2Sessions {
    private static let streamsMax = 8

    static func check(_ bytes: [UInt8]) throws(BrokenProperty) {
        let script = HTTP2Script(bytes)
        try play(script)
        let received = script.receivedBeforeGoAway
        let cuttings = Cuttings(received)
        // A flood is counted before a read is looked at, so it may end a connection earlier.
        guard events(of: [received], script).failure != .controlFlood else { return }
        _ = try cuttings.agree(on: "a client is heard the same in any pieces") { pieces in
            events(of: pieces, script).events
        }
    }

    private static func limits(_ script: HTTP2Script, controlFramesMax: Int) -> SessionLimits {
        SessionLimits(
            streamsMax: streamsMax, streamWindow: script.isNarrow ? 64 : 65_536,
            connectionWindow: script.isNarrow ? 65_535 : 1_048_576, headerBytesMax: 2048,
            fieldCountMax: 12, fieldBytesMax: 256, targetBytesMax: 64, resetsMax: 20,
            controlFramesMax: controlFramesMax)
    }

    // MARK: - What a connection is

    private static func play(_ script: HTTP2Script) throws(BrokenProperty) {
        let listener = HTTP2Listener(answers: script.answers, streamsMax: streamsMax)
        let session: ServerSession
        do throws(SessionFailure) {
            session = try ServerSession(
                limits(script, controlFramesMax: 100), handler: listener)
        } catch {
            throw BrokenProperty(description: "a session can be made: \(error)")
        }
        listener.attach(session)
        var now = Duration.seconds(1000)
        var output = try takeAll(session, now)
        for step in script.steps {
            let wasOver = session.failure != nil
            let count = listener.events.count
            perform(step, session, listener, &now)
            if wasOver, case .receive = step {
                try require(
                    listener.events.count == count, "after a failure nothing is received")
            }
            output += try takeAll(session, now)
            try require(listener.fault == nil, listener.fault ?? "")
        }
        try checkFrames(output)
        guard session.failure != nil else { return }
        try require(session.isFinished, "a session that failed comes to its end")
    }

    private static func perform(
        _ step: HTTP2Script.Step, _ session: ServerSession, _ listener: HTTP2Listener,
        _ now: inout Duration
    ) {
        switch step {
        case .receive(let bytes): session.receive(bytes.span, now: now)
        case .respond(let stream, let body, let ends):
            listener.respond(stream, body: body, ends: ends)
        case .inform(let stream):
            if listener.open.contains(stream) { session.inform(stream, .goOn) }
        case .bodyIsReady(let stream): session.bodyIsReady(stream)
        case .reset(let stream, let code):
            if listener.open.contains(stream) { session.reset(stream, ErrorCode(rawValue: code)) }
        case .shutDown: session.shutDown()
        case .wait(let seconds): now += .seconds(seconds)
        }
    }

    /// All that the session has to say now, which must come to an end.
    private static func takeAll(
        _ session: ServerSession, _ now: Duration
    ) throws(BrokenProperty) -> [UInt8] {
        var taken: [UInt8] = []
        while true {
            var space = [UInt8](repeating: 0, count: 1000)
            var span = space.mutableSpan
            let count = session.takeOutput(into: &span, now: now)
            if count == 0 { return taken }
            taken += space[..<count]
            try require(taken.count <= 1_048_576, "what a session says has an end")
        }
    }

    /// What was said are whole frames, none larger than any client takes.
    private static func checkFrames(_ output: [UInt8]) throws(BrokenProperty) {
        var rest = output[...]
        while !rest.isEmpty {
            let header = Array(rest.prefix(9))
            try require(header.count == 9, "only whole frames are sent")
            let length = Int(header[0]) << 16 | Int(header[1]) << 8 | Int(header[2])
            try require(length <= 16_384, "a frame is one that every client takes")
            try require(rest.count >= 9 + length, "only whole frames are sent")
            rest = rest.dropFirst(9 + length)
        }
    }

    // MARK: - However it is cut

    /// What the handler hears of the client's bytes, with nothing sent in between: when a session
    /// speaks is no matter of cutting.
    private static func events(
        of pieces: [[UInt8]], _ script: HTTP2Script
    ) -> (events: [HTTP2Listener.Event], failure: SessionFailure?) {
        let listener = HTTP2Listener(answers: script.answers, streamsMax: streamsMax)
        guard
            let session = try? ServerSession(
                limits(script, controlFramesMax: 1_000_000), handler: listener)
        else { return ([], nil) }
        listener.attach(session)
        for piece in pieces { session.receive(piece.span, now: .seconds(1000)) }
        return (listener.events, session.failure)
    }
}
