import Reactor
import Settings
import TLS
import Telemetry

/// A worker's share of one listener: accepts connections and hands them to the worker.
///
/// When descriptors run out it pauses instead of spinning, and says so once a second at most; what
/// waits in the kernel's queue is accepted later.
final class Acceptor {
    private let worker: Worker
    private let listener: Int
    private var socket: ListeningSocket
    private var registration: Registration?
    private var isPaused = false
    private var nextComplaint = Duration.zero

    /// Accepts per turn, so that a flood of connections does not starve those that are served.
    private static let acceptsPerTurn = 64
    /// What the kernel may hold of one client's bytes before it has sent them.
    private static let unsentBytesMax: Int32 = 65_536
    private static let pause = Duration.milliseconds(100)
    private static let complaintInterval = Duration.seconds(1)

    init(
        _ socket: consuming ListeningSocket, listener: Int, worker: Worker
    ) throws(SystemCallError) {
        self.worker = worker
        self.listener = listener
        self.socket = socket
        registration = try worker.reactor.register(self.socket.rawValue, handler: self)
    }

    func close() {
        if let registration { worker.reactor.deregister(registration) }
        registration = nil
        socket.close()
    }

    private func acceptSome() {
        for _ in 0..<Self.acceptsPerTurn {
            guard !worker.isFull else { return pause(because: "connections_max", detail: nil) }
            switch socket.accept() {
            case .accepted(let client, let address): admit(client, from: address)
            case .aborted: continue
            case .wouldBlock: return
            case .failed(let error):
                return pause(because: "accept_failed", detail: error.message)
            }
        }
        if let registration { worker.reactor.again(registration, .readable) }
    }

    private func admit(_ client: consuming Socket, from address: SocketAddress) {
        if !address.isUnix {
            client.disableDelay()
            client.giveUpPeer(after: worker.running.settings.limits.deadPeerTimeout)
            client.limitUnsent(toBytes: Self.unsentBytesMax)
        }
        guard let context = worker.running.contexts[listener] else {
            return begin(
                client, from: ConnectedPeer(address, listener: listener, isEncrypted: false))
        }
        let origin = ConnectedPeer(address, listener: listener, isEncrypted: true)
        do {
            _ = try Handshake(
                Transport(accepting: client, context: context), from: origin, worker: worker)
        } catch let error as TLSSetupError {
            complain("tls_setup", error.message)
        } catch {
            complain("accept_failed", (error as? SystemCallError)?.message)
        }
    }

    /// Without TLS there is nothing to agree on.
    private func begin(_ client: consuming Socket, from origin: ConnectedPeer) {
        let established = Established(
            transport: Transport(plain: client), origin: origin, registration: nil,
            protocol: .http1)
        do throws(SystemCallError) {
            try established.begin(on: worker)
        } catch {
            complain("accept_failed", error.message)
        }
    }

    private func pause(because reason: String, detail: String?) {
        complain(reason, detail)
        guard !isPaused else { return }
        isPaused = true
        _ = worker.reactor.schedule(self, at: worker.reactor.now + Self.pause)
    }

    private func complain(_ reason: String, _ detail: String?) {
        guard worker.reactor.now >= nextComplaint else { return }
        nextComplaint = worker.reactor.now + Self.complaintInterval
        worker.shared.record(
            .error(
                LogEvent.Failure(
                    level: .error, reason: reason, fault: .sluice, detail: detail, client: nil,
                    stream: nil, method: nil, path: nil)))
    }
}

extension Acceptor: ReadinessHandler {
    func ready(_ readiness: Readiness) {
        if !isPaused { acceptSome() }
    }
}

extension Acceptor: TimerHandler {
    func timerFired(now: Duration) -> Duration? {
        isPaused = false
        if registration != nil { acceptSome() }
        return nil
    }
}
