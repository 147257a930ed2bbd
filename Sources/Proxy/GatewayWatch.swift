import Reactor
import Settings
import Telemetry

/// Looks after the gateways from the control thread: names are looked up anew, and where a path is
/// given, each gateway is asked for it.
final class GatewayWatch {
    private unowned let control: Control
    private var resolver: Thread?
    private var nextLookup: Duration
    private var checks: [HealthCheck] = []
    private var nextChecks: Duration

    /// Between two looks at whether something is due.
    private static let interval = Duration.milliseconds(100)

    init(for control: Control) {
        self.control = control
        nextLookup = control.reactor.now + control.running.settings.gateway.resolveInterval
        nextChecks = control.reactor.now
    }

    /// The resolver may take its time, so it has a thread of its own; one at a time.
    private func lookUp() {
        let endpoints = control.running.gateways.endpoints.filter(\.hasName)
        guard resolver == nil, !endpoints.isEmpty else { return }
        let (shared, mailbox) = (control.shared, control.mailbox)
        do throws(SystemCallError) {
            resolver = try Thread(name: "sluice-resolve") {
                for endpoint in endpoints {
                    if let isResolvable = endpoint.resolve() {
                        shared.recordResolving(endpoint, isResolvable: isResolvable)
                    }
                }
                mailbox.post(.resolved)
            }
        } catch {
            control.recordFailure("resolver_failed", error.message)
        }
    }

    func resolved() {
        resolver?.join()
        resolver = nil
    }

    private func check() {
        let running = control.running
        guard let path = running.settings.gateway.health.path else { return }
        checks.removeAll { $0.isOver }
        for endpoint in running.gateways.endpoints
        where !checks.contains(where: { $0.endpoint === endpoint }) {
            checks.append(
                HealthCheck(
                    of: endpoint, path: path, shared: control.shared, running: running,
                    reactor: control.reactor))
        }
    }
}

extension GatewayWatch: TimerHandler {
    func timerFired(now: Duration) -> Duration? {
        if case .draining = control.phase { return nil }
        let gateway = control.running.settings.gateway
        if nextLookup <= now {
            nextLookup = now + gateway.resolveInterval
            lookUp()
        }
        if nextChecks <= now {
            nextChecks = now + gateway.health.interval
            check()
        }
        return min(nextLookup, nextChecks, now + .seconds(1))
    }
}

extension Shared {
    /// A gateway was left out, or is back. One line for each change, and only where there is
    /// another to take its place.
    func record(_ change: GatewayHealth.Change?, of endpoint: GatewayEndpoint, cause: String?) {
        switch change {
        case nil: return
        case .wentDown:
            record(gateway: "gateway_down", endpoint, level: .warning, cause: cause)
        case .cameBack: record(gateway: "gateway_up", endpoint, level: .notice, cause: nil)
        }
    }

    func recordResolving(_ endpoint: GatewayEndpoint, isResolvable: Bool) {
        record(
            gateway: isResolvable ? "gateway_resolved" : "gateway_unresolved", endpoint,
            level: isResolvable ? .notice : .warning,
            cause: isResolvable ? nil : "the addresses that were good last are used")
    }

    private func record(
        gateway reason: String, _ endpoint: GatewayEndpoint, level: LogLevel, cause: String?
    ) {
        record(
            .error(
                .init(
                    level: level, reason: reason, fault: .gateway,
                    detail: endpoint.settings.url + (cause.map { ": \($0)" } ?? ""), client: nil,
                    stream: nil, method: nil, path: nil)))
    }
}
