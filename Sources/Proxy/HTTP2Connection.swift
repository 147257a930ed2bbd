import HTTP1
import HTTP2
import HTTPModel
import Reactor
import Settings
import Telemetry

/// A client's connection that speaks HTTP/2: many exchanges at a time, each on an `HTTP2Stream`.
///
/// The session turns bytes into requests and answers into frames; it calls back while it does so,
/// and must not be entered again then. So nothing is sent during `isBusy`: what the callbacks queue
/// leaves when the call has returned (`pump`), and whoever can go on since is told last (`settle`).
final class HTTP2Connection: ClientConnection {
    private var session: ServerSession?
    private var streams: [Int32: HTTP2Stream] = [:]
    /// Whether the session is at work, further up the stack.
    private(set) var isBusy = false
    /// Streams whose client has taken all that waited.
    private var drained: [HTTP2Stream] = []
    /// Streams whose response is out although their request is not in.
    private var answeredEarly: [HTTP2Stream] = []
    /// Bytes that wait in the streams.
    private var streamBytes = 0
    /// Until when a field section that has begun must be whole, whatever else goes on.
    private var headDeadline: Duration?
    private var hasGreeted = false
    /// What the head that is coming in is counted as.
    private var draftBytes = 0

    /// Reads per turn, so that one busy client does not starve the others.
    private static let readsPerTurn = 8

    func begin() {
        do throws(SessionFailure) {
            session = try ServerSession(
                SessionLimits(worker.running.settings, head: worker.running.headLimits),
                handler: self)
        } catch {
            return fail(error)
        }
        setDeadline(now + limits.headerTimeout)
        receive()
        pump()
        settle()
    }

    // MARK: Receiving

    override func receive() {
        for _ in 0..<Self.readsPerTurn {
            guard case .open = phase, session != nil else { return }
            let space = worker.framesIn
            switch transport.receive(into: space, 0..<space.capacity) {
            case .bytes(let count): consume(space.bytes(0..<count))
            case .wouldBlock:
                if peerIsGone { clientEnded() }
                return
            case .ended, .cut, .failed: return clientEnded()
            }
        }
        if let registration { worker.reactor.again(registration, .readable) }
    }

    private func consume(_ bytes: Span<UInt8>) {
        guard let session else { return }
        isBusy = true
        session.receive(bytes, now: now)
        isBusy = false
        noteProgress(of: session)
        pump()
        settle()
    }

    /// What has come may be the beginning of HTTP/2, or of a field section, or its end.
    private func noteProgress(of session: ServerSession) {
        if !hasGreeted, !session.awaitsPreface {
            hasGreeted = true
            if streams.isEmpty { setDeadline(now + limits.keepAliveTimeout) }
        }
        noteDraft(of: session)
        guard session.awaitsHead else { return headDeadline = nil }
        guard headDeadline == nil else { return }
        let end = now + limits.headerTimeout
        headDeadline = end
        hasten(to: end)
    }

    private func noteDraft(of session: ServerSession) {
        let change = session.draftBytes - draftBytes
        draftBytes += change
        if !noteHeld(change) {
            session.refuseDraft()
            noteDraft(of: session)
        }
    }

    private func clientEnded() {
        peerIsGone = true
        if session?.awaitsPreface == true { record(.clientGone, request: nil, stream: nil) }
        close()
    }

    /// The client broke the protocol, or does too much of what leads nowhere.
    private func fail(_ failure: SessionFailure) {
        record(.session(failure), request: nil, stream: nil)
        finish(isHurried: true)
    }

    // MARK: Sending

    /// Sends what the session has, as far as the client takes it.
    func pump() {
        guard !isBusy, case .open = phase, let session else { return }
        let space = worker.framesOut
        while outbox.isEmpty, session.wantsOutput {
            isBusy = true
            let count = space.withMutableBytes(0..<space.capacity) { space in
                session.takeOutput(into: &space, now: now)
            }
            isBusy = false
            guard count > 0 else { return }
            send(space.bytes(0..<count))
        }
    }

    /// Tells those who can go on, and ends the connection when all is said.
    func settle() {
        guard !isBusy else { return }
        while let stream = answeredEarly.popLast() { stream.reset(.noError) }
        while let stream = drained.popLast() { stream.clientDrained() }
        guard case .open = phase, let session else { return }
        // What it had to say to that is out, or as far out as the client takes it.
        if let failure = session.failure { return fail(failure) }
        if outbox.isEmpty, session.isFinished { finish() }
    }

    override func outboxDrained() {
        pump()
        settle()
    }

    override var waitingBytes: Int { outbox.count + streamBytes }

    func noteStreamBytes(_ change: Int) {
        streamBytes += change
        noteWaiting()
    }

    // MARK: What a stream asks for

    func respond(
        _ stream: Int32, _ head: ResponseHead, answering method: Method, framing: BodyFraming,
        hasBody: Bool
    ) {
        let isSent = session?.respond(
            stream, head, answering: method, framing: framing, hasBody: hasBody)
        if isSent == false { reset(stream, .internalError) }
    }

    /// The response to a CONNECT that goes on with another protocol (RFC 8441, section 5): what only
    /// HTTP/1.1 wants of a WebSocket stays behind.
    func openTunnel(_ stream: Int32, _ head: ResponseHead) {
        var fields = Fields()
        for entry in head.fields.entries
        where head.fields.nameText(of: entry).lowercased() != "sec-websocket-accept" {
            let (name, value) = (head.fields.bytes[entry.name], head.fields.bytes[entry.value])
            fields.append(name: Array(name).span, value: Array(value).span)
        }
        let accepting = ResponseHead(
            status: 200, reason: "", version: .http2, fields: fields, framing: .untilClose,
            allowsReuse: false)
        respond(stream, accepting, answering: .get, framing: .untilClose, hasBody: true)
    }

