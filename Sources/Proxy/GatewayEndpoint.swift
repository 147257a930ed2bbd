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
        var failures = 0
        /// Set while it is left out: when the next request may try it.
        var retryAt: Duration?
        /// To resume a session of TLS with.
        var resumption: TLSResumption?
    }

    /// What one more success or failure came to.
    enum Change { case wentDown, cameBack }

    /// Addresses of one name that are tried, at most.
    static let addressesMax = 4

    /// `nil` when the host has no address. Asks the resolver, which may take its time.
    init?(
        _ settings: Settings.Gateway.Endpoint, context: TLSClientContext?, serverName: String?
    ) {
        let addresses = Self.addresses(of: settings.address)
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

    /// Whether requests go to it. One that is left out gets a single request now and then, to see
    /// whether it is back.
    func takesRequests(now: Duration, retryAfter: Duration) -> Bool {
        state.withLock { state in
            guard let retryAt = state.retryAt else { return true }
            guard retryAt <= now else { return false }
            state.retryAt = now + retryAfter
            return true
        }
    }

    func noteFailure(now: Duration, health: Settings.Health) -> Change? {
        state.withLock { state in
            state.failures = min(state.failures + 1, health.failuresMax)
            guard state.failures == health.failuresMax else { return nil }
            let isNews = state.retryAt == nil
            state.retryAt = now + health.retryAfter
            return isNews ? .wentDown : nil
        }
    }

    func noteSuccess() -> Change? {
        state.withLock { state in
            let wasDown = state.retryAt != nil
            state.failures = 0
            state.retryAt = nil
            return wasDown ? .cameBack : nil
        }
    }

    // MARK: TLS

    var resumption: TLSResumption? { state.withLock { $0.resumption } }

    func keep(_ resumption: TLSResumption?) { state.withLock { $0.resumption = resumption } }
}
