/// The byte classes of HTTP's grammar. Inlinable, because parsers in other modules ask them of every
/// byte.
extension UInt8 {
    /// Whether the byte may stand in a token (RFC 9110, section 5.6.2).
    @inlinable package var isToken: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"),
            UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "_"),
            UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    /// Whether the byte may stand in a field value: VCHAR, obs-text, SP or HTAB
    /// (RFC 9110, section 5.5).
    @inlinable package var isFieldValue: Bool {
        self == 0x09 || (self >= 0x20 && self != 0x7F)
    }

    /// Whether it is a control character, which no text of ours may hold.
    @inlinable package var isControl: Bool { self < 0x20 || self == 0x7F }

    /// Whether it means the same escaped and bare (RFC 3986, section 2.3).
    @inlinable package var isUnreserved: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    /// The ASCII letter in lower case; any other byte as it is.
    @inlinable package var lowercased: UInt8 {
        self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") ? self | 0x20 : self
    }

    /// The value of a hexadecimal digit, `nil` for any other byte.
    @inlinable package var hexValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension ArraySlice<UInt8> {
    /// The bytes without the spaces and tabs around them (RFC 9110, section 5.6.3).
    package var trimmingSpaces: Self {
        let start = drop { $0 == 0x20 || $0 == 0x09 }
        return start.lastIndex { $0 != 0x20 && $0 != 0x09 }.map { start[...$0] }
            ?? start[..<start.startIndex]
    }
}

extension Collection<UInt8> {
    /// Whether these bytes and those of `other` differ at most in the case of letters of ASCII.
    package func equalsIgnoringCase(_ other: some Collection<UInt8>) -> Bool {
        count == other.count && zip(self, other).allSatisfy { $0.lowercased == $1.lowercased }
    }
}