    func inform(_ stream: Int32, _ head: ResponseHead) { session?.inform(stream, head) }

    func bodyIsReady(_ stream: Int32) { session?.bodyIsReady(stream) }

    func consumed(_ count: Int, of stream: Int32) { session?.consumed(count, of: stream) }

    func reset(_ stream: Int32, _ code: ErrorCode) {
        session?.reset(stream, code)
        pump()
    }

    func noteDrained(_ stream: HTTP2Stream) { drained.append(stream) }

    // MARK: The end

    override func finishIfIdle() {
        guard case .open = phase else { return }
        session?.shutDown()
        pump()
        settle()
    }

    override func abandon() {
        for stream in streams.values { stream.exchange?.abandon() }
        close()
    }

    override var isBlocked: Bool { !outbox.isEmpty || streamBytes > 0 }

    override var waitsSince: Duration {
        streams.values.filter(\.isBlocked).map(\.lastProgress).min() ?? lastProgress
    }

    override func giveUp() {
        let slowest = streams.values.filter(\.isBlocked).min { $0.lastProgress < $1.lastProgress }
        if let slowest { return slowest.stalled() }
        record(.clientStalled, request: nil, stream: nil)
        cut()
    }

    override func letGo() {
        let all = streams
        streams = [:]
        drained = []
        answeredEarly = []
        for stream in all.values { stream.closed(nil) }
        session = nil
    }

    // MARK: Time

    override func openTimerFired() -> Duration {
        if !outbox.isEmpty, lastProgress + limits.writeTimeout <= now {
            record(.clientStalled, request: nil, stream: nil)
            for stream in streams.values { stream.exchange?.clientFailed(.clientStalled) }
            cut()
            return now
        }
        for stream in streams.values where stream.deadline <= now { stream.expire() }
        if let headDeadline, headDeadline <= now {
            expireHead()
        } else if streams.isEmpty, deadline <= now {
            expireIdle()
        }
        return nextLook
    }

    private var nextLook: Duration {
        var next = streams.values.map(\.deadline).min() ?? deadline
        if !outbox.isEmpty { next = min(next, lastProgress + limits.writeTimeout) }
        if let headDeadline { next = min(next, headDeadline) }
        return min(next, now + .seconds(60))
    }

    /// No exchange for too long, or not even the beginning of HTTP/2.
    private func expireIdle() {
        if session?.awaitsPreface == true { return expireHead() }
        session?.shutDown()
        pump()
        finish()
    }

    /// What has begun does not end.
    private func expireHead() {
        record(.headTimeout, request: nil, stream: nil)
        session?.end(.protocolError)
        pump()
        finish()
    }
}

extension HTTP2Connection: SessionHandler {
    func requestArrived(_ head: RequestHead, on id: Int32, isComplete: Bool) {
        // From here on the exchange counts it.
        _ = noteHeld(-draftBytes)
        draftBytes = 0
        let stream = HTTP2Stream(id, on: self, requestIsComplete: isComplete)
        streams[id] = stream
        stream.begin(head)
    }

    func requestRefused(_ refusal: RequestRefusal, on id: Int32, isComplete: Bool) {
        let failure: Failure =
            switch refusal {
            case .malformed: .malformedHTTP2
            case .invalid(let error): .malformed(error)
            case .unavailable: .pendingBytes
            }
        record(failure, request: nil, stream: nil)
        guard let answer = failure.answer else { return }
        let stream = HTTP2Stream(id, on: self, requestIsComplete: isComplete)
        streams[id] = stream
        stream.send(answer, answering: nil)
    }

    func bodyArrived(_ bytes: Span<UInt8>, on id: Int32) {
        guard let stream = streams[id] else { return consumed(bytes.count, of: id) }
        stream.bodyArrived(bytes)
    }

    func bodyEnded(on id: Int32) { streams[id]?.bodyEnded() }

    /// A client that is still sending stops when it is told, and keeps the answer (RFC 9113,
    /// section 8.1).
    func responseEnded(on id: Int32) {
        if let stream = streams[id], stream.isAnsweredEarly { answeredEarly.append(stream) }
    }

    func streamClosed(_ id: Int32, error: ErrorCode) {
        guard let stream = streams.removeValue(forKey: id) else { return }
        stream.closed(error)
        if streams.isEmpty { setDeadline(now + limits.keepAliveTimeout) }
    }

    func readBody(of id: Int32, into space: inout MutableSpan<UInt8>) -> BodyPiece {
        streams[id]?.fill(&space) ?? BodyPiece(count: 0, isLast: true)
    }
}

extension SessionLimits {
    init(_ settings: Settings, head: HeadLimits) {
        let http2 = settings.http2
        self.init(
            streamsMax: http2.streamsMax, streamWindow: http2.streamWindow,
            connectionWindow: http2.connectionWindow, headerBytesMax: head.headBytesMax,
            fieldCountMax: head.fieldCountMax, fieldBytesMax: head.fieldBytesMax,
            targetBytesMax: head.targetBytesMax, resetsMax: http2.resetsMax,
            controlFramesMax: http2.controlFramesMax)
    }
}
