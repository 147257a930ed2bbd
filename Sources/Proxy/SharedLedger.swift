import Ledger
import Locking
import Policy

/// The one ledger of the process, behind a mutex that is held for one operation at a time: when a
/// stream opens or closes, never per event.
final class SharedLedger: Sendable {
    private let ledger: Guarded<Ledger>

    init(policySet: PolicySet) {
        ledger = Guarded(Ledger(policySet: policySet))
    }

    func admit(
        _ facts: StreamFacts, owner: UInt32, vitals: StreamVitals, isReturning: Bool, now: Duration,
        chance: Double
    ) -> Verdict {
        ledger.withLock {
            $0.admit(
                facts, owner: owner, vitals: vitals, isReturning: isReturning, now: now,
                chance: chance)
        }
    }

    func foresee(
        _ facts: StreamFacts, isReturning: Bool, now: Duration, chance: Double
    ) -> Refusal? {
        ledger.withLock {
            $0.foresee(facts, isReturning: isReturning, now: now, chance: chance)
        }
    }

    /// Episodes of mutual eviction that have come to rest.
    func endedFlaps(now: Duration) -> [Flap] { ledger.withLock { $0.endedFlaps(now: now) } }

    func close(_ id: StreamID, reason: CloseReason, now: Duration) -> Closed? {
        ledger.withLock { $0.close(id, reason: reason, now: now) }
    }

    func policy(of id: StreamID) -> Policy? {
        ledger.withLock { $0.policy(of: id) }
    }

    /// Puts a new set in force. What is surplus under it leaves through `tick`.
    func apply(_ set: PolicySet, now: Duration) -> Applied {
        ledger.withLock { $0.apply(set, now: now) }
    }

    /// The surplus streams whose turn it is to leave, and whether more will follow.
    func tick(now: Duration) -> (victims: [Victim], hasMore: Bool) {
        ledger.withLock { ledger in
            let victims = ledger.tick(now: now)
            return (victims, ledger.hasSurplus)
        }
    }

    var count: Int { ledger.withLock { $0.count } }
    var generation: UInt64 { ledger.withLock { $0.generation } }
    var policySet: PolicySet { ledger.withLock { $0.policySet } }
}
