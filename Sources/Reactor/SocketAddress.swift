internal import CLinux
internal import Glibc

/// Where a socket listens or connects to: IPv4, IPv6 or a unix socket.
@safe package struct SocketAddress: Sendable {
    var storage: sockaddr_storage
    var length: socklen_t

    /// A numeric IPv4 or IPv6 address, without brackets; `nil` for anything else.
    package init?(ip text: String, port: UInt16) {
        var storage = sockaddr_storage()
        // SAFETY: the C function fills the storage it is lent and keeps no pointer.
        let length = unsafe clinux_parse_ip(text, port, &storage)
        guard length > 0 else { return nil }
        self.storage = storage
        self.length = length
    }

    /// The path of a unix socket; `nil` when it is empty or too long for the system.
    package init?(unixPath: String) {
        var storage = sockaddr_storage()
        // SAFETY: as above.
        let length = unsafe clinux_parse_unix(unixPath, &storage)
        guard length > 0 else { return nil }
        self.storage = storage
        self.length = length
    }

    /// The addresses of a host name, in the resolver's order; none when it has none. Blocks for as
    /// long as the resolver does, so never call it on a worker.
    package static func all(resolving name: String, port: UInt16, countMax: Int) -> [Self] {
        var storage = [sockaddr_storage](repeating: sockaddr_storage(), count: countMax)
        // SAFETY: the function fills at most `countMax` elements of the array it is lent.
        let count = unsafe clinux_resolve(name, port, &storage, CInt(clamping: countMax))
        return storage.prefix(Int(count)).map {
            let isIPv6 = Int32($0.ss_family) == AF_INET6
            let size = isIPv6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
            return SocketAddress(storage: $0, length: socklen_t(size))
        }
    }

    init(storage: sockaddr_storage, length: socklen_t) {
        self.storage = storage
        self.length = length
    }

    package var isUnix: Bool { Int32(storage.ss_family) == AF_UNIX }

    /// The path of a unix socket, `nil` for every other address.
    var unixPath: String? {
        isUnix && host.hasPrefix("unix:") ? String(host.dropFirst("unix:".count)) : nil
    }

    var family: CInt { CInt(storage.ss_family) }

    /// The port, 0 for a unix socket.
    package var port: UInt16 {
        var copy = storage
        // SAFETY: the C function only reads the storage it is lent.
        return unsafe clinux_port(&copy)
    }

    /// The numeric address without its port, or `unix:PATH`.
    package var host: String {
        var copy = storage
        var text = [CChar](repeating: 0, count: 128)
        // SAFETY: the function writes at most `count` bytes, with a NUL, and only reads the storage.
        guard unsafe clinux_format(&copy, &text, text.count) == 0 else { return "unknown" }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// As people write it: `127.0.0.1:8443`, `[::1]:8443`, `unix:/run/gateway.sock`.
    package var text: String {
        switch family {
        case AF_UNIX: host
        case AF_INET6 where host.contains(":"): "[\(host)]:\(port)"
        default: "\(host):\(port)"
        }
    }
}
