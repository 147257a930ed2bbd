import HTTPModel

extension ArraySlice<UInt8> {
    /// The bytes when escapes are decoded until none is left, `%uXXXX` among them.
    ///
    /// In one pass, however often one escape hides another: what an escape stands for may end the
    /// next one, and never changes what is in front of it.
    var fullyDecoded: [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(count)
        for byte in self {
            decoded.append(byte)
            while decoded.foldEscape() {}
        }
        return decoded
    }
}

extension [UInt8] {
    /// Replaces an escape at the end by what it stands for.
    fileprivate mutating func foldEscape() -> Bool {
        guard let last, last.hexValue != nil else { return false }
        if count >= 3, self[count - 3] == UInt8(ascii: "%"), let byte = number(of: 2) {
            removeLast(3)
            append(UInt8(truncatingIfNeeded: byte))
            return true
        }
        if count >= 6, self[count - 6] == UInt8(ascii: "%"),
            self[count - 5].lowercased == UInt8(ascii: "u"), let unit = number(of: 4)
        {
            removeLast(6)
            append(contentsOf: Unicode.Scalar(unit).map { Array(String($0).utf8) } ?? [0xFF])
            return true
        }
        return false
    }

    /// What the last `count` digits spell.
    private func number(of count: Int) -> UInt32? {
        var number: UInt32 = 0
        for digit in suffix(count) {
            guard let value = digit.hexValue else { return nil }
            number = number << 4 | UInt32(value)
        }
        return number
    }
}
