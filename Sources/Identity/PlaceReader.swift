import HTTPModel

/// Reads one place of a request, and writes it plainly: what was read is what the gateway gets.
///
/// Nobody knows which of two tokens the gateway would read, nor which of two spellings it would
/// understand. So a place is read only if all readers would find the same in it, or nothing at all.
struct PlaceReader: Sendable {
    private let place: TokenPlace
    /// The name of the token itself: the parameter, the cookie or the field.
    let name: TokenName
    /// The field that holds it, lower case; of no use to a query.
    let field: TokenName

    /// - Returns: `nil` for a place that is in no request.
    init?(_ place: TokenPlace) {
        let names: (name: String, field: String)
        switch place {
        case .bearer: names = ("authorization", "authorization")
        case .query(let name): names = (name, name)
        case .cookie(let name): names = (name, "cookie")
        case .header(let name): names = (name, name)
        case .certificate: return nil
        }
        guard let name = TokenName(names.name), let field = TokenName(names.field) else {
            return nil
        }
        (self.place, self.name, self.field) = (place, name, field)
    }

    /// Whether a browser sends it along with every request, whatever that is for.
    var isCookie: Bool {
        if case .cookie = place { true } else { false }
    }

    /// The token that `head` has here, `nil` for none or an empty one.
    ///
    /// - Throws: when two readers could find two different tokens. `head` is of no use then.
    func takeToken(in head: inout RequestHead) throws(IdentityError) -> Token? {
        switch place {
        case .bearer: try takeBearer(in: &head.fields)
        case .header: try takeHeader(in: &head.fields)
        case .cookie: try takeCookie(in: &head.fields)
        case .query: try takeParameter(in: &head)
        case .certificate: nil
        }
    }

    /// The lines of the place's field, in order.
    ///
    /// - Throws: `.ambiguous` when another field's name is spelled like it: to CGI and its heirs
    ///   `X-Token` and `X_Token` are one.
    func lines(in fields: Fields) throws(IdentityError) -> [Int] {
        var lines: [Int] = []
        for (index, entry) in fields.entries.enumerated() {
            let written = fields.bytes[entry.name]
            guard field.isSpelled(by: written) else { continue }
            guard written.map(\.lowercased) == field.bytes else { throw .ambiguous }
            lines.append(index)
        }
        return lines
    }
}

extension ArraySlice<UInt8> {
    /// Without the spaces and tabs around it.
    var trimmed: Self {
        let start = drop(while: \.isBlank)
        return start.lastIndex { !$0.isBlank }.map { start[...$0] } ?? start
    }

    func equalsIgnoringCase(_ text: StaticString) -> Bool {
        count == text.utf8CodeUnitCount
            && zip(self, text.description.utf8).allSatisfy { $0.lowercased == $1 }
    }
}

extension UInt8 {
    var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }
}
