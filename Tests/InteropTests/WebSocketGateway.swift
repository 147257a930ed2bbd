import Reactor
import TestSupport

/// The server of the websockets library, see Fixtures/websocket_gateway.py.
struct WebSocketGateway: Sendable {
    let reporter: Reporter
    let address: SocketAddress

    init() async throws {
        reporter = try Reporter([
            Fixtures.python(), "-B", Fixtures.path("websocket_gateway.py"),
        ])
        address = try await reporter.announcedAddress()
    }

    /// The messages that it got, in bytes.
    var messages: [Int] { reporter.lines("message").compactMap { $0.number("bytes") } }
}
