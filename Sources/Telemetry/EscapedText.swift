/// What stands where a text was cut because it was too long.
private let cutMarker = "…[cut]"

/// What an escaped text will stand in.
enum TextPlace {
    /// Between the quotes of a JSON string, so that quotes and backslashes are escaped too.
    case json
    /// On a line for a person.
    case line
}

extension [UInt8] {
    /// Appends `text` on one line, printable, in no more than `bytesMax` bytes unless the marker of
    /// a cut alone is longer.
    ///
    /// Text comes from outside. So besides what JSON asks for, everything is escaped that could
    /// move a cursor, start a new line or turn the reading direction in some terminal or viewer.
    /// A `String` is valid UTF-8 by itself: bytes that were not have become U+FFFD.
    mutating func append(escaping text: String, for place: TextPlace, bytesMax: Int) {
        if text.utf8.count <= bytesMax, text.utf8.allSatisfy(\.standsForItself) {
            append(contentsOf: text.utf8)
            return
        }
        let start = count
        var cut = start  // Where the text could end if the marker had to follow.
        for scalar in text.unicodeScalars {
            append(escaping: scalar, for: place)
            if count - start > bytesMax {
                removeLast(count - cut)
                append(contentsOf: cutMarker.utf8)
                return
            }
            if count - start + cutMarker.utf8.count <= bytesMax { cut = count }
        }
    }

    private mutating func append(escaping scalar: Unicode.Scalar, for place: TextPlace) {
        switch (scalar, place) {
        case ("\"", .json): append(contentsOf: #"\""#.utf8)
        case ("\\", .json): append(contentsOf: #"\\"#.utf8)
        case ("\n", _): append(contentsOf: #"\n"#.utf8)
        case ("\r", _): append(contentsOf: #"\r"#.utf8)
        case ("\t", _): append(contentsOf: #"\t"#.utf8)
        case _ where scalar.mayDisturb: append(codeOf: scalar)
        default: append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        }
    }

    /// Appends `\u001b` and the like. All scalars that need it have four digits.
    private mutating func append(codeOf scalar: Unicode.Scalar) {
        append(contentsOf: #"\u"#.utf8)
        for shift in [12, 8, 4, 0] as [UInt32] {
            let digit = UInt8(truncatingIfNeeded: scalar.value >> shift & 0xF)
            append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}

extension UInt8 {
    /// Printable ASCII that means nothing to JSON: most text is nothing else.
    fileprivate var standsForItself: Bool {
        self >= 0x20 && self < 0x7F && self != UInt8(ascii: "\"") && self != UInt8(ascii: "\\")
    }
}

extension Unicode.Scalar {
    /// Control characters (C0, DEL, C1, among them ESC), the line and paragraph separators, and
    /// the marks that turn the reading direction.
    fileprivate var mayDisturb: Bool {
        switch value {
        case 0x00...0x1F, 0x7F...0x9F, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
