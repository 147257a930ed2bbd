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
    private let file: SocketFile?
    private var registration: Registration?
    private var isPaused = false
    /// By reason, of which there are a few.
    private var nextComplaints: [String: Duration] = [:]

    /// Accepts per turn, so that a flood of connections does not starve those that are served.
    private static let acceptsPerTurn = 64
    /// What the kernel may hold of one client's bytes before it has sent them.
    private static let unsentBytesMax: Int32 = 65_536
    private static let pause = Duration.milliseconds(100)
    private static let complaintInterval = Duration.seconds(1)

    init(_ bound: BoundSocket, worker: Worker) throws(SystemCallError) {
        self.worker = worker
        listener = bound.listener
        file = bound.file
        socket = ListeningSocket(adopting: bound.descriptor)
        registration = try worker.reactor.register(socket.rawValue, handler: self)
    }

    func close() {
        if let registration { worker.reactor.deregister(registration) }
        registration = nil
        // From here on a successor may bind the same path, and its file is not ours.
        file?.remove()
        socket.close()
    }

    private func acceptSome() {
        for _ in 0..<Self.acceptsPerTurn {
            guard !worker.shared.addressBook.isFull(listener, worker.running) else {
                // With nobody to keep waiting there is nothing to say.
                if socket.hasWaiting { pause(because: "connections_max", detail: nil) }
                return
            }
            switch socket.accept() {
            case .accepted(let client, let address):
                // The episode has a line of its own.
                if !worker.shared.isShortOfMemory { admit(client, from: address) }
            case .aborted: continue
            case .wouldBlock: return
            case .failed(let error):
                return pause(because: "accept_failed", detail: error.message)
            }
        }
        if let registration { worker.reactor.again(registration, .readable) }
    }

    /// Counts the connection. What a limit keeps out is closed, and costs no more than that.
    private func admit(_ client: consuming Socket, from address: SocketAddress) {
        let balancers = worker.running.listener(listener).proxyProtocolFrom
        guard balancers.isEmpty || balancers.contains(address: address.host) else {
            return complain("proxy_peer_unknown", nil, client: address.text)
        }
        let place = Place(
            listener: listener, prefix: balancers.isEmpty ? AddressPrefix(address) : nil)
        if let limit = worker.shared.addressBook.enter(place, worker.running) {
            return complain(limit.rawValue, nil, client: address.text)
        }
        if !address.isUnix {
            client.disableDelay()
            client.giveUpPeer(after: worker.running.settings.limits.deadPeerTimeout)
            client.limitUnsent(toBytes: Self.unsentBytesMax)
        }
        guard balancers.isEmpty else { return awaitHeader(client, from: address, at: place) }
        serve(client, from: address, at: place)
    }

    private func awaitHeader(
        _ client: consuming Socket, from address: SocketAddress, at place: Place
    ) {
        do throws(SystemCallError) {
            _ = try ProxiedPeer(
                client, from: address, at: place, acceptor: self, worker: worker)
        } catch {
            abandon(place, "accept_failed", error.message)
        }
    }

    /// Goes on with a connection whose balancer has named the client.
    func serve(_ client: consuming Socket, from address: SocketAddress, settling place: Place) {
        let prefix = AddressPrefix(address)
        if let prefix, let limit = worker.shared.addressBook.settle(prefix, worker.running) {
            worker.shared.addressBook.leave(place)
            return complain(limit.rawValue, nil, client: address.text)
        }
        serve(client, from: address, at: Place(listener: listener, prefix: prefix))
    }

    private func serve(_ client: consuming Socket, from address: SocketAddress, at place: Place) {
        guard let context = worker.running.contexts[listener] else {
            return begin(client, from: ConnectedPeer(address, at: place, isEncrypted: false))
        }
        let origin = ConnectedPeer(address, at: place, isEncrypted: true)
        do {
            _ = try Handshake(
                Transport(accepting: client, context: context), context: context, from: origin,
                worker: worker)
        } catch let error as TLSSetupError {
            abandon(place, "tls_setup", error.message)
        } catch {
            abandon(place, "accept_failed", (error as? SystemCallError)?.message ?? "\(error)")
        }
    }

    /// Without TLS there is nothing to agree on.
    private func begin(_ client: consuming Socket, from origin: ConnectedPeer) {
        let place = origin.place
        let established = Established(
            transport: Transport(plain: client), origin: origin, registration: nil,
            protocol: .http1)
        do throws(SystemCallError) {
            try established.begin(on: worker)
        } catch {
            abandon(place, "accept_failed", error.message)
        }
    }

    private func abandon(_ place: Place, _ reason: String, _ detail: String) {
        worker.shared.addressBook.leave(place)
        complain(reason, detail, client: nil)
    }

    private func pause(because reason: String, detail: String?) {
        complain(reason, detail, client: nil)
        guard !isPaused else { return }
        isPaused = true
        _ = worker.reactor.schedule(self, at: worker.reactor.now + Self.pause)
    }

    /// Says so, once a second for each reason.
    private func complain(_ reason: String, _ detail: String?, client: String?) {
        guard worker.reactor.now >= nextComplaints[reason, default: .zero] else { return }
        nextComplaints[reason] = worker.reactor.now + Self.complaintInterval
        record(reason, detail, client: client)
    }

    private func record(_ reason: String, _ detail: String?, client: String?) {
        worker.shared.record(
            .error(
                LogEvent.Failure(
                    level: client == nil ? .error : .info, reason: reason,
                    fault: client == nil ? .sluice : .client, detail: detail, client: client,
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
