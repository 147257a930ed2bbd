/// The encoding of a JSON Web Token's parts (RFC 4648, section 5; RFC 7515, section 2): no padding,
/// no white space, and only one spelling of each content.
enum Base64URL {
    /// What `text` encodes, `nil` when it is not strictly of the alphabet and length.
    static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.count % 4 != 1 else { return nil }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.count / 4 * 3 + 2)
        var bits: UInt32 = 0
        var bitCount = 0
        for character in text {
            guard let value = value(of: character) else { return nil }
            bits = bits << 6 | UInt32(value)
            bitCount += 6
            guard bitCount >= 8 else { continue }
            bitCount -= 8
            decoded.append(UInt8(bits >> bitCount))
            bits &= (1 << bitCount) - 1
        }
        return bits == 0 ? decoded : nil
    }

    /// What the most lenient decoder makes of `text`: both alphabets, whatever else it holds passed
    /// over, unused bits dropped. Only for telling what somebody else may see in it.
    static func decodeLeniently(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.count / 4 * 3 + 2)
        var bits: UInt32 = 0
        var bitCount = 0
        for character in text {
            let value: UInt8? =
                switch character {
                case UInt8(ascii: "+"): 62
                case UInt8(ascii: "/"): 63
                default: value(of: character)
                }
            guard let value else { continue }
            bits = (bits << 6 | UInt32(value)) & 0xFFFF
            bitCount += 6
            guard bitCount >= 8 else { continue }
            bitCount -= 8
            decoded.append(UInt8(truncatingIfNeeded: bits >> bitCount))
        }
        return decoded
    }

    /// Whether `text` is the one spelling of its content in the other alphabet, with its padding
    /// (RFC 4648, section 4), as in `Basic` credentials.
    static func isOrdinaryBase64(_ text: ArraySlice<UInt8>) -> Bool {
        var spelled = encode(decodeLeniently(text)).utf8.map {
            switch $0 {
            case UInt8(ascii: "-"): UInt8(ascii: "+")
            case UInt8(ascii: "_"): UInt8(ascii: "/")
            default: $0
            }
        }
        while spelled.count % 4 != 0 { spelled.append(UInt8(ascii: "=")) }
        return text.elementsEqual(spelled)
    }

    /// `bytes` as text, without padding.
    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 4 + 2) / 3)
        var bits: UInt32 = 0
        var bitCount = 0
        for byte in bytes {
            bits = (bits << 8 | UInt32(byte)) & 0xFFFF
            bitCount += 8
            while bitCount >= 6 {
                bitCount -= 6
                text.append(alphabet[Int(bits >> bitCount & 0x3F)])
            }
        }
        if bitCount > 0 { text.append(alphabet[Int(bits << (6 - bitCount) & 0x3F)]) }
        return String(decoding: text, as: UTF8.self)
    }

    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    private static func value(of character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
