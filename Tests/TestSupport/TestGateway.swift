import DemoGateway
import Reactor

/// The gateway behind Sluice in a test, with ways to wait for what happens there.
package final class TestGateway: Sendable {
    package let gateway: DemoGateway
    private let bulletin = Bulletin()

    package struct NoLoopback: Error {}

    package init(_ profile: DemoGatewayProfile = .quiet) throws {
        guard let address = SocketAddress(ip: "127.0.0.1", port: 0) else { throw NoLoopback() }
        gateway = try DemoGateway(listening: address, profile: profile)
        gateway.observe { [bulletin] in bulletin.post() }
    }

    package var address: SocketAddress { gateway.address }

    /// Waits until `look` finds something in what is true at the gateway.
    @discardableResult
    package func first<Value: Sendable>(
        _ what: String, within limit: Duration = patience,
        _ look: @Sendable (DemoGateway) -> Value?
    ) async throws -> Value {
        try await bulletin.first(
            "\(what) at the gateway", within: limit,
            clue: { "Open: \(gateway.openStreams()), connections: \(gateway.openConnections)." }
        ) { look(gateway) }
    }

    /// Waits until `condition` holds at the gateway.
    package func until(
        _ what: String, within limit: Duration = patience,
        _ condition: @Sendable (DemoGateway) -> Bool
    ) async throws {
        try await first(what, within: limit) { condition($0) ? true : nil }
    }

    /// Waits until so many streams are open, over all users.
    package func streams(_ count: Int, within limit: Duration = patience) async throws {
        try await until("\(count) streams", within: limit) { $0.streamCount == count }
    }

    /// Waits for a request, and tells what was read of it.
    package func request(
        within limit: Duration = patience, _ matches: @Sendable (SeenRequest) -> Bool
    ) async throws -> SeenRequest {
        try await first("a request", within: limit) { $0.requests.last(where: matches) }
    }

    /// A client that talks to the gateway itself: the direct path.
    package func client() -> TestClient { TestClient(to: address, security: .none) }
}
