import HTTPModel

/// A pattern for host names: one name, or `*.` and a name for every name below it, however deep,
/// but not that name itself. Case does not matter, and a port has no part in it.
package struct HostPattern: Sendable, Hashable {
    /// The pattern in lower case.
    package let text: String
    /// The name, or what stands after the `*`: it begins with a dot then.
    private let name: [UInt8]
    let isWildcard: Bool

    package init(_ text: String) throws(PatternError) {
        self.text = text.lowercased()
        isWildcard = text.hasPrefix("*.")
        name = Array(self.text.utf8.dropFirst(isWildcard ? 1 : 0))
        try Self.check(self.text.dropFirst(isWildcard ? 2 : 0), of: text)
    }

    package func fits(_ host: String) -> Bool {
        fits(host.utf8)
    }

    /// What every host that fits has: the name itself, or the end behind the `*`.
    var key: Substring { isWildcard ? text.dropFirst() : text[...] }

    /// Whether every host that fits `other` is sure to fit this pattern.
    package func covers(_ other: HostPattern) -> Bool {
        switch (isWildcard, other.isWildcard) {
        // `*.b.c` lies below `*.c` and below itself.
        case (true, true): self == other || fits(other.name)
        case (true, false), (false, false): fits(other.name)
        case (false, true): false
        }
    }

    private func fits(_ host: some BidirectionalCollection<UInt8>) -> Bool {
        let tail = isWildcard ? host.suffix(name.count) : host[...]
        // Something must stand before the dot.
        return (!isWildcard || host.count > name.count)
            && tail.elementsEqual(name) { $0.lowercased == $1 }
    }

    private static func check(_ name: Substring, of text: String) throws(PatternError) {
        if name.hasPrefix("["), name.hasSuffix("]") { return try checkAddress(name, of: text) }
        if name.contains("*") { throw .misplacedHostStar(text) }
        if name.contains(":") { throw .port(text) }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        for label in labels where label.isEmpty || !label.utf8.allSatisfy(\.isHostLabel) {
            throw .invalidHost(text)
        }
    }

    /// An IPv6 address in its brackets. Only its alphabet is checked: it is compared, not used.
    private static func checkAddress(_ name: Substring, of text: String) throws(PatternError) {
        let isAddress = name.dropFirst().dropLast().utf8.allSatisfy {
            $0.hexValue != nil || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".")
        }
        guard isAddress, name.count > 2, !text.hasPrefix("*") else { throw .invalidHost(text) }
    }
}

extension UInt8 {
    /// Letters, digits, hyphen, and the underscore that internal names use.
    fileprivate var isHostLabel: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
