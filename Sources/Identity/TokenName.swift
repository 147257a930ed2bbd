import HTTPModel

/// The name of a token's place, and what some reader may take for it.
///
/// Frameworks read names leniently, each in its own way: in any case, with another punctuation mark,
/// with one left out, escaped, in brackets. They are not told apart here: two names are alike when
/// nothing but their letters and digits is left and those are the same, whatever their case.
struct TokenName: Sendable {
    /// As the settings write it.
    let bytes: [UInt8]
    /// Whether a query can write it in another way only by escapes that nothing asks for.
    let isUnreserved: Bool
    /// Its letters and digits, in lower case.
    private let letters: [UInt8]

    /// - Returns: `nil` without a letter or a digit: every name would be alike.
    init?(_ text: String) {
        bytes = Array(text.utf8)
        isUnreserved = bytes.allSatisfy(\.isUnreserved)
        var rest = bytes[...]
        var letters: [UInt8] = []
        while !rest.isEmpty {
            let first = FoldedLetter(first: rest)
            if let letter = first.letter { letters.append(letter) }
            rest = rest.dropFirst(first.length)
        }
        self.letters = letters
        if letters.isEmpty { return nil }
    }

    /// Whether a whole name may be taken for this one: by itself, as far as a bracket or a NUL that
    /// ends it for some, or by what it holds in brackets (`user[token]`).
    func isAlike(_ name: ArraySlice<UInt8>) -> Bool {
        for name in [name, name.beforeNUL].compactMap(\.self) {
            if isSpelled(by: name) { return true }
            guard let bracket = name.firstIndex(of: .openingBracket) else { continue }
            if isSpelled(by: name[..<bracket]) { return true }
            if name[bracket...].split(whereSeparator: \.isBracket).contains(where: isSpelled) {
                return true
            }
        }
        return false
    }

    /// Whether some reader may begin the name in the middle of `text` and read it to its end: behind
    /// a byte at which one splits or trims, or at the very beginning if a name begins there.
    func mayEnd(_ text: ArraySlice<UInt8>, beginsName: Bool) -> Bool {
        for text in [text, text.beforeNUL].compactMap(\.self) {
            if isTail(of: text, beginsName) { return true }
            guard let bracket = text.firstIndex(of: .openingBracket) else { continue }
            if isTail(of: text[..<bracket], beginsName) { return true }
        }
        return false
    }

    /// Whether its letters and digits are those of this name.
    func isSpelled(by name: ArraySlice<UInt8>) -> Bool {
        var rest = name, count = 0
        while !rest.isEmpty {
            let first = FoldedLetter(first: rest)
            if let letter = first.letter {
                guard count < letters.count, letters[count] == letter else { return false }
                count += 1
            }
            rest = rest.dropFirst(first.length)
        }
        return count == letters.count
    }

    private func isTail(of text: ArraySlice<UInt8>, _ beginsName: Bool) -> Bool {
        var rest = text, left = letters.count
        while let byte = rest.last {
            if left == 0, byte.mayBeginName { return true }
            let last = FoldedLetter(last: rest)
            if let letter = last.letter {
                guard left > 0, letters[left - 1] == letter else { return false }
                left -= 1
            }
            rest = rest.dropLast(last.length)
        }
        return left == 0 && beginsName
    }
}

extension UInt8 {
    /// Whether some parser of cookies splits or trims at it.
    var separatesCookies: Bool {
        switch self {
        case UInt8(ascii: ";"), UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "'"),
            UInt8(ascii: "\\"):
            true
        default: self <= 0x20 || self >= 0x7F
        }
    }

    /// Whether some parser of cookies finds a name behind it. Who searches a line for names goes on
    /// behind what is no part of one, and brackets are none to all.
    fileprivate var mayBeginName: Bool {
        switch self {
        case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "<"), UInt8(ascii: ">"),
            UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"), UInt8(ascii: "}"):
            true
        default: separatesCookies
        }
    }

    fileprivate static let openingBracket = UInt8(ascii: "[")

    fileprivate var isBracket: Bool { self == .openingBracket || self == UInt8(ascii: "]") }
}

extension ArraySlice<UInt8> {
    /// What a string of C would be; `nil` when that is all of it.
    fileprivate var beforeNUL: Self? { firstIndex(of: 0).map { self[..<$0] } }
}
