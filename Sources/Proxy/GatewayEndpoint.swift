import Locking
import Reactor
import Settings
import TLS

/// One server behind Sluice, as all workers see it: where it is, and how it does. A reload that
/// names the same server keeps it, with what is known of it.
final class GatewayEndpoint: Sendable {
    let settings: Settings.Gateway.Endpoint
    /// `nil` where it speaks plain HTTP.
    let context: TLSClientContext?
    /// What its certificate must be for.
    let serverName: String?
    private let state: Guarded<State>

    private struct State {
        /// In the order of the resolver; never empty.
        var addresses: [SocketAddress]
        var isResolvable = true
        var health = GatewayHealth()
        /// To resume a session of TLS with.
        var resumption: TLSResumption?
    }

    /// Addresses of one name that are tried, at most.
    static let addressesMax = 4

    /// `nil` when the host has no address. Asks the resolver, which may take its time, unless it is
    /// the host of `known`: its addresses are looked after already.
    init?(
        _ settings: Settings.Gateway.Endpoint, context: TLSClientContext?, serverName: String?,
        known: GatewayEndpoint?
    ) {
        let addresses = known?.addresses ?? Self.addresses(of: settings.address)
        guard !addresses.isEmpty else { return nil }
        self.settings = settings
        self.context = context
        self.serverName = serverName
        state = Guarded(State(addresses: addresses))
    }

    var addresses: [SocketAddress] { state.withLock { $0.addresses } }

    // MARK: Names

    /// Whether its addresses may change.
    var hasName: Bool {
        guard case .tcp(let host, _) = settings.address else { return false }
        return SocketAddress(ip: host, port: 0) == nil
    }

    /// Asks the resolver again. When it fails, the addresses that were good stay.
    ///
    /// - Returns: whether the name can be resolved, if that has changed.
    func resolve() -> Bool? {
        let found = Self.addresses(of: settings.address)
        return state.withLock { state in
            if !found.isEmpty { state.addresses = found }
            guard state.isResolvable == found.isEmpty else { return nil }
            state.isResolvable = !found.isEmpty
            return state.isResolvable
        }
    }

    private static func addresses(of address: Address) -> [SocketAddress] {
        switch address {
        case .unix(let path): return SocketAddress(unixPath: path).map { [$0] } ?? []
        case .tcp(let host, let port):
            if let numeric = SocketAddress(ip: host, port: port) { return [numeric] }
            return SocketAddress.all(resolving: host, port: port, countMax: addressesMax)
        }
    }

    // MARK: Health

    var isUp: Bool { state.withLock { $0.health.isUp } }

    func takesRequest(of client: GatewayHealth.Client, now: Duration, _ rules: Settings.Health)
        -> Bool
    {
        state.withLock { $0.health.takesRequest(of: client, now: now, rules: rules.rules) }
    }

    func noteConnectFailure(now: Duration, _ rules: Settings.Health) -> GatewayHealth.Change? {
        state.withLock { $0.health.noteConnectFailure(now: now, rules: rules.rules) }
    }

    func noteRequestFailure(
        of client: GatewayHealth.Client, now: Duration, _ rules: Settings.Health
    ) -> GatewayHealth.Change? {
        state.withLock { $0.health.noteRequestFailure(of: client, now: now, rules: rules.rules) }
    }

    func noteSuccess(now: Duration) -> GatewayHealth.Change? {
        state.withLock { $0.health.noteSuccess(now: now) }
    }

    // MARK: TLS

    var resumption: TLSResumption? { state.withLock { $0.resumption } }

    func keep(_ resumption: TLSResumption?) { state.withLock { $0.resumption = resumption } }
}

extension Settings.Health {
    fileprivate var rules: GatewayHealth.Rules {
        GatewayHealth.Rules(failuresMax: failuresMax, retryAfter: retryAfter)
    }
}
