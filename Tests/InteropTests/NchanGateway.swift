import Foundation
import Reactor
import TestSupport

/// Debian's nginx with nchan, see Fixtures/nginx.conf.
struct NchanGateway: Sendable {
    let reporter: Reporter
    let address: SocketAddress
    /// Holds `files/`, which are served as they are.
    let folder: TemporaryFolder

    init() async throws {
        folder = try TemporaryFolder()
        try folder.write("a page\n", to: "files/page.txt")
        let port = try freePort()
        guard let address = SocketAddress(ip: "127.0.0.1", port: port) else {
            throw MissingSoftware(description: "no loopback address")
        }
        self.address = address
        let template = try String(contentsOfFile: Fixtures.path("nginx.conf"), encoding: .utf8)
        try folder.write(
            template.replacingOccurrences(of: "PORT", with: "\(port)"), to: "nginx.conf")
        reporter = try Reporter(
            [Fixtures.nginx(), "-p", folder.path + "/", "-c", "nginx.conf", "-e", "stderr"])
        // Said when its listeners are open.
        try await reporter.says("using the \"epoll\" event method")
    }

    /// Waits for nginx to be done with a request: this is its access log.
    @discardableResult
    func request(
        within limit: Duration = patience, where matches: @Sendable (LogLine) -> Bool
    ) async throws -> LogLine {
        try await reporter.line("request", within: limit, where: matches)
    }
}
