import HTTPModel

/// The elements of a list that each proxy adds to at its end, from the end on. What stands there was
/// written by the proxy next to us; further ahead anybody may have written anything, and no byte of
/// it changes how the end is read.
struct ForwardedList {
    private let bytes: [UInt8]
    /// The lines that are still to come, the next one last.
    private var lines: [Range<Int>]
    /// What is left of the current line, up to the comma that was read last; `nil` before a line.
    private var rest: Range<Int>?
    private let knowsQuotes: Bool

    /// The lines of one field. In `Forwarded` a comma may stand between quotes.
    init(_ name: FieldName, in fields: Fields) {
        bytes = fields.bytes
        lines = fields.entries.filter { $0.known == name }.map(\.value)
        knowsQuotes = name == .forwarded
    }

    /// The next element; `nil` when there is none, or when quotes leave open where it begins.
    mutating func next() -> ArraySlice<UInt8>? {
        if rest == nil { rest = lines.popLast() }
        guard let line = rest else { return nil }
        var index = line.upperBound
        while index > line.lowerBound {
            index -= 1
            if bytes[index] == UInt8(ascii: ",") {
                rest = line.lowerBound..<index
                return bytes[(index + 1)..<line.upperBound]
            }
            guard knowsQuotes, bytes[index] == Self.quote else { continue }
            guard let opening = opening(before: index, in: line) else {
                (rest, lines) = (nil, [])
                return nil
            }
            index = opening
        }
        rest = nil
        return bytes[line]
    }

    /// Where the quotes open that close at `end`. A quote behind an odd number of backslashes
    /// stands for itself.
    private func opening(before end: Int, in line: Range<Int>) -> Int? {
        var index = end
        while index > line.lowerBound {
            index -= 1
            guard bytes[index] == Self.quote else { continue }
            var start = index
            while start > line.lowerBound, bytes[start - 1] == UInt8(ascii: "\\") { start -= 1 }
            if (index - start).isMultiple(of: 2) { return index }
            index = start
        }
        return nil
    }

    private static let quote = UInt8(ascii: "\"")
}
