/// What we speak, by ALPN name, the preferred one first (RFC 7301). Pure: the client's list in, the
/// place of our choice in that list out.
struct ProtocolPreference: Sendable {
    private let names: [[UInt8]]

    /// Names of 1 to 255 bytes, as the wire format allows; the settings answer for that.
    init(_ names: [String]) throws(TLSSetupError) {
        for name in names where !(1...255).contains(name.utf8.count) {
            throw TLSSetupError(
                "the application protocol \"\(name)\" is no ALPN name: use 1 to 255 bytes")
        }
        self.names = names.map { Array($0.utf8) }
    }

    var isEmpty: Bool { names.isEmpty }

    /// Length-prefixed names, one after the other: how the list is written in a hello.
    var wireFormat: [UInt8] { names.flatMap { [UInt8($0.count)] + $0 } }

    /// Where the first of our protocols that the client offers stands in its list.
    ///
    /// We walk the list ourselves. OpenSSL's `SSL_select_next_proto` reads out of bounds when one
    /// list is empty (CVE-2024-5535) and answers with something even when nothing is shared.
    func choice(in offered: Span<UInt8>) -> Range<Int>? {
        for name in names {
            if let place = Self.place(of: name, in: offered) { return place }
        }
        return nil
    }

    private static func place(of name: [UInt8], in offered: Span<UInt8>) -> Range<Int>? {
        var start = 0
        while start < offered.count {
            let range = start + 1..<start + 1 + Int(offered[start])
            guard range.upperBound <= offered.count else { return nil }  // Malformed: no match.
            if isEqual(name, offered.extracting(range)) { return range }
            start = range.upperBound
        }
        return nil
    }

    private static func isEqual(_ name: [UInt8], _ bytes: Span<UInt8>) -> Bool {
        guard name.count == bytes.count else { return false }
        for index in bytes.indices where name[index] != bytes[index] { return false }
        return true
    }
}
