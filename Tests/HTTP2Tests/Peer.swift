import HTTP1
import HTTP2
import HTTPModel

/// A session and the client at its other end, which says whatever a test wants. What the session
/// tells its handler is kept; a request is answered as the test says.
final class Peer: SessionHandler {
    enum Event: Equatable {
        case request(Int32, String, isComplete: Bool)
        case refused(Int32, RequestRefusal)
        case body(Int32, Int)
        case bodyEnd(Int32)
        case closed(Int32, UInt32)
    }

    private var session: ServerSession?
    private(set) var events: [Event] = []
    private(set) var heads: [RequestHead] = []
    /// Streams whose response was said to have left whole.
    private(set) var ended: [Int32] = []
    private(set) var frames: [SentFrame] = []
    /// What each stream's body has left to say.
    var bodies: [Int32: [UInt8]] = [:]
    /// Whether a body ends when it is empty.
    var endsBodies = true
    /// Answers each request, if set.
    var answer: ((Peer, Int32) -> Void)?
    var now = Duration.seconds(1000)
    /// Whether received bytes are given back as window.
    var consumes = true

    init(
        limits: SessionLimits = Peer.limits(), greets: Bool = true
    ) throws {
        session = try ServerSession(limits, handler: self)
        if greets { send(Frames.preface + Frames.settings()) }
    }

    static func limits(
        streams: Int = 100, window: Int = 65_536, headerBytes: Int = 65_536, fields: Int = 100,
        resets: Int = 200, controlFrames: Int = 2000
    ) -> SessionLimits {
        SessionLimits(
            streamsMax: streams, streamWindow: window, connectionWindow: 1_048_576,
            headerBytesMax: headerBytes, fieldCountMax: fields, fieldBytesMax: 8192,
            targetBytesMax: 16_384, resetsMax: resets, controlFramesMax: controlFrames)
    }

    var failure: SessionFailure? { session?.failure }
    var isFinished: Bool { session?.isFinished ?? true }
    var awaitsHead: Bool { session?.awaitsHead ?? false }
    var awaitsPreface: Bool { session?.awaitsPreface ?? false }

    /// The client sends bytes, in pieces of at most `size`, and takes what is said to it.
    func send(_ bytes: [UInt8], inPiecesOf size: Int = .max) {
        var start = 0
        while start < bytes.count {
            let end = size == .max ? bytes.count : min(start + size, bytes.count)
            let piece = Array(bytes[start..<end])
            session?.receive(piece.span, now: now)
            start = end
            take()
        }
    }

    /// Takes all that the session has to say.
    func take() {
        var taken: [UInt8] = []
        while let session {
            var space = [UInt8](repeating: 0, count: 16_384)
            var span = space.mutableSpan
            let count = session.takeOutput(into: &span, now: now)
            if count == 0 { break }
            taken += space[..<count]
        }
        frames += SentFrame.all(in: taken)
    }

    /// The client sends bytes; without `taking` it reads nothing of what is said to it.
    func send(_ bytes: [UInt8], taking: Bool) {
        guard !taking else { return send(bytes) }
        session?.receive(bytes.span, now: now)
    }

    /// The session does something of which the client reads nothing yet.
    func actUnheard(_ action: (ServerSession) -> Void) {
        if let session { action(session) }
    }

    func act(_ action: (ServerSession) -> Void) {
        if let session { action(session) }
        take()
    }

    /// A plain response; with a body unless it is `nil`.
    func respond(_ stream: Int32, body: [UInt8]?, status: Int = 200) {
        bodies[stream] = body
        let head = ResponseHead(
            status: status, reason: "", version: .http11, fields: Fields(),
            framing: body == nil ? .none : .chunked, allowsReuse: true)
        _ = session?.respond(
            stream, head, answering: .get, framing: head.framing, hasBody: body != nil)
    }

    func frames(ofType type: UInt8, on stream: UInt32? = nil) -> [SentFrame] {
        frames.filter { $0.type == type && (stream == nil || $0.stream == stream) }
    }

    /// The code with which the session has ended a stream, or the connection.
    func resetCode(_ stream: UInt32) -> UInt32? { frames(ofType: 3, on: stream).first?.code }
    var goAwayCode: UInt32? { frames(ofType: 7).last?.code }

    // MARK: SessionHandler

    func requestArrived(_ head: RequestHead, on stream: Int32, isComplete: Bool) {
        heads.append(head)
        events.append(.request(stream, head.target.text, isComplete: isComplete))
        answer?(self, stream)
    }

    func requestRefused(_ refusal: RequestRefusal, on stream: Int32, isComplete: Bool) {
        events.append(.refused(stream, refusal))
        if case .invalid = refusal { respond(stream, body: nil, status: 400) }
    }

    func bodyArrived(_ bytes: Span<UInt8>, on stream: Int32) {
        events.append(.body(stream, bytes.count))
        if consumes { session?.consumed(bytes.count, of: stream) }
    }

    func bodyEnded(on stream: Int32) { events.append(.bodyEnd(stream)) }

    func responseEnded(on stream: Int32) { ended.append(stream) }

    func streamClosed(_ stream: Int32, error: ErrorCode) {
        events.append(.closed(stream, error.rawValue))
    }

    func readBody(of stream: Int32, into space: inout MutableSpan<UInt8>) -> BodyPiece {
        let body = bodies[stream] ?? []
        let count = min(body.count, space.count)
        for index in 0..<count { space[index] = body[index] }
        bodies[stream] = Array(body[count...])
        return BodyPiece(count: count, isLast: count == body.count && endsBodies)
    }
}
