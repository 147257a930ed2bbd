private import Glibc

/// A block of addresses: an address, and how many of its leading bits count (CIDR); or all unix
/// sockets. IPv4 addresses inside IPv6 ones are those IPv4 addresses.
package struct Network: Hashable, Sendable {
    /// As it was written.
    package let text: String
    /// Sixteen bytes; empty for unix sockets.
    private let bytes: [UInt8]
    /// How many of the 128 bits count.
    private let length: Int

    /// `10.0.0.0/8`, `2001:db8::/32`, an address alone, or `unix`; `nil` for anything else, and for
    /// an address with bits behind those that count.
    package init?(_ text: String) {
        self.text = text
        if text == "unix" {
            bytes = []
            length = 0
            return
        }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = Self.bytes(of: String(parts[0])) else { return nil }
        let isIPv4 = !parts[0].contains(":")
        let most = isIPv4 ? 32 : 128
        var prefix = most
        if parts.count == 2 {
            guard let written = Int(parts[1]), String(written) == parts[1],
                (0...most).contains(written)
            else { return nil }
            prefix = written
        }
        length = prefix + (isIPv4 ? 96 : 0)
        bytes = address
        guard Self.firstDifference(address, [UInt8](repeating: 0, count: 16), from: length) == nil
        else { return nil }
    }

    /// Whether `address`, numeric and without a port, or `unix:PATH`, is one of them.
    package func contains(_ address: String) -> Bool {
        guard !bytes.isEmpty else { return address.hasPrefix("unix:") }
        guard let other = Self.bytes(of: address) else { return false }
        let difference = Self.firstDifference(bytes, other, from: 0)
        return difference.map { $0 >= length } ?? true
    }

    /// The first bit from `start` on that differs.
    private static func firstDifference(_ a: [UInt8], _ b: [UInt8], from start: Int) -> Int? {
        (start..<128).first { bit in
            (a[bit / 8] ^ b[bit / 8]) & (0x80 >> UInt8(bit % 8)) != 0
        }
    }

    /// The sixteen bytes of an address; those of an IPv4 address stand at the end.
    private static func bytes(of text: String) -> [UInt8]? {
        let text = text.split(separator: "%", maxSplits: 1).first.map(String.init) ?? ""
        guard !text.utf8.contains(0) else { return nil }
        var space = in6_addr()  // Large enough for an IPv4 address too.
        let isIPv6 = text.contains(":")
        // SAFETY: `space` is ours and holds either family; `text` lives through the call.
        guard unsafe inet_pton(isIPv6 ? AF_INET6 : AF_INET, text, &space) == 1 else { return nil }
        // SAFETY: the structure is plain bytes.
        let raw = unsafe withUnsafeBytes(of: &space) { unsafe Array($0) }
        guard !isIPv6 else { return raw }
        return [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF] + raw.prefix(4)
    }
}

extension [Network] {
    package func contains(address: String) -> Bool {
        contains { $0.contains(address) }
    }
}
