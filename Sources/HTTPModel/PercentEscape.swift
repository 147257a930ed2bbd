/// What `%` and two digits stand for in a path, and the one way to write it.
package struct PercentEscape: Sendable {
    package let byte: UInt8

    /// `nil` when these are no hexadecimal digits, or stand for a control character: no path may
    /// hold one, escaped or not.
    package init?(_ high: UInt8, _ low: UInt8) {
        guard let highValue = high.hexValue, let lowValue = low.hexValue else { return nil }
        byte = highValue << 4 | lowValue
        if byte.isControl { return nil }
    }

    /// The bare byte where it means the same (RFC 3986, section 6.2.2.2), else the escape in
    /// capitals (section 6.2.2.1).
    package var normalized: [UInt8] {
        if byte.isUnreserved { return [byte] }
        return [UInt8(ascii: "%")]
            + [byte >> 4, byte & 0xF].map { digit in
                digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") + digit - 10
            }
    }
}
