import HTTPModel

/// What `Content-Type` lets a gateway read in other places than its body.
extension RequestHead {
    /// Whether a body comes that some framework takes for a form. That is one in parts, whatever these
    /// are for, and that of a POST without a type (Rack).
    var mayHaveForm: Bool {
        switch framing {
        case .none, .length(0): return false
        case .length, .chunked, .untilClose: break
        }
        let types = contentTypes
        return types.isEmpty && method == .post
            || types.contains {
                $0.contains("urlencoded") || $0.contains("url-encoded") || $0.contains("multipart")
            }
    }

    /// Whether the body is said to be in letters that write ASCII in another way, such as UTF-7:
    /// Django and others read the query in them as well.
    var hasOtherLetters: Bool {
        contentTypes.contains { type in
            type.ranges(of: "charset").contains { range in
                let name = type[range.upperBound...].prefix { $0 != UInt8(ascii: ";") }
                    .filter(\.isLetterOrDigit)
                return !Self.lettersOfASCII.contains(String(decoding: name, as: UTF8.self))
            }
        }
    }

    /// Names of encodings, in letters and digits, in which each byte of ASCII is its character.
    private static let lettersOfASCII: Set<String> = [
        "utf8", "usascii", "ascii", "iso88591", "latin1", "iso885915", "windows1252", "cp1252",
    ]

    /// In lower case. A line may be a list.
    private var contentTypes: [[UInt8]] {
        fields.entries.filter { $0.known == .contentType }
            .map { fields.bytes[$0.value].map(\.lowercased) }
            .filter { !$0.isEmpty }
    }
}

extension [UInt8] {
    fileprivate func ranges(of text: String) -> [Range<Int>] {
        let word = Array(text.utf8)
        return indices.filter { self[$0...].starts(with: word) }.map { $0..<($0 + word.count) }
    }

    fileprivate func contains(_ text: String) -> Bool { !ranges(of: text).isEmpty }
}
