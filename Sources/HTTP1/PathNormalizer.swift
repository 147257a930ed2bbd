import HTTPModel

/// Writes a path the one way that it can be written (RFC 3986, section 6.2.2), and refuses one
/// that a gateway could read as another path.
///
/// Escapes of unreserved characters are decoded, the others written in capitals. Dot segments are refused, not resolved: nobody
/// who means well sends one. A segment ends for this purpose at `/`, at an escaped slash or
/// backslash, and at the `;` that some gateways cut off before they resolve dots.
struct PathNormalizer {
    private var normalized: [UInt8] = []
    /// How many dots the segment has while it holds nothing else, then `nil`.
    private var dots: Int?

    static func normalize(_ path: ArraySlice<UInt8>) throws(HTTP1Error) -> String {
        var normalizer = PathNormalizer()
        normalizer.normalized.reserveCapacity(path.count)
        var rest = path
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard let high = rest.popFirst(), let low = rest.popFirst() else {
                    throw .badTarget
                }
                try normalizer.addEscape(high, low)
            } else {
                try normalizer.add(byte)
            }
        }
        try normalizer.endSegment()
        return String(decoding: normalizer.normalized, as: UTF8.self)
    }

    private mutating func add(_ byte: UInt8) throws(HTTP1Error) {
        switch byte {
        case UInt8(ascii: "#"), UInt8(ascii: "\\"):
            throw .badTarget
        case ASCII.slash:
            try endSegment()
            dots = 0
        case UInt8(ascii: ";"):
            try endSegment()
            dots = nil
        case UInt8(ascii: "."):
            if let count = dots { dots = count + 1 }
        default:
            dots = nil
        }
        normalized.append(byte)
    }

    private mutating func addEscape(_ high: UInt8, _ low: UInt8) throws(HTTP1Error) {
        guard let escape = PercentEscape(high, low) else { throw .badTarget }
        let byte = escape.byte
        guard !byte.isUnreserved else { return try add(byte) }
        if byte == ASCII.slash || byte == UInt8(ascii: "\\") {
            try endSegment()
            dots = 0
        } else if byte == UInt8(ascii: ";") {
            try endSegment()
            dots = nil
        } else {
            dots = nil
        }
        normalized += escape.normalized
    }

    private func endSegment() throws(HTTP1Error) {
        if dots == 1 || dots == 2 { throw .badTarget }
    }
}
