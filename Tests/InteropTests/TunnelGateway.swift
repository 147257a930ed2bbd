import Reactor
import TestSupport

/// A gateway that takes an upgrade and then says and hears bytes, see Fixtures/tunnel.py.
struct TunnelGateway: Sendable {
    let reporter: Reporter
    let address: SocketAddress

    /// `order`: who ends its direction `first`, or that both do when the tunnel is `full`.
    init(_ order: String) async throws {
        reporter = try Reporter(Self.command("gateway", order))
        address = try await reporter.announcedAddress()
    }

    /// How the fixture is started, as a gateway or as a client.
    static func command(_ arguments: String...) throws -> [String] {
        [try Fixtures.python(), "-B", Fixtures.path("tunnel.py")] + arguments
    }
}
