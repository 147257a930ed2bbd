import Ledger
import Policy
import Reactor

/// Brings the clocks of a worker's streams under a new set of policies, a few in each turn of its
/// loop: no event waits for all of them. The ledger has judged them already.
///
/// The walk of a later reload takes the place of one that is under way, and begins anew.
final class ReloadWalk: TimerHandler {
    private unowned let worker: Worker
    private var ids: ArraySlice<StreamID>
    /// Over how long deadlines that the reload brings forward are spread.
    private let spread: Duration

    /// How many streams one turn takes. It costs less than half a millisecond.
    private static let sliceMax = 256

    init(over worker: Worker, spread: Duration) {
        self.worker = worker
        self.spread = spread
        ids = Array(worker.streams.keys)[...]
    }

    func timerFired(now: Duration) -> Duration? {
        guard worker.reloadWalk === self else { return nil }
        let slice = ids.prefix(Self.sliceMax)
        ids = ids.dropFirst(slice.count)
        let (policies, generation) = worker.shared.ledger.policies(of: slice)
        for (id, policy) in zip(slice, policies) {
            worker.streams[id]?.govern(
                by: policy, generation: generation, grace: spread * Double.random(in: 0...1))
        }
        guard ids.isEmpty else { return now }
        worker.reloadWalk = nil
        return nil
    }
}
