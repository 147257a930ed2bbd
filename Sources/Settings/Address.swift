/// Where something listens: a port of a host, or a socket in the file system.
package enum Address: Hashable, Sendable {
    /// An IPv6 host stands without its brackets.
    case tcp(host: String, port: UInt16)
    case unix(path: String)

    /// As it is written where an address is expected.
    package var text: String {
        switch self {
        case .tcp(let host, let port) where host.utf8.contains(UInt8(ascii: ":")):
            "[\(host)]:\(port)"
        case .tcp(let host, let port): "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
