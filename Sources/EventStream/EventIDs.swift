/// Follows a stream's `id` fields to what a client's last event id is (WHATWG HTML, section 9.2.6).
///
/// An id travels `line` -> `buffered` -> `last`, by swapping, so that once the arrays have grown
/// nothing is allocated. A stream without ids has three empty arrays and no storage.
///
/// Invariant: no array is longer than `bytesMax + 1`; one that is that long is cut, so not known.
struct EventIDs: Sendable {
    static let bytesMax = 1024

    private var line: [UInt8] = []
    /// The id of the event in progress, which the client takes over at the next blank line.
    private var buffered: [UInt8] = []
    private var last: [UInt8] = []
    private var lineHasNUL = false
    private var hasBuffered = false
    private var hasLast = false
    /// Whether any valid `id` line was seen.
    private(set) var areUsed = false

    /// `initial` is what the client came with, its `Last-Event-ID`.
    init(initial: String) {
        last = Array(initial.utf8)
        hasLast = !last.isEmpty
    }

    /// Where the client would go on: its last event id, empty when it has none; `nil` when that
    /// is too long to be known.
    var resumeText: String? {
        hasLast ? lastText : ""
    }

    /// The client's last event id; `nil` when there was none or it is too long to be known.
    var lastText: String? {
        guard hasLast, last.count <= Self.bytesMax else { return nil }
        return String(decoding: last, as: UTF8.self)
    }

    mutating func beginLine() {
        line.removeAll(keepingCapacity: true)
        lineHasNUL = false
    }

    mutating func append(_ piece: Span<UInt8>) {
        for index in piece.indices {
            if piece[index] == 0 { lineHasNUL = true }
            if line.count <= Self.bytesMax { line.append(piece[index]) }
        }
    }

    /// An id that contains a NUL is ignored.
    mutating func endLine() {
        guard !lineHasNUL else { return }
        swap(&line, &buffered)
        hasBuffered = true
        areUsed = true
    }

    /// A blank line: what is buffered becomes the client's, whether or not there was data.
    mutating func endEvent() {
        guard hasBuffered else { return }
        swap(&buffered, &last)
        hasBuffered = false
        hasLast = true
    }
}
