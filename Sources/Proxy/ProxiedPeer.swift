import ProxyProtocol
import Reactor
import Settings
import Telemetry

/// A connection from a balancer, until the PROXY header has come that names its client. It takes
/// exactly the header from the socket and hands the rest on untouched.
///
/// The header is looked at where it stands, in the kernel, until it is whole: nothing is buffered.
final class ProxiedPeer: ConnectedClient {
    private let acceptor: Acceptor
    private let worker: Worker
    private let address: SocketAddress
    let place: Place
    let isBlocked = false
    let waitsSince: Duration
    private var socket: Socket?
    private var registration: Registration?
    private var timer: TimerID?
    /// Whether anything has come. A balancer that only looks whether somebody listens sends nothing.
    private var hasBegun = false

    init(
        _ socket: consuming Socket, from address: SocketAddress, at place: Place,
        acceptor: Acceptor, worker: Worker
    ) throws(SystemCallError) {
        self.acceptor = acceptor
        self.worker = worker
        self.address = address
        self.place = place
        waitsSince = worker.reactor.now
        let rawValue = socket.rawValue
        self.socket = consume socket
        registration = try worker.reactor.register(rawValue, handler: self)
        timer = worker.reactor.schedule(
            self, at: worker.reactor.now + worker.running.settings.limits.handshakeTimeout)
        worker.add(self)
    }

    private func look(peerIsGone: Bool) {
        guard let progress = peek() else { return close() }
        switch progress {
        case .needsMore where peerIsGone: refuse("the connection ended inside it")
        case .needsMore: return
        case .whole(let header): handOver(header)
        case .malformed(let fault): refuse(fault.rawValue)
        }
    }

    /// What stands at the beginning; `nil` when the peer has gone without a word.
    private func peek() -> ProxyHeader.Progress? {
        let start = worker.buffer.readRange.lowerBound
        let buffer = worker.buffer.bytes
        switch socket?.peek(into: buffer, start..<start + ProxyHeader.bytesMax) {
        case .bytes(let count):
            hasBegun = true
            return ProxyHeader.read(buffer.bytes(start..<start + count))
        case .wouldBlock: return .needsMore
        case .end, .failed, nil: return nil
        }
    }

    private func handOver(_ header: ProxyHeader) {
        let start = worker.buffer.readRange.lowerBound
        let taken = socket?.read(into: worker.buffer.bytes, start..<start + header.length)
        guard taken == .bytes(header.length) else { return refuse("it could not be read") }
        let client = header.source.map { SocketAddress(ip: $0.address, port: $0.port) } ?? address
        guard let client else { return refuse("bad_address") }
        if let registration, let socket = release(registration) {
            acceptor.serve(socket, from: client, settling: place)
        }
        worker.forget(self)
    }

    /// Takes the socket out; it is counted on.
    private func release(_ registration: Registration) -> Socket? {
        guard let socket = socket.take() else { return nil }
        worker.reactor.withdraw(registration, socket.rawValue)
        self.registration = nil
        endTimer()
        return socket
    }

    private func refuse(_ detail: String) {
        worker.record(
            LogEvent.Failure(
                level: .info, reason: "proxy_header_malformed", fault: .client, detail: detail,
                client: address.text, stream: nil, method: nil, path: nil),
            of: ConnectedPeer(address, at: place, isEncrypted: false).network)
        close()
    }

    func close() {
        guard let registration else { return }
        worker.reactor.deregister(registration)
        self.registration = nil
        endTimer()
        socket?.close()
        worker.remove(self)
    }

    func giveUp() { close() }
    func finishIfIdle() { close() }
    func abandon() { close() }

    private func endTimer() {
        if let timer { worker.reactor.cancel(timer) }
        timer = nil
    }
}

extension ProxiedPeer: ReadinessHandler {
    func ready(_ readiness: Readiness) {
        look(peerIsGone: readiness.contains(.peerGone))
    }
}

extension ProxiedPeer: TimerHandler {
    func timerFired(now: Duration) -> Duration? {
        timer = nil
        if hasBegun { refuse("it did not end in time") } else { close() }
        return nil
    }
}
