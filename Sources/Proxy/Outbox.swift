/// Bytes that the other side has not taken yet. Empty, it owns no memory.
///
/// Invariant: `taken` ≤ `bytes.count`, and both are zero when nothing waits.
struct Outbox {
    private var bytes: [UInt8] = []
    private var taken = 0

    var isEmpty: Bool { bytes.isEmpty }
    var count: Int { bytes.count - taken }

    /// What waits, in order.
    var waiting: Span<UInt8> {
        @_lifetime(borrow self)
        get { bytes.span.extracting(taken..<bytes.count) }
    }

    mutating func append(_ more: Span<UInt8>) {
        bytes.reserveCapacity(bytes.count + more.count)
        for index in more.indices { bytes.append(more[index]) }
    }

    mutating func append(_ more: [UInt8]) {
        if bytes.isEmpty { bytes = more } else { bytes.append(contentsOf: more) }
    }

    /// The other side has taken `count` bytes off the front.
    mutating func take(_ count: Int) {
        taken += count
        precondition(taken <= bytes.count, "More was taken than there was.")
        if taken == bytes.count { self = Outbox() }
    }
}
