import HTTP1
import HTTP2
import HTTPModel
import Reactor
import Settings
import Telemetry

/// One stream of HTTP/2, and the exchange that it carries.
///
/// What the client has no window for waits in the `outbox`: a page of it, and at most one read more,
/// since the gateway is paused then. What the gateway does not take yet stays within the window that
/// the client was given (`unconsumed`). The request's way is in `HTTP2Stream+Request.swift`.
final class HTTP2Stream: Carrier {
    let connection: HTTP2Connection
    let id: Int32
    /// `nil` once it is over; what is queued still leaves.
    var exchange: Exchange?
    var requestIsComplete: Bool
    private var isClosed = false
    /// Whether a RST_STREAM of ours is on its way.
    private var isReset = false
    private var hasHead = false
    private var hasBody = false
    /// Whether the body ends with what is queued.
    private var isLastQueued = false
    private var trailers: Fields?
    private var outbox = Outbox()
    /// Bytes of the worker's buffer that may be taken while they stand there.
    private var lent: Range<Int>?
    /// When the client last took a kilobyte of what was waiting for it, or all of it: by single bytes
    /// it could keep everything for ever (F06, F12).
    private(set) var lastProgress: Duration
    private var takenSince = 0
    private static let progress = 1024
    private var isHurried = false

    /// Whether the client's bytes wait until the gateway goes on with another protocol.
    var awaitsTunnel = false
    /// Body of the request that came before the gateway could take it.
    private(set) var held: [UInt8] = []
    /// What the client has sent and was not given back as window.
    var unconsumed = 0
    var lastBodyProgress: Duration

    /// Keeps bytes of the body for later. Whether that is within the limits.
    func hold(_ bytes: Span<UInt8>) -> Bool {
        held.append(copying: bytes)
        return connection.noteHeld(bytes.count)
    }

    func takeHeld() -> [UInt8] {
        defer { held = [] }
        _ = connection.noteHeld(-held.count)
        return held
    }

    init(_ id: Int32, on connection: HTTP2Connection, requestIsComplete: Bool) {
        self.id = id
        self.connection = connection
        self.requestIsComplete = requestIsComplete
        lastProgress = connection.now
        lastBodyProgress = connection.now
    }

    var worker: Worker { connection.worker }
    var origin: ConnectedPeer { connection.origin }
    var `protocol`: ClientProtocol { .http2 }
    var descriptor: CInt { connection.descriptor }
    var now: Duration { connection.now }
    var isBlocked: Bool { !outbox.isEmpty }
    /// Small events are collected up to here, so that they leave in one frame and not in many: some
    /// clients take many small ones for an attack (F23).
    var isFull: Bool { outbox.count >= 4096 }

    func begin(_ head: RequestHead) {
        // What stands behind the wish for another protocol is for the one that grants it.
        awaitsTunnel = head.upgrade != nil
        let exchange = Exchange(
            head, client: self, requestIsComplete: requestIsComplete || awaitsTunnel)
        self.exchange = exchange
        exchange.start()
    }

    func noteHeld(_ change: Int) -> Bool { connection.noteHeld(change) }

    // MARK: The response

    func sendInterim(_ head: ResponseHead) {
        connection.inform(id, head)
        flush()
    }

    func queueHead(_ head: ResponseHead, answering request: RequestHead, isStream: Bool) {
        hasHead = true
        let framing = isStream ? .chunked : head.framing
        hasBody = framing != .none && framing != .length(0)
        connection.respond(
            id, head, answering: request.method, framing: framing, hasBody: hasBody)
    }

    func queueTrailers(_ fields: Fields) { trailers = fields }

    func sendBody(_ payload: Range<Int>, isLast: Bool) {
        guard !isClosed else { return }
        if isLast { isLastQueued = true }
        let buffer = worker.buffer.bytes
        if outbox.isEmpty, !connection.isBusy {
            lent = payload
            connection.bodyIsReady(id)
            connection.pump()
            if let rest = lent, !rest.isEmpty { keep(buffer.bytes(rest)) }
            lent = nil
        } else {
            keep(buffer.bytes(payload))
            connection.bodyIsReady(id)
            connection.pump()
        }
        connection.settle()
    }

    func queueBody(_ bytes: [UInt8], isLast: Bool) {
        guard !isClosed else { return }
        if isLast { isLastQueued = true }
        keep(bytes.span)
        connection.bodyIsReady(id)
    }

    func flush() {
        connection.pump()
        connection.settle()
    }

    func openTunnel(_ head: ResponseHead, to name: String) {
        hasHead = true
        hasBody = true
        awaitsTunnel = false
        connection.openTunnel(id, head)
        resumeBody()
    }

    private func keep(_ bytes: Span<UInt8>) {
        guard !bytes.isEmpty, !isClosed else { return }
        if outbox.isEmpty { (lastProgress, takenSince) = (now, 0) }
        outbox.append(bytes)
        connection.noteStreamBytes(bytes.count)
        connection.hasten(to: deadline)
    }

