/// Which certificate answers for which host name. Pure: names in, an index out.
struct ServerNames {
    private var indexOfName: [String: Int] = [:]

    /// Lets certificate `index` answer for a name, unless an earlier one does already.
    ///
    /// - Returns: whether the name was still free.
    mutating func add(_ name: HostName, index: Int) -> Bool {
        if indexOfName[name.text] != nil { return false }
        indexOfName[name.text] = index
        return true
    }

    /// The certificate for the name a client asked for: an exact one first, then a wildcard, which
    /// stands for one label and no more (RFC 6125, section 6.4.3).
    func index(for name: HostName) -> Int? {
        if let index = indexOfName[name.text] { return index }
        guard let dot = name.text.utf8.firstIndex(of: UInt8(ascii: ".")) else { return nil }
        return indexOfName["*" + name.text[dot...]]
    }
}

/// A DNS name in lower case, or a wildcard such as `*.example.com`.
///
/// Invariant: 1 to 253 bytes of letters, digits, `-`, `_` and dots, so that no name with a NUL or a
/// control byte in it can pass for another (T08, T18).
struct HostName: Equatable {
    static let lengthMax = 253

    let text: String

    init?(_ bytes: some Collection<UInt8>, allowsWildcard: Bool) {
        guard (1...Self.lengthMax).contains(bytes.count) else { return nil }
        let isWildcard = allowsWildcard && bytes.starts(with: "*.".utf8)
        var lowered: [UInt8] = isWildcard ? Array("*".utf8) : []
        lowered.reserveCapacity(bytes.count)
        for byte in bytes.dropFirst(isWildcard ? 1 : 0) {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): lowered.append(byte | 0x20)
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                lowered.append(byte)
            default: return nil
            }
        }
        text = String(decoding: lowered, as: UTF8.self)
    }
}
