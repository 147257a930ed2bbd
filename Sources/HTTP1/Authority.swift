import HTTPModel

/// `host` or `host:port`, as `Host` and an absolute target give it (RFC 9110, section 4.2).
///
/// Only what names a machine in practice: letters, digits, `-`, `.`, `_`, `~`, or an IPv6 address
/// in brackets. No user, no comma, no escape that a gateway might decode, no empty label: one dot
/// at the end is the root of all names, two are nothing.
enum Authority {
    private static let bytesMax = 261  // 255 of a name, a colon and five digits.

    static func isValid(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard bytes.count <= bytesMax, let first = bytes.first else { return false }
        if first == UInt8(ascii: "[") {
            guard let closing = bytes.firstIndex(of: UInt8(ascii: "]")) else { return false }
            return isIPv6(bytes[(bytes.startIndex + 1)..<closing])
                && isPortOrNothing(bytes[(closing + 1)...])
        }
        let host = bytes.prefix { $0 != ASCII.colon }
        let hasEmptyLabel =
            host.first == ASCII.dot
            || zip(host, host.dropFirst()).contains { $0 == ASCII.dot && $1 == ASCII.dot }
        return !host.isEmpty && !hasEmptyLabel && host.allSatisfy(\.isUnreserved)
            && isPortOrNothing(bytes[host.endIndex...])
    }

    private static func isIPv6(_ bytes: ArraySlice<UInt8>) -> Bool {
        let colons = bytes.count { $0 == ASCII.colon }
        return bytes.count <= 45 && (2...7).contains(colons)
            && bytes.allSatisfy {
                $0.hexValue != nil || $0 == ASCII.colon || $0 == UInt8(ascii: ".")
            }
    }

    private static func isPortOrNothing(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let first = bytes.first else { return true }
        let digits = bytes.dropFirst()
        guard first == ASCII.colon, (1...5).contains(digits.count), digits.allSatisfy(\.isDigit)
        else { return false }
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } <= 65_535
    }
}
