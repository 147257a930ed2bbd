extension String {
    /// The text as a message may show it: short, on one line, and nothing that moves a cursor.
    var shown: String {
        let lengthMax = 60
        let visible = unicodeScalars.prefix(lengthMax).map { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: " "
            default: String(scalar)
            }
        }
        return visible.joined() + (unicodeScalars.count > lengthMax ? "..." : "")
    }
}
