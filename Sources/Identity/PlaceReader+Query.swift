import HTTPModel

/// Tokens that are a parameter of the query.
extension PlaceReader {
    /// Parsers of queries part them at `&`, some at `;` too; names are trimmed, cut off, decoded once
    /// or more, indexed by brackets, or read in any case. A parameter counts only if no other could be
    /// one of its name, and its name is written plainly for the gateway.
    func takeParameter(in target: inout RequestTarget) throws(IdentityError) -> Token? {
        guard let query = target.query else { return nil }
        let bytes = Array(query.utf8)
        let pairs = bytes[...].split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
        var values: [ArraySlice<UInt8>] = []
        var isPlain = true
        for pair in pairs {
            let written = pair.name
            if isOwn(written) {
                let rest = pair[written.endIndex...]
                guard rest.first != UInt8(ascii: ";") else { throw .ambiguous }
                values.append(rest.dropFirst())
                isPlain = isPlain && written.elementsEqual(name.bytes)
            } else if isAlike(written) {
                throw .ambiguous
            }
            for part in pair.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
                .dropFirst() where isAlike(part.name)
            {
                throw .ambiguous
            }
        }
        guard let first = values.first else { return nil }
        guard !first.isEmpty else {
            guard values.allSatisfy(\.isEmpty) else { throw .conflict }
            return nil
        }
        let token = try TokenValue.query(first)
        for value in values.dropFirst() {
            guard !value.isEmpty, try TokenValue.query(value) == token else { throw .conflict }
        }
        if !isPlain, name.isUnreserved {
            target = RequestTarget(path: target.path, query: plainQuery(pairs))
        }
        return token
    }

    private func isOwn(_ written: ArraySlice<UInt8>) -> Bool {
        written.elementsEqual(name.bytes)
            || written.contains { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }
                && written.formDecoded == name.bytes
    }

    private func isAlike(_ written: ArraySlice<UInt8>) -> Bool {
        name.isAlike(written)
            || written.contains(UInt8(ascii: "%")) && name.isAlike(written.fullyDecoded[...])
    }

    private func plainQuery(_ pairs: [ArraySlice<UInt8>]) -> String {
        var query: [UInt8] = []
        for (index, pair) in pairs.enumerated() {
            if index > 0 { query.append(UInt8(ascii: "&")) }
            query += isOwn(pair.name) ? name.bytes + pair[pair.name.endIndex...] : pair
        }
        return String(decoding: query, as: UTF8.self)
    }
}

extension ArraySlice<UInt8> {
    /// What stands in front of the value of a parameter.
    fileprivate var name: Self {
        prefix { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ";") }
    }
}
