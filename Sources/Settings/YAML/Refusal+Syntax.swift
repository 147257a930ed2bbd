extension YAMLReader.Refusal {
    /// libyaml's complaint in words for someone who does not know how YAML is parsed.
    init(explaining error: YAMLSyntaxError, in bytes: [UInt8]) {
        switch error.problem {
        case "found character that cannot start any token":
            self.init(mark: error.mark, message: Self.strayCharacter(at: error.mark, in: bytes))
        case "found unexpected end of stream" where error.context.contains("quoted scalar"),
            "found unexpected document indicator":
            self.init(mark: error.contextMark, message: "a quote opens here and is never closed")
        case "did not find expected alphabetic or numeric character":
            self.init(
                mark: error.contextMark,
                message: "a text that begins with * or & needs quotes")
        case "mapping values are not allowed in this context":
            self.init(
                mark: error.mark,
                message:
                    "a colon cannot stand here; check the indentation, or put the text in quotes"
            )
        case "did not find expected key":
            self.init(
                mark: error.mark,
                message: "expected a key here; check the indentation against the lines above")
        case "did not find expected '-' indicator":
            self.init(
                mark: error.mark,
                message: "expected a - here; check the indentation against the lines above")
        case "could not find expected ':'":
            self.init(
                mark: error.contextMark,
                message: "expected a colon and a space after this key; is the line complete?")
        case "did not find expected ',' or '}'":
            self.init(mark: error.contextMark, message: "this { is never closed by a }")
        case "did not find expected ',' or ']'":
            self.init(mark: error.contextMark, message: "this [ is never closed by a ]")
        default:
            self.init(mark: error.mark, message: "is not valid YAML: \(error.problem)")
        }
    }

    private static func strayCharacter(at mark: Mark, in bytes: [UInt8]) -> String {
        switch character(at: mark, in: bytes) {
        case "\t": "a tab cannot indent; use spaces"
        case let character?: "a text that begins with \(character) needs quotes"
        case nil: "a character that cannot stand here"
        }
    }

    /// What stands at `mark`. A line ends wherever libyaml ends one, which is at more than a LF.
    private static func character(at mark: Mark, in bytes: [UInt8]) -> Unicode.Scalar? {
        var (line, column, previous) = (1, 1, Unicode.Scalar(0))
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            let isHalfOfEnd = scalar == "\n" && previous == "\r"
            previous = scalar
            if isHalfOfEnd { continue }
            if line == mark.line, column == mark.column { return scalar }
            switch scalar {
            case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": (line, column) = (line + 1, 1)
            default: column += 1
            }
        }
        return nil
    }
}