    /// The session has room for more of the body.
    func fill(_ space: inout MutableSpan<UInt8>) -> BodyPiece {
        var count = 0
        if !outbox.isEmpty {
            count = space.copy(outbox.waiting)
            outbox.take(count)
            takenSince += count
            if outbox.isEmpty || takenSince >= Self.progress {
                (lastProgress, takenSince) = (now, 0)
                if !outbox.isEmpty { exchange?.noteBlocked() }
            }
            connection.noteStreamBytes(-count)
            if outbox.isEmpty { connection.noteDrained(self) }
        } else if let range = lent {
            let buffer = worker.buffer.bytes
            count = space.copy(buffer.bytes(range))
            lent = range.lowerBound + count..<range.upperBound
        }
        let isLast = isLastQueued && outbox.isEmpty && lent?.isEmpty != false
        return BodyPiece(count: count, isLast: isLast, trailers: isLast ? trailers : nil)
    }

    /// Whether the response is out although the request is not in, and nobody wants the rest. The other
    /// direction of a tunnel goes on.
    var isAnsweredEarly: Bool { !requestIsComplete && exchange?.isTunnel != true }

    /// The client has taken all that was waiting for it.
    func clientDrained() {
        if outbox.isEmpty { exchange?.clientDrained() }
    }

    private func dropOutbox() {
        let count = outbox.count
        outbox = Outbox()
        if count > 0 { connection.noteStreamBytes(-count) }
    }

    // MARK: The end

    func exchangeEnded(mayGoOn: Bool, isHurried: Bool) {
        exchange = nil
        self.isHurried = isHurried
        lastProgress = now
        forgetRequestBody()
        connection.hasten(to: deadline)
        flush()
    }

    func answer(_ answer: Answer, to request: RequestHead, mayGoOn: Bool) {
        exchange = nil
        send(answer, answering: request.method)
        forgetRequestBody()
        flush()
    }

    func send(_ answer: Answer, answering method: Method?) {
        let (head, body) = answer.parts(answering: method)
        hasHead = true
        hasBody = !body.isEmpty
        connection.respond(
            id, head, answering: method ?? .get, framing: head.framing, hasBody: hasBody)
        lastProgress = now
        queueBody(body, isLast: true)
        connection.hasten(to: deadline)
    }

    func breakOff() {
        exchange = nil
        dropOutbox()
        // The connection's window outlives the stream.
        forgetRequestBody()
        guard !isClosed else { return }
        reset(hasHead ? .internalError : .cancel)
        connection.settle()
    }

    func reset(_ code: ErrorCode) {
        isReset = true
        connection.reset(id, code)
    }

    /// The session is done with the stream, by this code, or the connection has ended.
    func closed(_ code: ErrorCode?) {
        isClosed = true
        dropOutbox()
        let isTunnel = exchange?.isTunnel == true
        // Both sides have said all. The exchange, which has just said its last, ends by itself; that
        // of a tunnel when the gateway has taken what the client said last.
        if isLastQueued, code == .noError, requestIsComplete || !isTunnel {
            if !isTunnel { _ = takeHeld() }
            return
        }
        forgetRequestBody()
        exchange?.clientFailed(code.map { .clientReset($0) } ?? .clientGone)
        exchange = nil
    }

    /// The client takes nothing, and somebody else needs the memory or the time is up.
    func stalled() {
        if let exchange { return exchange.clientFailed(.clientStalled) }
        guard !isReset, !isClosed else { return }
        record(.clientStalled, request: nil, stream: nil)
        dropOutbox()
        reset(.cancel)
    }

    // MARK: Time

    /// When patience with the client ends; far away while it is nobody's turn but the gateway's.
    var deadline: Duration {
        let limits = connection.limits
        // What it says last leaves when the connection's socket takes it, which has its own deadline.
        guard !isReset else { return now + .seconds(3600) }
        guard let exchange else {
            return lastProgress + (isHurried ? ClientConnection.farewell : limits.writeTimeout)
        }
        var next = now + .seconds(3600)
        if isBlocked { next = min(next, lastProgress + limits.writeTimeout) }
        if awaitsBody(of: exchange) { next = min(next, lastBodyProgress + limits.bodyTimeout) }
        return next
    }

    private func awaitsBody(of exchange: Exchange) -> Bool {
        !requestIsComplete && held.isEmpty && exchange.wantsRequestBody && !exchange.isTunnel
    }

    func expire() {
        guard let exchange else { return stalled() }
        exchange.clientFailed(isBlocked ? .clientStalled : .bodyTimeout)
    }
}

extension MutableSpan<UInt8> {
    /// Copies as much of `bytes` to the beginning as there is room for, and says how much.
    mutating func copy(_ bytes: Span<UInt8>) -> Int {
        let count = Swift.min(self.count, bytes.count)
        for index in 0..<count { self[index] = bytes[index] }
        return count
    }
}
