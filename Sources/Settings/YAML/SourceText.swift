/// What can be wrong with a text before it is YAML.
enum SourceText {
    /// The first reason not to read `bytes` as YAML, `nil` when there is none.
    static func refusal(of bytes: [UInt8]) -> YAMLReader.Refusal? {
        for (signature, name) in signatures where bytes.starts(with: signature) {
            return YAMLReader.Refusal(
                mark: .start,
                message: "begins with \(name); save it as UTF-8 without one")
        }
        if let offset = firstInvalid(bytes) {
            return YAMLReader.Refusal(
                mark: mark(after: bytes[..<offset]),
                message: "is not valid UTF-8 here; save it as UTF-8")
        }
        return forbiddenCharacter(in: String(decoding: bytes, as: UTF8.self))
    }

    private static let signatures: [([UInt8], String)] = [
        ([0xEF, 0xBB, 0xBF], "a byte order mark"),
        ([0xFF, 0xFE], "a byte order mark of UTF-16"),
        ([0xFE, 0xFF], "a byte order mark of UTF-16"),
    ]

    private static func firstInvalid(_ bytes: [UInt8]) -> Int? {
        do {
            _ = try UTF8Span(validating: bytes.span)
            return nil
        } catch {
            return error.byteOffsets.lowerBound
        }
    }

    private static func forbiddenCharacter(in text: String) -> YAMLReader.Refusal? {
        let scalars = text.unicodeScalars
        guard let index = scalars.firstIndex(where: isForbidden) else { return nil }
        let message =
            scalars[index] == "\0"
            ? "contains a NUL character; save it as UTF-8"
            : "contains a control character (\(codePoint(scalars[index]))); remove it"
        return YAMLReader.Refusal(
            mark: mark(after: text[..<index].utf8), message: message)
    }

    /// What YAML 1.2, section 5.1, keeps out: control characters, but for those that lay out a
    /// text, and two code points that are no characters.
    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\t", "\n", "\r", "\u{85}": false
        case "\0"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{FEFF}", "\u{FFFE}", "\u{FFFF}": true
        default: false
        }
    }

    /// The place just after `before`; a column is a character, as everywhere.
    private static func mark(after before: some BidirectionalCollection<UInt8>) -> Mark {
        let newline = UInt8(ascii: "\n")
        let line = before.count { $0 == newline } + 1
        let lastLine = before.suffix(
            from: before.lastIndex(of: newline).map(before.index(after:))
                ?? before.startIndex)
        let column = String(decoding: lastLine, as: UTF8.self).unicodeScalars.count + 1
        return Mark(line: line, column: column)
    }

    private static func codePoint(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
