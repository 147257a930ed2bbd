import Synchronization

/// What all requests together hold that are not whole, not sent, or cannot be taken yet
/// (`limits.pending_bytes`): heads, what came behind them, and bodies that no gateway takes.
final class PendingBytes: Sendable {
    /// What each connection may hold in any case, so that whoever fills the rest keeps no ordinary
    /// request out.
    static let freePerConnection = 8192

    private let total = Atomic<Int>(0)

    /// Returns how many there are now.
    func add(_ change: Int) -> Int { total.add(change, ordering: .relaxed).newValue }
}

/// One connection's part of them.
struct HeldBytes {
    private var count = 0
    private var counted = 0
    private var isOver = false

    /// Counts bytes that are held, or were given back. Whether all is within the limits.
    mutating func note(
        _ change: Int, in pending: PendingBytes, connectionMax: Int, processMax: Int
    ) -> Bool {
        guard change != 0, !isOver else { return true }
        count += change
        let shared = max(0, count - PendingBytes.freePerConnection)
        let moved = shared - counted
        counted = shared
        let total = moved == 0 ? 0 : pending.add(moved)
        return change < 0 || count <= connectionMax && (moved == 0 || total <= processMax)
    }

    /// The connection has ended, and all that it holds with it.
    mutating func end(in pending: PendingBytes) {
        isOver = true
        if counted != 0 { _ = pending.add(-counted) }
        (count, counted) = (0, 0)
    }
}
