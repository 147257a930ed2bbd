import HTTP1
import HTTPModel
import Reactor
import Settings
import TLS
import Telemetry

/// One client's connection: handshake, then one exchange after the other (HTTP/1.1).
///
///     handshaking ──> readingHead <──> exchanging
///                          └────┬──────────┘
///                               v
///                           finishing ──> lingering ──> closed
///
/// While an exchange waits for its response nothing is read but its request body, so a client that
/// pipelines is held back by TCP. In `finishing` the last bytes leave; in `lingering` our side is
/// shut and the peer's last bytes are thrown away, so that closing does not reset the connection
/// before the client has read its answer.
final class ClientConnection {
    enum Phase {
        case handshaking
        case readingHead
        case exchanging(Exchange)
        case finishing
        case lingering
        case closed
    }

    let worker: Worker
    /// Address and port of the peer, for logs.
    let peer: String
    /// The address alone.
    let peerHost: String
    let isEncrypted: Bool
    /// Where it is counted, and by which listener it came.
    let place: Place
    var transport: Transport
    var phase = Phase.handshaking
    private(set) var outbox = Outbox()
    /// How much of the outbox the worker's books know of.
    private var bufferedBytes = 0
    var inbox = Inbox()
    var finder = HeadFinder()
    /// What the finder has seen of a head that goes on.
    var partialHead: [UInt8] = []
    /// What is left of the current request's body.
    var bodyDecoder: BodyDecoder?
    var peerIsGone = false
    var registration: Registration?
    var timer: TimerID?
    /// The end of the current phase's patience.
    var deadline = Duration.zero
    /// When the client last took bytes that were waiting for it.
    var lastProgress = Duration.zero

    /// How long a client may take to read its last bytes, and to close after them.
    static let farewell = Duration.seconds(1)
    /// Whether the connection ends by an eviction, which does not wait for a slow reader.
    var isHurried = false

    init(
        _ transport: consuming Transport, from address: SocketAddress, at place: Place,
        isEncrypted: Bool, worker: Worker
    ) throws(SystemCallError) {
        self.worker = worker
        self.transport = transport
        self.isEncrypted = isEncrypted
        self.place = place
        peer = address.text
        peerHost = address.host
        registration = try worker.reactor.register(self.transport.rawValue, handler: self)
        deadline = worker.reactor.now + worker.running.settings.limits.handshakeTimeout
        timer = worker.reactor.schedule(self, at: deadline)
        worker.add(self)
    }

    var now: Duration { worker.reactor.now }
    var descriptor: CInt { transport.rawValue }

    /// Whether the client has not taken everything yet: its gateway is paused meanwhile.
    var isBlocked: Bool { !outbox.isEmpty }

    // MARK: Sending

    /// Adds bytes that leave together with what follows, at the next `flush`.
    func queue(_ bytes: [UInt8]) {
        if outbox.isEmpty { lastProgress = now }
        outbox.append(bytes)
        noteBuffered()
    }

    /// Sends bytes of the worker's buffer, or keeps what the socket does not take.
    func send(_ range: Range<Int>) {
        let buffer = worker.buffer.bytes
        let bytes = buffer.bytes(range)
        guard outbox.isEmpty else {
            outbox.append(bytes)
            return noteBuffered()
        }
        let sent = write(bytes)
        guard sent < bytes.count else { return }
        outbox.append(bytes.extracting(sent..<bytes.count))
        noteBuffered()
        lastProgress = now
        watchProgress()
    }

    /// Sends what waits.
    func flush() {
        guard !outbox.isEmpty else { return }
        let sent = write(outbox.waiting)
        if sent > 0 { lastProgress = now }
        outbox.take(sent)
        noteBuffered()
        if outbox.isEmpty {
            drained()
        } else {
            if sent > 0, case .exchanging(let exchange) = phase { exchange.noteBlocked() }
            watchProgress()
        }
    }

    /// Forgets what waits: nobody will take it.
    func dropOutbox() {
        outbox = Outbox()
        noteBuffered()
    }

    private func noteBuffered() {
        let change = outbox.count - bufferedBytes
        bufferedBytes = outbox.count
        if change != 0 { worker.noteBuffered(change) }
    }

    /// How many of `bytes` the socket has taken; all, when nobody takes them any more.
    private func write(_ bytes: Span<UInt8>) -> Int {
        var sent = 0
        while sent < bytes.count {
            switch transport.send(bytes.extracting(sent..<bytes.count)) {
            case .bytes(let count): sent += count
            case .wouldBlock: return sent
            case .cut:
                peerIsGone = true
                if let registration { worker.reactor.again(registration, .peerGone) }
                return bytes.count
            }
        }
        return sent
    }

    private func drained() {
        switch phase {
        case .exchanging(let exchange): exchange.clientDrained()
        case .finishing: linger()
        case .readingHead:
            if !finder.hasBegun {
                setDeadline(now + worker.running.settings.limits.keepAliveTimeout)
            }
            // Nothing was read as long as the answer before was not taken.
            if let registration { worker.reactor.again(registration, .readable) }
        case .handshaking, .lingering, .closed: return
        }
    }

    // MARK: Time

    func setDeadline(_ deadline: Duration) {
        self.deadline = deadline
        if let timer { worker.reactor.hasten(timer, to: deadline) }
    }

    private func watchProgress() {
        guard let timer else { return }
        worker.reactor.hasten(
            timer, to: lastProgress + worker.running.settings.limits.writeTimeout)
    }

    func record(_ failure: Failure, request: RequestHead?, stream: String?) {
        worker.shared.record(
            .error(
                LogEvent.Failure(
                    level: failure.level, reason: failure.reason, fault: failure.fault,
                    detail: failure.detail, client: peer, stream: stream,
                    method: request?.method.text, path: request?.target.path)))
    }
}
