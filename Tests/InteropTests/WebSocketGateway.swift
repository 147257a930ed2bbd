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
        let port = try await reporter.line("ready").number("port")
        guard let port = port.flatMap(UInt16.init(exactly:)),
            let address = SocketAddress(ip: "127.0.0.1", port: port)
        else { throw MissingSoftware(description: "the gateway named no port") }
        self.address = address
    }

    /// The messages that it got, in bytes.
    var messages: [Int] { reporter.lines("message").compactMap { $0.number("bytes") } }
}
