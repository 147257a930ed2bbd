internal import CLinux
internal import Glibc

/// The part of an address that stands for one client: an IPv4 address whole, of an IPv6 address the
/// first 64 bits, since a client chooses the others as it likes (RFC 8981).
package struct AddressPrefix: Hashable, Sendable {
    private let isIPv6: Bool
    private let bits: UInt64

    /// `nil` for a unix socket. An IPv4 address inside an IPv6 one is that IPv4 address.
    package init?(_ address: SocketAddress) {
        // SAFETY: the storage is plain bytes, and they are copied.
        let bytes = unsafe withUnsafeBytes(of: address.storage) { unsafe Array($0) }
        switch address.family {
        case AF_INET:
            let start = MemoryLayout<sockaddr_in>.offset(of: \.sin_addr) ?? 4
            self.init(isIPv6: false, bytes[start..<start + 4])
        case AF_INET6:
            let start = MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr) ?? 8
            let whole = bytes[start..<start + 16]
            if whole.prefix(12).elementsEqual([UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]) {
                self.init(isIPv6: false, whole.suffix(4))
            } else {
                self.init(isIPv6: true, whole.prefix(8))
            }
        default: return nil
        }
    }

    private init(isIPv6: Bool, _ bytes: ArraySlice<UInt8>) {
        self.isIPv6 = isIPv6
        bits = bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
