import HTTPModel

/// Tokens that are a field, or the credentials in `Authorization`.
extension PlaceReader {
    /// Bearer credentials (RFC 6750, section 2.1), written as `Bearer TOKEN`. Another scheme is no
    /// token, unless its value could be read as bearer credentials.
    func takeBearer(in fields: inout Fields) throws(IdentityError) -> Token? {
        guard let (line, value) = try soleLine(in: &fields) else { return nil }
        let (scheme, credentials) = value.words
        guard scheme.equalsIgnoringCase("bearer") else {
            if value.namesBearer { throw .ambiguous }
            return nil
        }
        guard !credentials.isEmpty else { return nil }
        let token = try TokenValue.field(credentials)
        write([line], Array("Bearer ".utf8) + credentials, in: &fields)
        return token
    }

    /// A field's whole value. In front of it may stand `Bearer`, as in `Authorization`, and there
    /// any scheme: other credentials are a token too, if that is the place.
    func takeHeader(in fields: inout Fields) throws(IdentityError) -> Token? {
        guard let (line, value) = try soleLine(in: &fields) else { return nil }
        let (scheme, credentials) = value.words
        let isBearer = scheme.equalsIgnoringCase("bearer")
        guard !credentials.isEmpty else {
            guard !isBearer else { return nil }
            let token = try TokenValue.field(value)
            write([line], value, in: &fields)
            return token
        }
        guard isBearer || name.bytes.elementsEqual("authorization".utf8) else { throw .malformed }
        let token = try TokenValue.field(credentials)
        // Who may spell them in another way may be many users.
        if scheme.equalsIgnoringCase("basic"), !Base64URL.isOrdinaryBase64(credentials) {
            throw .malformed
        }
        write([line], scheme + [UInt8(ascii: " ")] + credentials, in: &fields)
        return isBearer ? token : try Token(scheme.map(\.lowercased) + [0x20] + credentials)
    }

    /// The one line of the field, and its value; `nil` for none or an empty one. Lines that are equal
    /// become one.
    private func soleLine(
        in fields: inout Fields
    ) throws(IdentityError) -> (line: Int, value: ArraySlice<UInt8>)? {
        let lines = try lines(in: fields)
        guard let line = lines.first else { return nil }
        let values = lines.map { fields.bytes[fields.entries[$0].value].trimmed }
        guard values.allSatisfy({ $0 == values[0] }) else { throw .conflict }
        write(lines, values[0], in: &fields)
        return values[0].isEmpty ? nil : (line, values[0])
    }

    /// Leaves one line, with this value.
    func write(_ lines: [Int], _ value: some Collection<UInt8>, in fields: inout Fields) {
        let written = fields.bytes[fields.entries[lines[0]].value]
        guard lines.count > 1 || !written.elementsEqual(value) else { return }
        fields.unite(lines, as: Array(value))
    }
}

extension ArraySlice<UInt8> {
    /// The first word, and what follows it behind blanks.
    fileprivate var words: (first: Self, rest: Self) {
        let first = prefix { !$0.isBlank }
        return (first, self[first.endIndex...].trimmed)
    }

    /// Whether the scheme stands anywhere in it: in a list, in quotes, or with another sign behind.
    fileprivate var namesBearer: Bool {
        guard !equalsIgnoringCase("bearer") else { return false }
        return indices.contains { index in
            (index == startIndex || !self[index - 1].isLetterOrDigit)
                && self[index...].prefix(6).equalsIgnoringCase("bearer")
        }
    }
}

extension UInt8 {
    var isLetterOrDigit: Bool {
        switch lowercased {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }
}
