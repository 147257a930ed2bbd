import HTTPModel

/// Tokens that are a parameter of the query.
extension PlaceReader {
    /// Parsers of queries part them at `&`, some at `;` too; names are trimmed, cut off, decoded once
    /// or more, indexed by brackets, or read in any case. A parameter counts only if no other could be
    /// one of its name, and its name is written plainly for the gateway.
    ///
    /// The body of a form has parameters too, which many frameworks mix with those of the query; some
    /// read the query in the letters that the body is said to be in; and who decodes a target before
    /// it is parted finds parameters in values and in the path.
    func takeParameter(in head: inout RequestHead) throws(IdentityError) -> Token? {
        if head.target.query?.isEmpty == false, head.hasOtherLetters { throw .ambiguous }
        let target = head.target
        guard let token = try takeParameter(in: &head.target) else { return nil }
        if head.mayHaveForm || hidesParameter(target) { throw .ambiguous }
        return token
    }

    /// How many parameters may stand in front of a token. Frameworks ignore what is behind so many,
    /// a thousand mostly, and would see a guest.
    private static let parametersMax = 256

    private func takeParameter(in target: inout RequestTarget) throws(IdentityError) -> Token? {
        guard let query = target.query else { return nil }
        let bytes = Array(query.utf8)
        let pairs = bytes[...].split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
        var values: [ArraySlice<UInt8>] = []
        var isPlain = true
        for (index, pair) in pairs.enumerated() {
            let written = pair.name
            if isOwn(written) {
                guard index <= Self.parametersMax else { throw .ambiguous }
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
        if values.count > 1 || !isPlain && name.isUnreserved {
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

    /// Whether a parameter of the name appears once all of the target is decoded.
    private func hidesParameter(_ target: RequestTarget) -> Bool {
        let values = Array((target.query ?? "").utf8).split(separator: UInt8(ascii: "&"))
            .map { $0[$0.name.endIndex...] }
        return hidesParameter(Array(target.path.utf8)[...])
            || values.contains { $0.contains(UInt8(ascii: "%")) && hidesParameter($0) }
    }

    private func hidesParameter(_ written: ArraySlice<UInt8>) -> Bool {
        written.fullyDecoded.split(omittingEmptySubsequences: false) {
            $0 == UInt8(ascii: "&") || $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: "?")
        }
        .dropFirst().contains { isAlike($0.name) }
    }

    /// The query with one parameter of the name, spelled as the settings do where that can be.
    private func plainQuery(_ pairs: [ArraySlice<UInt8>]) -> String {
        var query: [UInt8] = []
        var isFirst = true, isThere = false
        for pair in pairs {
            let isOwn = isOwn(pair.name)
            if isOwn, isThere { continue }
            if !isFirst { query.append(UInt8(ascii: "&")) }
            isFirst = false
            if isOwn, name.isUnreserved {
                query += name.bytes + pair[pair.name.endIndex...]
            } else {
                query += pair
            }
            isThere = isThere || isOwn
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
