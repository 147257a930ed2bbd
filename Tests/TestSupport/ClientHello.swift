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

extension ClientHello {
    /// One of `count` bytes, as long as ciphers that there are not make it, in records of at most
    /// `size`. It offers TLS 1.2, and TLS 1.3 if that is wished. Of more than 131,000 bytes only the
    /// length says so.
    package static func long(
        _ count: Int, inRecordsOf size: Int = 16_384, offersTLS13: Bool = true
    ) -> [UInt8] {
        let padding = { (count: Int) in word(21) + word(count) + [UInt8](repeating: 0, count: count)
        }
        let versions: [UInt8] = offersTLS13 ? [0, 43, 0, 5, 4, 3, 4, 3, 3] : []
        let fixed = 2 + 32 + 1 + 2 + 2 + 2 + versions.count
        let ciphers = min(65_534, (count - fixed - 4) / 4 * 2)
        let rest = max(0, min(65_535 - versions.count - 4, count - fixed - ciphers - 4))
        let suites = [0xC0, 0x2F] + [UInt8](repeating: 0xFE, count: ciphers - 2)
        let extensions = versions + padding(rest)
        let body =
            [3, 3] + [UInt8](repeating: 7, count: 32) + [0] + word(ciphers) + suites + [1, 0]
            + word(extensions.count) + extensions
        let length = [UInt8(count >> 16 & 0xFF)] + word(count & 0xFFFF)
        let message = [1] + length + body
        return stride(from: 0, to: message.count, by: size).flatMap { start in
            let part = message[start..<min(start + size, message.count)]
            return [22, 3, 1] + word(part.count) + part
        }
    }

    private static func word(_ value: Int) -> [UInt8] {
        [UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)]
    }
}
