import Reactor
import TestSupport

/// sse-starlette on uvicorn, see Fixtures/gateway.py.
struct UvicornGateway: Sendable {
    let reporter: Reporter
    let address: SocketAddress

    init() async throws {
        reporter = try Reporter([Fixtures.python(), Fixtures.path("gateway.py")])
        let port = try await reporter.line("ready").number("port")
        guard let port = port.flatMap(UInt16.init(exactly:)),
            let address = SocketAddress(ip: "127.0.0.1", port: port)
        else { throw MissingSoftware(description: "the gateway named no port") }
        self.address = address
    }

    /// How many streams have reached it.
    var connects: Int { reporter.lines("opened").count }

    /// Lets the streams that are silent speak.
    func speak() { reporter.child.type("speak\n") }

    /// Waits for the stream with that number to open, counted from 1.
    @discardableResult
    func opened(_ stream: Int) async throws -> LogLine {
        try await reporter.line("opened") { $0.number("stream") == stream }
    }

    /// Waits for it to close: an eviction or a client's leaving is seen within a second.
    @discardableResult
    func closed(_ stream: Int) async throws -> LogLine {
        try await reporter.line("closed", within: .seconds(1)) { $0.number("stream") == stream }
    }
}
