import Reactor

/// A port that was free a moment ago.
package func freePort() throws -> UInt16 {
    guard let any = SocketAddress(ip: "127.0.0.1", port: 0) else { throw TestGateway.NoLoopback() }
    return try ListeningSocket(on: any, sharesPort: false).address.port
}
