import HTTPModel

extension Sequence<UInt8> {
    /// The bytes as a form's decoder reads them: `+` is a space and `%XX` a byte; an escape that is
    /// none stands for itself (WHATWG URL, section 5.1).
    ///
    /// Gateways decode, so we must: a token in other letters would be another user to us alone.
    var formDecoded: [UInt8] {
        let written = Array(self)
        var decoded: [UInt8] = []
        var index = 0
        while index < written.count {
            switch written[index] {
            case UInt8(ascii: "+"):
                decoded.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                if let byte = written.escaped(behind: index) {
                    decoded.append(byte)
                    index += 2
                } else {
                    decoded.append(written[index])
                }
            case let byte:
                decoded.append(byte)
            }
            index += 1
        }
        return decoded
    }
}

extension [UInt8] {
    /// The byte that the two digits behind `index` spell.
    fileprivate func escaped(behind index: Int) -> UInt8? {
        guard index + 2 < count, let high = self[index + 1].hexValue,
            let low = self[index + 2].hexValue
        else { return nil }
        return high << 4 | low
    }
}
