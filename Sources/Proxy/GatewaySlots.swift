import Synchronization

/// How many connections to gateways the process has, pooled ones too. Clients of HTTP/2 ask for more
/// of them than they are many, so they have a limit of their own, and none can take the descriptors
/// of clients, or of reloads and logs.
final class GatewaySlots: Sendable {
    private let taken = Atomic<Int>(0)
    private let waiting = Atomic<Int>(0)

    /// Takes one, unless there are so many already.
    func take(atMost countMax: Int) -> Bool {
        var seen = taken.load(ordering: .relaxed)
        while seen < countMax {
            let (isDone, now) = taken.weakCompareExchange(
                expected: seen, desired: seen + 1, ordering: .relaxed)
            if isDone { return true }
            seen = now
        }
        return false
    }

    func giveBack() { taken.subtract(1, ordering: .relaxed) }

    /// Whether somebody waits for one, in any worker.
    var areWanted: Bool { waiting.load(ordering: .relaxed) > 0 }

    func noteWaiting(_ change: Int) { waiting.add(change, ordering: .relaxed) }
}
