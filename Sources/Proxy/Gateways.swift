import Reactor
import Settings
import Synchronization
import TLS

/// One address to connect to.
struct GatewayDestination {
    let endpoint: GatewayEndpoint
    let address: SocketAddress
}

/// The servers behind Sluice, and which of them gets the next connection.
final class Gateways: Sendable {
    let endpoints: [GatewayEndpoint]
    private let settings: Settings.Gateway
    private let turn = Atomic<Int>(0)

    /// Connections that are tried for one request.
    private static let destinationsMax = 8

    /// Keeps those of `previous` that the settings still name in the same way. Without `isSameTLS`,
    /// those with TLS are others now: no connection and no session of the old ones is used again.
    init(
        _ settings: Settings.Gateway, instead previous: Gateways?, speakingAlike isSameTLS: Bool,
        problems: inout [String]
    ) {
        self.settings = settings
        let needsTLS = settings.endpoints.contains(where: \.isEncrypted)
        var context: TLSClientContext?
        if needsTLS {
            do throws(TLSSetupError) {
                context = try TLSClientContext(TLSClientSettings(settings.tls))
            } catch {
                problems.append("gateway.tls: \(error.message)")
            }
        }
        var endpoints: [GatewayEndpoint] = []
        for wanted in settings.endpoints {
            let known = previous?.endpoints.first { $0.settings == wanted }
            if let known, isSameTLS || !wanted.isEncrypted {
                endpoints.append(known)
                continue
            }
            let endpoint = GatewayEndpoint(
                wanted, context: wanted.isEncrypted ? context : nil,
                serverName: wanted.isEncrypted ? settings.tls.serverName ?? wanted.host : nil,
                known: known)
            if let endpoint {
                endpoints.append(endpoint)
            } else {
                problems.append("gateway.url: \(wanted.address.text) cannot be resolved")
            }
        }
        self.endpoints = endpoints
    }

    /// Whether an endpoint of a connection is one of them still.
    func has(_ endpoint: GatewayEndpoint) -> Bool { endpoints.contains { $0 === endpoint } }

    /// Where to connect, the best first: the healthy, and when there are none, all of them. Only the
    /// best may be one that is tried anew: it is the one that the request goes to.
    func route(now: Duration, of client: @autoclosure () -> GatewayHealth.Client)
        -> [GatewayDestination]
    {
        let inTurn = inTurn()
        guard inTurn.count > 1 else { return destinations(inTurn) }
        let best = inTurn.first { endpoint in
            endpoint.isUp
                || endpoint.takesRequest(of: client(), now: now, settings.health)
        }
        let others = inTurn.filter { $0 !== best }
        return destinations(
            [best].compactMap(\.self) + others.filter(\.isUp) + others.filter { !$0.isUp })
    }

    private func destinations(_ endpoints: [GatewayEndpoint]) -> [GatewayDestination] {
        let all = endpoints.flatMap { endpoint in
            endpoint.addresses.map { GatewayDestination(endpoint: endpoint, address: $0) }
        }
        return Array(all.prefix(Self.destinationsMax))
    }

    private func inTurn() -> [GatewayEndpoint] {
        guard settings.pick == .roundRobin, endpoints.count > 1 else { return endpoints }
        let ticket = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        let start = Int(UInt(bitPattern: ticket) % UInt(endpoints.count))
        return Array(endpoints[start...] + endpoints[..<start])
    }
}

extension Settings.Gateway.Endpoint {
    /// The host alone; `nil` for a unix socket.
    var host: String? {
        if case .tcp(let host, _) = address { host } else { nil }
    }
}

extension TLSClientSettings {
    init(_ settings: Settings.GatewayTLS) {
        self.init(
            trust: settings.authorities.map { .authorities(path: $0) } ?? .system,
            minVersion: .tls12, maxVersion: .tls13, applicationProtocols: ["http/1.1"],
            certificate: settings.certificate.map {
                TLSServerSettings.CertificateFiles(chain: $0.chain, key: $0.key)
            })
    }
}
