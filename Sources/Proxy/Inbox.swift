import Reactor

/// Bytes that were received and not yet looked at: what stands behind a head or a body.
///
/// Bytes that were taken stay until the next ones are wanted from the socket, so that what was not
/// needed of them is put back without being copied.
struct Inbox {
    private var bytes: [UInt8] = []
    private var taken = 0

    /// What it holds, taken bytes too.
    var byteCount: Int { bytes.count }

    var isEmpty: Bool { taken == bytes.count }

    /// Copies as many bytes into `range` as there are and fit, and says how many.
    mutating func take(into buffer: IOBuffer, _ range: Range<Int>) -> Int {
        let count = min(bytes.count - taken, range.count)
        buffer.copy(bytes.span.extracting(taken..<taken + count), to: range.lowerBound)
        taken += count
        return count
    }

    /// Puts the last bytes back: those that were taken last, or that came from the socket since.
    mutating func putBack(_ unused: Span<UInt8>) {
        if unused.count <= taken {
            taken -= unused.count
            return
        }
        var front: [UInt8] = []
        front.reserveCapacity(unused.count + bytes.count - taken)
        for index in unused.indices { front.append(unused[index]) }
        bytes = front + bytes[taken...]
        taken = 0
    }

    /// Gives back what the taken bytes own.
    mutating func trim() {
        bytes = Array(bytes[taken...])
        taken = 0
    }

    /// Adds bytes that came behind all others.
    mutating func append(_ more: Span<UInt8>) {
        trim()
        for index in more.indices { bytes.append(more[index]) }
    }

    /// Forgets what was taken: it cannot be put back any more, and owns no memory.
    mutating func settle() {
        if isEmpty { self = Inbox() }
    }
}
