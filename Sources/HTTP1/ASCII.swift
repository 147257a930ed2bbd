import HTTPModel

/// The bytes that shape a message, by name.
enum ASCII {
    static let tab = UInt8(ascii: "\t")
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let colon = UInt8(ascii: ":")
    static let dot = UInt8(ascii: ".")
    static let slash = UInt8(ascii: "/")
}

extension UInt8 {
    /// A space or a tab: what may stand around a field value (RFC 9110, section 5.6.3).
    var isOptionalSpace: Bool { self == ASCII.space || self == ASCII.tab }

    /// A visible ASCII character: all that a request target may hold.
    var isVisible: Bool { self > 0x20 && self < 0x7F }

    var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }

    var isUpperLetter: Bool { self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") }
}
