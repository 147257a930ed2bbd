import Locking

/// What all requests together hold that are not whole, not sent, or cannot be taken yet
/// (`limits.pending_bytes`): heads, what came behind them, and bodies that no gateway takes.
///
/// A network may hold no more than is left for all others. So one that takes all it can leaves half,
/// and two of them a quarter: a newcomer finds room.
final class PendingBytes: Sendable {
    /// What each connection may hold in any case, so that whoever fills the rest keeps no ordinary
    /// request out.
    static let freePerConnection = 8192

    private struct Books {
        var total = 0
        /// No network stands here that holds nothing.
        var byNetwork: [Int: Int] = [:]
    }

    private let books = Guarded(Books())

    /// Counts a change of what `network` holds. Whether that is within its share.
    func add(_ change: Int, of network: Int, atMost limit: Int) -> Bool {
        books.withLock { books in
            books.total += change
            let held = books.byNetwork[network, default: 0] + change
            books.byNetwork[network] = held == 0 ? nil : held
            return held <= limit - books.total
        }
    }
}

/// One connection's part of them.
struct HeldBytes {
    private var count = 0
    private var counted = 0
    private var isOver = false

    /// Counts bytes that are held, or were given back. Whether all is within the limits. `network`: as
    /// whose they count, the same every time.
    mutating func note(
        _ change: Int, of network: @autoclosure () -> Int, in pending: PendingBytes,
        connectionMax: Int, processMax: Int
    ) -> Bool {
        guard change != 0, !isOver else { return true }
        count += change
        let shared = max(0, count - PendingBytes.freePerConnection)
        let moved = shared - counted
        counted = shared
        let isWithin = moved == 0 || pending.add(moved, of: network(), atMost: processMax)
        return change < 0 || count <= connectionMax && isWithin
    }

    /// The connection has ended, and all that it holds with it.
    mutating func end(of network: @autoclosure () -> Int, in pending: PendingBytes) {
        isOver = true
        if counted != 0 { _ = pending.add(-counted, of: network(), atMost: 0) }
        (count, counted) = (0, 0)
    }
}
