import HTTPModel

/// What a token may be written as, so that every reader takes it for the same: what one of them
/// ends, unquotes, splits or decodes differently is no token, and the request is in doubt.
enum TokenValue {
    /// In a field: it stands for itself.
    static func field(_ written: ArraySlice<UInt8>) throws(IdentityError) -> Token {
        guard written.allSatisfy(\.isPlainInField) else { throw .malformed }
        return try Token(Array(written))
    }

    /// In a cookie. Some frameworks write what is special in an escape and decode it again, and
    /// others leave it as it is: either reader finds one and the same token, or none.
    static func cookie(_ written: ArraySlice<UInt8>) throws(IdentityError) -> Token {
        try decoded(written, where: \.isPlainInCookie)
    }

    /// In a query, where every reader decodes escapes. `+` is a space to some of them.
    static func query(_ written: ArraySlice<UInt8>) throws(IdentityError) -> Token {
        try decoded(written) { $0.isPlain && $0 != UInt8(ascii: "+") }
    }

    private static func decoded(
        _ written: ArraySlice<UInt8>, where isPlain: (UInt8) -> Bool
    ) throws(IdentityError) -> Token {
        // It is a third of that at least.
        guard written.count <= 3 * Token.bytesMax else { throw .malformed }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(written.count)
        var rest = written
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard let high = rest.popFirst()?.hexValue, let low = rest.popFirst()?.hexValue,
                    (high << 4 | low).isPlain
                else { throw .malformed }
                bytes.append(high << 4 | low)
            } else {
                guard isPlain(byte) else { throw .malformed }
                bytes.append(byte)
            }
        }
        return try Token(bytes)
    }
}

extension UInt8 {
    /// Whether it may be part of a token at all. An escape that an escape stands for would be decoded
    /// by some once more; `&` and `;` would part a query or cookies that were decoded first.
    fileprivate var isPlain: Bool {
        switch self {
        case UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: ";"): false
        default: self > 0x20 && self < 0x7F
        }
    }

    /// Lists part at commas, parameters at semicolons, and quotes and backslashes are removed.
    fileprivate var isPlainInField: Bool {
        switch self {
        case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\""), UInt8(ascii: "\\"): false
        default: self > 0x20 && self < 0x7F
        }
    }

    /// Beside letters and digits what tokens are written with, and ends a value nowhere.
    fileprivate var isPlainInCookie: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "+"), UInt8(ascii: "/"),
            UInt8(ascii: "="), UInt8(ascii: ":"), UInt8(ascii: "!"), UInt8(ascii: "*"),
            UInt8(ascii: "|"), UInt8(ascii: "$"), UInt8(ascii: "@"):
            true
        default: false
        }
    }
}
