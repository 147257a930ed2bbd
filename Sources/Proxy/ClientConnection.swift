import HTTP1
import HTTPModel
import Reactor
import Settings
import TLS
import Telemetry

/// One client's connection once it is established: the bytes that wait for the client, the time it
/// has, and how it ends. What is spoken on it is the matter of `HTTP1Connection` and
/// `HTTP2Connection`.
///
///     open ──> finishing ──> lingering ──> closed
///
/// In `finishing` the last bytes leave; in `lingering` our side is shut and the peer's last bytes
/// are thrown away, so that closing does not reset the connection before the client has read them.
class ClientConnection: ConnectedClient {
    enum Phase {
        case open, finishing, lingering, closed
    }

    let worker: Worker
    let origin: ConnectedPeer
    var transport: Transport
    var phase = Phase.open
    private(set) var outbox = Outbox()
    /// What is held of its requests.
    private var held = HeldBytes()
    /// How much of what waits the worker's books know of.
    private var notedBytes = 0
    var peerIsGone = false
    /// Whether nobody takes bytes any more.
    private(set) var isCut = false
    var registration: Registration?
    var timer: TimerID?
    /// The end of the current phase's patience.
    var deadline = Duration.zero
    /// When the client last took bytes that were waiting for it.
    var lastProgress: Duration

    /// How long a client may take to read its last bytes, and to close after them.
    static let farewell = Duration.seconds(1)
    /// Whether the connection ends by an eviction, which does not wait for a slow reader.
    var isHurried = false

    /// Takes over a connection whose handshake is done.
    init(_ established: consuming Established, worker: Worker) throws(SystemCallError) {
        self.worker = worker
        origin = established.origin
        registration = established.registration
        transport = established.transport
        lastProgress = worker.reactor.now
        if let registration {
            worker.reactor.hand(registration, to: self)
        } else {
            registration = try worker.reactor.register(transport.rawValue, handler: self)
        }
        timer = worker.reactor.schedule(self, at: worker.reactor.now)
        worker.add(self)
    }

    var now: Duration { worker.reactor.now }
    var limits: Settings.Limits { worker.running.settings.limits }
    var descriptor: CInt { transport.rawValue }
    var place: Place { origin.place }

    /// Whether the client has not taken everything yet.
    var isBlocked: Bool { !outbox.isEmpty }

    /// All bytes that wait for the client.
    var waitingBytes: Int { outbox.count }

    /// When the client last took some of them.
    var waitsSince: Duration { lastProgress }

    // MARK: What is spoken

    /// Reads and acts on what the client sends, while the connection is open.
    func receive() {}

    /// The client has taken all that was in the outbox, while the connection is open.
    func outboxDrained() {}

    /// The client has taken some of what was in the outbox.
    func outboxMoved() {}

    /// Does what is due, and says when to look again, while the connection is open.
    func openTimerFired() -> Duration { now + .seconds(3600) }

    /// Lets go of whatever is under way: the connection is about to finish or to close.
    func letGo() {}

    /// Ends the connection if nobody would miss it: no request has begun on it.
    func finishIfIdle() {}

    /// Ends the connection and whatever is under way on it: the process ends.
    func abandon() { close() }

    /// Ends a client that takes nothing, because others need the memory.
    func giveUp() { cut() }

    // MARK: Sending

    /// Adds bytes that leave together with what follows, at the next `flush`.
    func queue(_ bytes: [UInt8]) {
        if outbox.isEmpty { lastProgress = now }
        outbox.append(bytes)
        noteWaiting()
    }

    /// Sends bytes, or keeps what the socket does not take.
    func send(_ bytes: Span<UInt8>) {
        guard outbox.isEmpty else {
            outbox.append(bytes)
            return noteWaiting()
        }
        let sent = write(bytes)
        guard sent < bytes.count else { return }
        outbox.append(bytes.extracting(sent..<bytes.count))
        noteWaiting()
        lastProgress = now
        watchProgress()
    }

    /// Sends what waits.
    func flush() {
        guard !outbox.isEmpty else { return }
        let sent = write(outbox.waiting)
        if sent > 0 { lastProgress = now }
        outbox.take(sent)
        noteWaiting()
        if outbox.isEmpty {
            switch phase {
            case .open: outboxDrained()
            case .finishing: linger()
            case .lingering, .closed: return
            }
        } else {
            if sent > 0, case .open = phase { outboxMoved() }
            watchProgress()
        }
    }

    /// Forgets what waits: nobody will take it.
    func dropOutbox() {
        outbox = Outbox()
        noteWaiting()
    }

    /// Counts bytes of requests that are held, or were given back. Whether that is within the limits.
    func noteHeld(_ change: Int) -> Bool {
        held.note(
            change, of: origin.network, in: worker.shared.pendingBytes,
            connectionMax: limits.pendingBytesPerConnection, processMax: limits.pendingBytes)
    }

    /// Nothing is held any more, whoever is told of it later.
    func endHolding() { held.end(of: origin.network, in: worker.shared.pendingBytes) }

    /// Tells the worker how much is waiting now.
    func noteWaiting() {
        let change = waitingBytes - notedBytes
        notedBytes = waitingBytes
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
                isCut = true
                if let registration { worker.reactor.again(registration, .peerGone) }
                return bytes.count
            }
        }
        return sent
    }

    // MARK: Time

    func setDeadline(_ deadline: Duration) {
        self.deadline = deadline
        hasten(to: deadline)
    }

    func hasten(to deadline: Duration) {
        if let timer { worker.reactor.hasten(timer, to: deadline) }
    }

    private func watchProgress() { hasten(to: lastProgress + limits.writeTimeout) }
}

extension ClientConnection: ReadinessHandler {
    func ready(_ readiness: Readiness) {
        if readiness.contains(.peerGone) { peerIsGone = true }
        if readiness.contains(.writable) {
            flush()
            if case .finishing = phase, outbox.isEmpty { linger() }
        }
        // Also when only writable: TLS may have owed the peer a word first.
        switch phase {
        case .open: receive()
        case .finishing: if peerIsGone { close() }
        case .lingering: discard()
        case .closed: return
        }
    }

    /// Throws away what still comes, until the peer has closed its side too.
    private func discard() {
        let readsPerTurn = 8
        for _ in 0..<readsPerTurn {
            let range = worker.buffer.readRange
            switch transport.receive(into: worker.buffer.bytes, range) {
            case .bytes: continue
            case .wouldBlock:
                if peerIsGone { close() }
                return
            case .ended, .cut, .failed: return close()
            }
        }
        if let registration { worker.reactor.again(registration, .readable) }
    }
}
