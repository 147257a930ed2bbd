import HTTPModel

extension TokenPlace {
    /// The values that `head` has at this place, decoded, in order; an empty one is a value too.
    ///
    /// Beside a value of the exact name, those of its lookalikes are values as well: a gateway that
    /// takes one name for the other may have accepted either. A lookalike alone is none: a gateway
    /// that does not take it for the name has accepted nothing.
    func values(in head: RequestHead) throws(IdentityError) -> [[UInt8]] {
        let exact = try values(in: head, spelled: .exactly)
        return exact.isEmpty ? [] : exact + (try values(in: head, spelled: .alike))
    }

    private func values(
        in head: RequestHead, spelled spelling: Spelling
    ) throws(IdentityError) -> [[UInt8]] {
        switch self {
        case .bearer: try Self.bearerValues(in: head.fields)
        case .query(let name): Self.queryValues(of: name, spelling, in: head.target.query)
        case .cookie(let name): Self.cookieValues(of: name, spelling, in: head.fields)
        case .certificate: []
        case .header(let name):
            head.fields.values { entry in
                spelling.fits(head.fields.bytes[entry.name].map(\.lowercased), name)
            }
        }
    }

    /// Another scheme is no token. Two lines that differ conflict whatever their schemes: which of
    /// them the gateway reads cannot be known.
    private static func bearerValues(in fields: Fields) throws(IdentityError) -> [[UInt8]] {
        let lines = fields.values { $0.known == .authorization }
        guard let line = lines.first else { return [] }
        guard lines.allSatisfy({ $0 == line }) else { throw .conflict }
        let scheme = line.prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
        guard scheme.map(\.lowercased).elementsEqual("bearer".utf8) else { return [] }
        let token = line.dropFirst(scheme.count).trimmed
        // Credentials are one word (RFC 6750, section 2.1); two could be read as either.
        guard !token.contains(where: \.isBlank) else { throw .malformed }
        return [Array(token)]
    }

    private static func queryValues(
        of name: String, _ spelling: Spelling, in query: String?
    ) -> [[UInt8]] {
        guard let query else { return [] }
        let length = name.utf8.count
        return pairs(of: query, spelling).compactMap { pair in
            let written = pair.prefix { $0 != UInt8(ascii: "=") }
            // A decoded name has a third of the written bytes at least: most fall out here.
            guard (length...3 * length).contains(written.count),
                spelling.fits(written.formDecoded, name)
            else { return nil }
            return pair.dropFirst(written.count + 1).formDecoded
        }
    }

    /// The parameters of a query. Some gateways begin one behind `;` as well.
    private static func pairs(of query: String, _ spelling: Spelling) -> [Substring.UTF8View] {
        let pairs = query.utf8.split(separator: UInt8(ascii: "&"))
        switch spelling {
        case .exactly: return pairs
        case .alike:
            return pairs
                + pairs.flatMap {
                    $0.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
                        .dropFirst()
                }
        }
    }

    private static func cookieValues(
        of name: String, _ spelling: Spelling, in fields: Fields
    ) -> [[UInt8]] {
        fields.values { $0.known == .cookie }.flatMap { line in
            line.split(separator: UInt8(ascii: ";")).compactMap { pair in
                guard let sign = pair.firstIndex(of: UInt8(ascii: "=")),
                    spelling.fits(pair[..<sign].trimmed, name)
                else { return nil }
                return Array(pair[(sign + 1)...].trimmed.unquoted)
            }
        }
    }
}

/// How much like its name a token's name is written.
private enum Spelling {
    case exactly
    /// So that some gateway may take it for the name: in letters of another case, or with another
    /// of the separators that become `_` in CGI and PHP.
    case alike

    func fits(_ written: some Sequence<UInt8>, _ name: String) -> Bool {
        switch self {
        case .exactly: written.elementsEqual(name.utf8)
        case .alike: written.elementsEqual(name.utf8) { $0.folded == $1.folded }
        }
    }
}

extension Fields {
    /// The values of the lines that fit, trimmed.
    fileprivate func values(where fits: (Entry) -> Bool) -> [[UInt8]] {
        entries.filter(fits).map { Array(bytes[$0.value].trimmed) }
    }
}

extension ArraySlice<UInt8> {
    /// Without the spaces and tabs around it.
    fileprivate var trimmed: Self {
        let start = drop(while: \.isBlank)
        return start.lastIndex { !$0.isBlank }.map { start[...$0] } ?? start
    }

    /// Without the one pair of quotes that may stand around a cookie's value.
    fileprivate var unquoted: Self {
        let quote = UInt8(ascii: "\"")
        return count >= 2 && first == quote && last == quote ? dropFirst().dropLast() : self
    }
}

extension UInt8 {
    fileprivate var folded: UInt8 {
        switch self {
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: " "): UInt8(ascii: "_")
        default: lowercased
        }
    }

    fileprivate var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }
}
