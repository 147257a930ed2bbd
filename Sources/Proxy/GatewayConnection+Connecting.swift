import HTTP1
import HTTPModel
import Reactor
import Settings
import TLS
import Telemetry

/// Establishing a connection to a gateway: to the first address that can be reached. Nothing of the
/// request has been sent then, so any request may go to the next one.
extension GatewayConnection {
    /// Starts with the best destination. Returns why there is none.
    func connect() -> Failure? {
        var failure = Failure.gatewayConnectTimeout
        while let destination = route.popFirst() {
            do {
                guard !worker.backlog.hasRow(at: destination.endpoint) else {
                    awaitRoom(at: destination)
                    return nil
                }
                try open(destination)
                return nil
            } catch let error as SystemCallError where error.isBacklogFull {
                awaitRoom(at: destination)
                return nil
            } catch let error as SystemCallError {
                guard !error.isExhaustion else {
                    failure = .exhausted(error)
                    // Ports are counted by destination: another address may have some (R06).
                    if error.isOutOfPorts { continue }
                    return failure
                }
                failure = .gatewayUnreachable(error)
            } catch let error as TLSSetupError {
                failure = .gatewayTLSSetup(error)
            } catch {
                continue  // Nothing else is thrown.
            }
            noteConnectFailure(failure)
        }
        return failure
    }

    private func open(_ destination: GatewayDestination) throws {
        endpoint = destination.endpoint
        let transport = try Transport(connectingTo: destination)
        if !destination.address.isUnix {
            transport.giveUpPeer(after: running.settings.limits.deadPeerTimeout)
        }
        let descriptor = transport.rawValue
        self.transport = consume transport
        phase = .connecting
        do {
            registration = try worker.reactor.register(descriptor, handler: self)
        } catch {
            self.transport = nil
            throw error
        }
    }

    // MARK: Without room

    private func awaitRoom(at destination: GatewayDestination) {
        endpoint = destination.endpoint
        awaited = destination
        phase = .connecting
        worker.backlog.join(self, at: destination.endpoint)
    }

    var isAwaitingRoom: Bool { awaited != nil }

    /// Connects if there is room now. Whether that is settled, for better or worse.
    func tryForRoom() -> Bool {
        guard let destination = awaited else { return true }
        do {
            try open(destination)
            awaited = nil
        } catch let error as SystemCallError {
            if error.isBacklogFull { return false }
            giveUpConnecting(
                because: error.isExhaustion ? .exhausted(error) : .gatewayUnreachable(error))
        } catch let error as TLSSetupError {
            giveUpConnecting(because: .gatewayTLSSetup(error))
        } catch {
            giveUpConnecting(because: .gatewayConnectTimeout)  // Nothing else is thrown.
        }
        return true
    }

    func finishConnecting(_ readiness: Readiness) {
        if let error = transport?.connectionError() {
            return giveUpConnecting(because: .gatewayUnreachable(error))
        }
        phase = .securing
        secure(readiness)
    }

    func secure(_ readiness: Readiness) {
        switch transport?.handshake() {
        case .done: begin(readiness)
        case .wantsRead, .wantsWrite, nil: return
        case .failed(let failure): giveUpConnecting(because: .gatewayTLS(failure))
        }
    }

    private func begin(_ readiness: Readiness) {
        phase = .open
        route = []
        exchange?.gatewayConnected()
        // A gateway at its ceiling answers before it is asked, with this same event.
        if phase == .open, readiness.contains(.readable) { receive() }
    }

    /// This destination cannot be reached, or not in time: the next one is tried.
    func giveUpConnecting(because failure: Failure) {
        awaited = nil
        noteConnectFailure(failure)
        guard !route.isEmpty else {
            exchange?.gatewayFailed(failure)
            return
        }
        disconnect()
        if let failure = connect() {
            exchange?.gatewayFailed(failure)
        } else {
            exchange?.gatewayChanges()
        }
    }

    // MARK: Health

    /// With one gateway alone there is nothing to choose, and each failure has its own line.
    private var isOneOfSeveral: Bool { running.gateways.endpoints.count > 1 }

    /// It could not be connected to. What we are short of ourselves says nothing of it.
    private func noteConnectFailure(_ failure: Failure) {
        guard isOneOfSeveral, let endpoint, failure.isGatewaysDoing else { return }
        let change = endpoint.noteConnectFailure(
            now: worker.reactor.sharedNow, running.settings.gateway.health)
        record(change, of: endpoint, failure)
    }

    /// It has failed the request that the connection carries.
    func noteRequestFailure(_ failure: Failure) {
        guard isOneOfSeveral, let endpoint, let exchange else { return }
        let change = endpoint.noteRequestFailure(
            of: exchange.network, now: worker.reactor.sharedNow, running.settings.gateway.health)
        record(change, of: endpoint, failure)
    }

    private func record(
        _ change: GatewayHealth.Change?, of endpoint: GatewayEndpoint, _ failure: Failure
    ) {
        worker.shared.record(
            change, of: endpoint,
            cause: [failure.reason, failure.detail].compactMap(\.self)
                .joined(separator: ": "))
    }

    /// The gateway has answered.
    func noteHealth() {
        guard let endpoint else { return }
        if isOneOfSeveral {
            worker.shared.record(
                endpoint.noteSuccess(now: worker.reactor.sharedNow), of: endpoint, cause: nil)
        }
        if let resumption = transport?.resumption() { endpoint.keep(resumption) }
    }
}
