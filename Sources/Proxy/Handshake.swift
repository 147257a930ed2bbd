import Reactor
import Settings
import TLS
import Telemetry

/// Somebody who is connected, as the worker sees it: whom it counts, relieves and ends.
protocol ConnectedClient: AnyObject {
    /// Where it is counted.
    var place: Place { get }
    /// Whether the client has not taken everything yet.
    var isBlocked: Bool { get }
    /// When it last took something.
    var waitsSince: Duration { get }
    /// Ends a client that takes nothing, because others need the memory.
    func giveUp()
    /// Ends the connection if nobody would miss it.
    func finishIfIdle()
    /// Ends the connection and whatever is under way on it: the process ends.
    func abandon()
}

/// A client's connection on which HTTP can begin.
struct Established: ~Copyable {
    let transport: Transport
    let origin: ConnectedPeer
    /// Present where a handshake has registered the socket.
    let registration: Registration?
    let `protocol`: ApplicationProtocol

    enum ApplicationProtocol {
        case http1, http2
    }

    /// Makes the connection that speaks what was agreed.
    consuming func begin(on worker: Worker) throws(SystemCallError) {
        switch self.protocol {
        case .http1: try HTTP1Connection(self, worker: worker).begin()
        case .http2: try HTTP2Connection(self, worker: worker).begin()
        }
    }
}

/// A TLS handshake under way, with one deadline whatever has come of it.
final class Handshake: ConnectedClient {
    private let worker: Worker
    private let origin: ConnectedPeer
    private let context: TLSServerContext
    /// `nil` once it was handed on, or closed.
    private var transport: Transport?
    private var registration: Registration?
    private var timer: TimerID?
    private var deadline: Duration
    private var peerIsGone = false
    /// Whether it has failed, and the client gets to read why.
    private var isLingering = false
    private var discardedCount = 0

    /// What a client may go on saying behind a handshake that failed, before it is reset: one with a
    /// long message says all of it before it looks for an answer.
    private static let discardedMax = 4_194_304
    private static let readsPerTurn = 8

    var place: Place { origin.place }
    let isBlocked = false
    let waitsSince: Duration

    init(
        _ transport: consuming Transport, context: TLSServerContext, from origin: ConnectedPeer,
        worker: Worker
    ) throws(SystemCallError) {
        self.worker = worker
        self.context = context
        self.origin = origin
        waitsSince = worker.reactor.now
        deadline = worker.reactor.now + worker.running.settings.limits.handshakeTimeout
        let descriptor = transport.rawValue
        self.transport = consume transport
        registration = try worker.reactor.register(descriptor, handler: self)
        timer = worker.reactor.schedule(self, at: deadline)
        worker.add(self)
    }

    func giveUp() { close() }
    func finishIfIdle() { close() }
    func abandon() { close() }

    private func end(because reason: String, detail: String?) {
        record(reason, detail)
        close()
    }

    private func record(_ reason: String, _ detail: String?) {
        worker.record(
            LogEvent.Failure(
                level: .info, reason: reason, fault: .client, detail: detail,
                client: origin.peer, stream: nil, method: nil, path: nil),
            of: origin.network)
    }

    /// The alert is out. Closing now would reset a client that has said more meanwhile, as it may in
    /// TLS 1.3, and the alert could be lost with that.
    private func linger() {
        transport?.finishBelowTLS()
        isLingering = true
        endTimer()
        deadline = worker.reactor.now + ClientConnection.farewell
        timer = worker.reactor.schedule(self, at: deadline)
        discard()
    }

    private func discard() {
        let range = worker.buffer.readRange
        for _ in 0..<Self.readsPerTurn {
            switch transport?.receiveBelowTLS(into: worker.buffer.bytes, range) {
            case .bytes(let count): discardedCount += count
            case .wouldBlock:
                if peerIsGone { close() }
                return
            case .ended, .cut, .failed, nil: return close()
            }
            guard discardedCount < Self.discardedMax else { return close() }
        }
        if let registration { worker.reactor.again(registration, .readable) }
    }

    private func close() {
        guard transport != nil else { return }
        if let registration { worker.reactor.deregister(registration) }
        transport?.close()
        transport = nil
        endTimer()
        worker.remove(self)
    }

    private func endTimer() {
        if let timer { worker.reactor.cancel(timer) }
        timer = nil
    }

    /// The handshake is done. Data may have come with its last bytes, and no edge announces it
    /// again: whoever takes over reads at once.
    private func handOn() {
        let isHTTP2 = transport?.negotiatedProtocol() == "h2"
        var origin = origin
        if worker.running.listener(place.listener).tls?.clientCertificates != nil {
            origin.certificateName = transport?.certificateName()
        }
        origin.certificateScope = context.scope(for: transport?.serverName())
        guard let transport = transport.take() else { return }
        let established = Established(
            transport: transport, origin: origin, registration: registration,
            protocol: isHTTP2 ? .http2 : .http1)
        do throws(SystemCallError) {
            try established.begin(on: worker)
        } catch {
            if let registration { worker.reactor.deregister(registration) }
            worker.shared.addressBook.leave(place)
        }
        endTimer()
        worker.forget(self)
    }
}

extension Handshake: ReadinessHandler {
    func ready(_ readiness: Readiness) {
        if readiness.contains(.peerGone) { peerIsGone = true }
        guard !isLingering else { return discard() }
        switch transport?.handshake() {
        case nil: return
        case .done: handOn()
        case .wantsRead, .wantsWrite:
            if peerIsGone { end(because: "tls_peer_closed", detail: nil) }
        case .failed(let failure):
            record("\(failure.reason)", transport?.certificateProblem() ?? failure.detail)
            if failure.kind == .peerClosed { close() } else { linger() }
        }
    }
}

extension Handshake: TimerHandler {
    func timerFired(now: Duration) -> Duration? {
        guard deadline <= now else { return deadline }
        guard !isLingering else {
            close()
            return nil
        }
        end(because: "tls_handshake_timeout", detail: nil)
        return nil
    }
}
