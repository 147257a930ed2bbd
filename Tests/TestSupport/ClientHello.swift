import Glibc
import TLS

/// The first message of a handshake, as bytes, for those who never go on.
package enum ClientHello {
    package struct NoHello: Error {}

    /// What a client of today sends.
    package static func bytes() throws -> [UInt8] {
        var ends: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw NoHello() }
        defer { for end in ends { close(end) } }
        let context = try TLSClientContext(
            TLSClientSettings(
                trust: .anyone, minVersion: .tls12, maxVersion: .tls13,
                applicationProtocols: ["http/1.1"]))
        var session = try TLSSession(
            connecting: context, on: ends[0], serverName: "localhost", resuming: nil)
        _ = session.handshake()
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = read(ends[1], &buffer, buffer.count)
        guard count > 0 else { throw NoHello() }
        return Array(buffer[..<count])
    }

    /// What a client sends that knows nothing newer than SSL 3.0, TLS 1.0 or TLS 1.1.
    package static func old(minor: UInt8) -> [UInt8] {
        let version: [UInt8] = [3, minor]
        let ciphers: [UInt8] = [0xC0, 0x13, 0xC0, 0x14, 0x00, 0x2F, 0x00, 0x35]
        let body =
            version + [UInt8](repeating: 7, count: 32) + [0] + [0, UInt8(ciphers.count)] + ciphers
            + [1, 0]
        let message = [1, 0, 0, UInt8(body.count)] + body
        return [22] + version + [0, UInt8(message.count)] + message
    }
}
