import Foundation
import Reactor
import TestSupport

/// A gateway that asks real software for its token, see Fixtures/token_gateway.py, .mjs and .php.
struct TokenGateway: Sendable {
    enum Software: String, CaseIterable, Sendable {
        case aiohttp, starlette, node, php
    }

    let reporter: Reporter
    let address: SocketAddress

    init(_ software: Software) async throws {
        switch software {
        case .aiohttp, .starlette:
            reporter = try Reporter([
                Fixtures.python(), "-B", Fixtures.path("token_gateway.py"), software.rawValue,
            ])
            address = try await reporter.announcedAddress()
        case .node:
            reporter = try Reporter([
                "node", Fixtures.path("token_gateway.mjs"), Fixtures.nodeCookie(),
            ])
            address = try await reporter.announcedAddress()
        case .php:
            let port = try freePort()
            // It and its workers are a process group, and end with the shell that waits for ours.
            let script = """
                set -m; PHP_CLI_SERVER_WORKERS=8 "$0" -n -S 127.0.0.1:"$1" "$2" </dev/null &
                trap "kill -KILL -- -$!" EXIT; read -r
                """
            reporter = try Reporter(
                [
                    "bash", "-c", script, Fixtures.php(), "\(port)",
                    Fixtures.path("token_gateway.php"),
                ], lastSignal: SIGTERM)
            guard let address = SocketAddress(ip: "127.0.0.1", port: port) else {
                throw MissingSoftware(description: "no port")
            }
            self.address = address
            try await reporter.says("Development Server")
        }
    }

    /// Whose streams it has opened, in order.
    var users: [String] {
        let told =
            reporter.child.lines + reporter.child.errors.split(separator: "\n").map(String.init)
        return told.map { LogLine($0) }.filter { $0.event == "opened" }.compactMap { $0["user"] }
    }

    /// Waits until it has opened so many streams, the last of them for `user`.
    func opened(_ user: String, count: Int) async throws {
        _ = try await reporter.child.bulletin.first(
            "\(count) streams, the last of \(user)", clue: { "\(users)" }
        ) { users.count == count && users.last == user ? true : nil }
    }
}
