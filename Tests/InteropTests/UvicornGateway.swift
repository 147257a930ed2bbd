import Reactor
import TestSupport

/// sse-starlette on uvicorn, see Fixtures/gateway.py.
struct UvicornGateway: Sendable {
    let reporter: Reporter
    let address: SocketAddress

    init() async throws {
        reporter = try Reporter([Fixtures.python(), Fixtures.path("gateway.py")])
        address = try await reporter.announcedAddress()
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
