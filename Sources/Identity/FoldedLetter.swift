import HTTPModel

/// One character at an edge of some bytes: the ASCII letter or digit that a reader may make of it,
/// in lower case, and how many bytes it takes.
///
/// Beyond ASCII these are the characters that become a letter of ASCII when the case is folded, the
/// full-width forms, and encodings that are too long.
struct FoldedLetter {
    /// `nil` for anything but a letter or a digit.
    let letter: UInt8?
    let length: Int

    /// The first character of `bytes`, which has one.
    init(first bytes: ArraySlice<UInt8>) {
        let byte = bytes.first ?? 0
        if byte < 0x80 {
            (letter, length) = (byte.foldedASCII, 1)
            return
        }
        for length in 2...4 where bytes.count >= length {
            guard let letter = Self.folded(bytes.prefix(length)) else { continue }
            (self.letter, self.length) = (letter, length)
            return
        }
        (letter, length) = (nil, 1)
    }

    /// The last character of `bytes`, which has one.
    init(last bytes: ArraySlice<UInt8>) {
        let byte = bytes.last ?? 0
        if byte < 0x80 {
            (letter, length) = (byte.foldedASCII, 1)
            return
        }
        for length in 2...4 where bytes.count >= length {
            guard let letter = Self.folded(bytes.suffix(length)) else { continue }
            (self.letter, self.length) = (letter, length)
            return
        }
        (letter, length) = (nil, 1)
    }

    /// What the bytes of one character beyond ASCII become.
    private static func folded(_ bytes: ArraySlice<UInt8>) -> UInt8? {
        guard bytes.dropFirst().allSatisfy({ $0 & 0xC0 == 0x80 }), let lead = bytes.first,
            let kept = kept(of: lead, in: bytes.count)
        else { return nil }
        let scalar = bytes.dropFirst().reduce(UInt32(kept)) { $0 << 6 | UInt32($1 & 0x3F) }
        switch scalar {
        case ..<0x80: return UInt8(truncatingIfNeeded: scalar).foldedASCII
        case 0x130, 0x131: return UInt8(ascii: "i")  // With a dot above, and without one.
        case 0x17F: return UInt8(ascii: "s")  // The long one.
        case 0x212A: return UInt8(ascii: "k")  // The sign of Kelvin.
        case 0xFF10...0xFF5A: return UInt8(truncatingIfNeeded: scalar - 0xFEE0).foldedASCII
        default: return nil
        }
    }

    /// The bits of a leading byte that belong to the character.
    private static func kept(of lead: UInt8, in count: Int) -> UInt8? {
        switch (count, lead) {
        case (2, 0xC0...0xDF): lead & 0x1F
        case (3, 0xE0...0xEF): lead & 0x0F
        case (4, 0xF0...0xF7): lead & 0x07
        default: nil
        }
    }
}

extension UInt8 {
    fileprivate var foldedASCII: UInt8? {
        let lower = lowercased
        return switch lower {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): lower
        default: nil
        }
    }
}
