import HTTPModel

/// Writes one head, line by line. Its callers answer for the bytes: they come from parsed heads or
/// from texts of our own.
struct HeadWriter {
    private(set) var bytes: [UInt8] = []

    init(capacity: Int) { bytes.reserveCapacity(capacity) }

    mutating func startLine(_ parts: String...) {
        for part in parts { bytes.append(contentsOf: part.utf8) }
        endLine()
    }

    mutating func field(_ name: FieldName, _ value: String) { field(name.text, value) }

    mutating func field(_ name: String, _ value: String) {
        bytes.append(contentsOf: name.utf8)
        separate()
        bytes.append(contentsOf: value.utf8)
        endLine()
    }

    /// A line as it was sent: its bytes and its spelling.
    mutating func field(_ entry: Fields.Entry, of fields: Fields) {
        bytes.append(contentsOf: fields.bytes[entry.name])
        separate()
        bytes.append(contentsOf: fields.bytes[entry.value])
        endLine()
    }

    /// The line that says how the body ends, if one is needed.
    mutating func framing(_ framing: BodyFraming) {
        switch framing {
        case .none, .untilClose: return
        case .length(let count): field(.contentLength, String(count))
        case .chunked: field(.transferEncoding, "chunked")
        }
    }

    /// Ends a line; after the last one, the head.
    mutating func endLine() {
        bytes.append(ASCII.carriageReturn)
        bytes.append(ASCII.lineFeed)
    }

    mutating func text(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func separate() {
        bytes.append(ASCII.colon)
        bytes.append(ASCII.space)
    }
}
