import HTTPModel

/// Tokens that are a cookie (RFC 6265).
extension PlaceReader {
    /// Parsers of cookies split at semicolons, some at commas, blanks and what else; they trim other
    /// bytes from a name, unescape it, or read it in any case. So a cookie counts only if nothing else
    /// in all lines could be one of its name, wherever a parser may see it begin.
    ///
    /// Cookies of other names pass as they came, on one line.
    func takeCookie(in fields: inout Fields) throws(IdentityError) -> Token? {
        let lines = try lines(in: fields)
        guard let first = lines.first else { return nil }
        let line = CookieLine(
            lines.count == 1
                ? fields.bytes[fields.entries[first].value]
                : lines.map { fields.bytes[fields.entries[$0].value] }.joined(by: "; "))
        let own = line.ownPieces(of: name)
        guard own.count == line.countAlike(name),
            own.isEmpty || own.count == line.decoded?.countAlike(name) ?? own.count
        else { throw .ambiguous }
        let values = own.map { line.value(of: $0) }
        var token: Token?
        if let value = values.first {
            guard values.allSatisfy({ $0 == value }) else { throw .conflict }
            if !value.isEmpty { token = try TokenValue.cookie(value) }
        }
        if let plain = token == nil ? nil : line.writtenPlainly(own, name) {
            write(lines, plain, in: &fields)
        } else {
            write(lines, line.bytes, in: &fields)
        }
        return token
    }
}

/// The cookies of a request, as one line.
private struct CookieLine {
    /// How many cookies may stand in front of a token. Servers ignore what is behind so many, two
    /// hundred or more.
    private static let cookiesMax = 64

    let bytes: ArraySlice<UInt8>
    private let pieces: [ArraySlice<UInt8>]

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        pieces = bytes.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
    }

    /// The line of a parser that decodes all of it before it looks for cookies; `nil` when that is
    /// the same.
    var decoded: CookieLine? {
        bytes.contains(UInt8(ascii: "%")) ? CookieLine(bytes.fullyDecoded[...]) : nil
    }

    /// Which pieces have exactly this name.
    func ownPieces(of name: TokenName) -> [Int] {
        pieces.indices.filter { index in
            let piece = pieces[index]
            guard let equals = piece.firstIndex(of: UInt8(ascii: "=")) else { return false }
            return piece[..<equals].trimmed.elementsEqual(name.bytes)
        }
    }

    /// The value of a piece that has a name, without blanks and the one pair of quotes around it.
    func value(of index: Int) -> ArraySlice<UInt8> {
        let piece = pieces[index]
        let value = piece[piece.prefix { $0 != UInt8(ascii: "=") }.endIndex...].dropFirst().trimmed
        let quote = UInt8(ascii: "\"")
        return value.count >= 2 && value.first == quote && value.last == quote
            ? value.dropFirst().dropLast() : value
    }

    /// How many cookies some parser may read under this name.
    func countAlike(_ name: TokenName) -> Int {
        var count = 0, start = bytes.startIndex
        var beginsName = true, isEscaped = false
        for index in bytes.indices {
            switch bytes[index] {
            case UInt8(ascii: "%"): isEscaped = true
            case UInt8(ascii: "="), UInt8(ascii: ";"):
                let isEnd = bytes[index] == UInt8(ascii: ";")
                let text = bytes[start..<index]
                if !isEnd,
                    name.mayEnd(text, beginsName: beginsName)
                        || isEscaped
                            && name.mayEnd(text.fullyDecoded[...], beginsName: beginsName)
                {
                    count += 1
                }
                (start, beginsName, isEscaped) = (index + 1, isEnd, false)
            default: continue
            }
        }
        return count
    }

    /// The line with one piece of the name, `NAME=VALUE`; `nil` when it is that already.
    ///
    /// It stays where it is, but goes to the front if a piece before it is one at which a parser may
    /// give up, or that it may not see the end of: what was read must not be hidden from the gateway.
    func writtenPlainly(_ own: [Int], _ name: TokenName) -> [UInt8]? {
        guard let first = own.first else { return nil }
        let plain = name.bytes + [UInt8(ascii: "=")] + value(of: first)
        let isHidden =
            first > Self.cookiesMax || !pieces[..<first].allSatisfy(\.isPlainCookie)
        guard isHidden || own.count > 1 || !pieces[first].trimmed.elementsEqual(plain) else {
            return nil
        }
        var line = isHidden ? plain : []
        var isEmpty = !isHidden
        for index in pieces.indices where index == first && !isHidden || !own.contains(index) {
            let piece = pieces[index]
            if !isEmpty {
                line.append(UInt8(ascii: ";"))
                if piece.first?.isBlank != true { line.append(UInt8(ascii: " ")) }
            }
            isEmpty = false
            if index == first {
                line += piece.prefix(while: \.isBlank) + plain
            } else {
                line += piece
            }
        }
        return line
    }
}

extension ArraySlice<UInt8> {
    /// Whether it is a cookie by the grammar, which every parser reads (RFC 6265, section 4.2.1).
    fileprivate var isPlainCookie: Bool {
        let pair = trimmed
        guard let equals = pair.firstIndex(of: UInt8(ascii: "=")), let first = pair.first,
            equals > pair.startIndex, first != UInt8(ascii: "$")
        else { return false }
        return pair[..<equals].allSatisfy(\.isToken)
            && pair[(equals + 1)...].allSatisfy { !$0.separatesCookies || $0 == UInt8(ascii: "'") }
    }
}

extension [ArraySlice<UInt8>] {
    fileprivate func joined(by text: StaticString) -> ArraySlice<UInt8> {
        var bytes: [UInt8] = []
        for (index, slice) in enumerated() {
            if index > 0 { bytes += text.description.utf8 }
            bytes += slice
        }
        return bytes[...]
    }
}
