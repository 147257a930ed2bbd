extension String {
    /// The text as a message may show it: short, on one line, and nothing that moves a cursor.
    var shown: String {
        let lengthMax = 60
        let start = String(String.UnicodeScalarView(unicodeScalars.prefix(lengthMax)))
        return start.onOneLine + (unicodeScalars.count > lengthMax ? "..." : "")
    }

    /// The text with a space for whatever ends a line, moves a cursor or is not seen.
    var onOneLine: String {
        let visible = unicodeScalars.map { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: " "
            default: String(scalar)
            }
        }
        return visible.joined()
    }
}
