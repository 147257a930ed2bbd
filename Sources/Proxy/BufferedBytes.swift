import Locking
import Synchronization

/// The bytes that wait for clients to take them, in the whole process, and who pays when they are too
/// many: whoever has taken nothing for longest, wherever its connection is.
///
/// Each worker names its slowest; the one that has the slowest of all ends it. That is a round. The
/// next begins when it is over and there is still too much.
final class BufferedBytes: Sendable {
    /// What is to be done next.
    enum Step {
        case nothing
        /// Every worker names its slowest client.
        case ask
        /// The worker ends its clients that have taken nothing since `until`, or the slowest at
        /// least, until it is enough.
        case relieve(worker: UInt32, until: Duration)
    }

    private struct Round {
        let startedAt: Duration
        var missing: Int
        var slowest: (worker: UInt32, since: Duration)?
        /// Of all the other workers.
        var next: Duration?
        var isDecided = false
    }

    private let count = Atomic<Int>(0)
    private let round = Guarded<Round?>(nil)
    /// A worker that has nothing to say by then has ended, or is busy with greater things.
    private static let patience = Duration.seconds(1)

    var total: Int { count.load(ordering: .relaxed) }

    /// Returns how many they are now.
    func add(_ change: Int) -> Int { count.wrappingAdd(change, ordering: .relaxed).newValue }

    /// There is too much. Begins a round, or ends one that has gone on for too long.
    func begin(workers: Int, now: Duration) -> Step {
        round.withLock { round in
            if let current = round, now - current.startedAt < Self.patience { return .nothing }
            if let late = round, !late.isDecided, late.slowest != nil { return Self.decide(&round) }
            round = Round(startedAt: now, missing: workers)
            return .ask
        }
    }

    /// A worker names since when its slowest client has taken nothing; `nil` when all take theirs.
    func report(_ since: Duration?, of worker: UInt32) -> Step {
        round.withLock { round in
            guard var current = round, !current.isDecided else { return .nothing }
            current.missing -= 1
            if let since {
                if let slowest = current.slowest, slowest.since <= since {
                    current.next = min(current.next ?? since, since)
                } else {
                    current.next = current.slowest?.since ?? current.next
                    current.slowest = (worker, since)
                }
            }
            round = current
            return current.missing > 0 ? .nothing : Self.decide(&round)
        }
    }

    func end() { round.withLock { $0 = nil } }

    private static func decide(_ round: inout Round?) -> Step {
        guard let slowest = round?.slowest else {
            round = nil
            return .nothing
        }
        round?.isDecided = true
        return .relieve(worker: slowest.worker, until: round?.next ?? .seconds(Int64.max / 2))
    }
}
