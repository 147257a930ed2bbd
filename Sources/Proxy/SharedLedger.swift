import Ledger
import Locking
import Policy

/// The one ledger of the process, behind a mutex that is held for one operation at a time: when a
/// stream opens or closes, never per event.
///
/// What takes time stays outside. Which policy governs a stream is found by a copy of the set, and
/// the answer counts only if that set is still in force inside; how clients are doing is asked in
/// between, when the ledger has named whom it has to choose among.
final class SharedLedger: Sendable {
    private let ledger: Guarded<Ledger>
    /// The set in force, for those who match. It changes while `ledger` is held, and is read alone.
    private let current: Guarded<PolicySet>

    init(policySet: PolicySet) {
        ledger = Guarded(Ledger(policySet: policySet))
        current = Guarded(policySet)
    }

    func admit(
        _ facts: StreamFacts, owner: UInt32, vitals: StreamVitals, patience: Patience,
        isReturning: Bool, now: Duration, chance: Double
    ) -> Verdict {
        consult(facts, isReturning: isReturning, patience: patience) { ledger, position, seen in
            ledger.admit(
                facts, at: position, owner: owner, vitals: vitals, seen: seen,
                isReturning: isReturning, now: now, chance: chance)
        }
    }

    func foresee(
        _ facts: StreamFacts, patience: Patience, isReturning: Bool, isAccepted: Bool,
        now: Duration, chance: Double
    ) -> Refusal? {
        consult(
            facts, isReturning: isReturning, patience: patience, isAccepted: isAccepted
        ) { ledger, position, seen in
            ledger.foresee(
                facts, at: position, seen: seen, isReturning: isReturning, isAccepted: isAccepted,
                now: now, chance: chance)
        }
    }

    /// What a visit to the ledger brought.
    private enum Step<Answer> {
        case answer(Answer)
        /// Another set is in force by now.
        case matchAgain
        case ask([Ledger.Candidate])
    }

    /// Has the ledger judge a newcomer: by one set, which is the one in force at that moment.
    private func consult<Answer>(
        _ facts: StreamFacts, isReturning: Bool, patience: Patience, isAccepted: Bool = true,
        _ judge: (inout Ledger, Int?, Examination) -> Answer
    ) -> Answer {
        var seen: Examination?
        while true {
            let set = policySet
            let position = set.position(governing: facts)
            let step: Step<Answer> = ledger.withLock { ledger in
                guard ledger.generation == set.generation else { return .matchAgain }
                // Nobody is asked for a stranger who merely claims to be somebody.
                if seen == nil,
                    ledger.isKnown(facts, isReturning: isReturning, isAccepted: isAccepted)
                {
                    let candidates = ledger.candidates(
                        for: facts, at: position, isReturning: isReturning)
                    if !candidates.isEmpty { return .ask(candidates) }
                }
                return .answer(judge(&ledger, position, seen ?? .none))
            }
            switch step {
            case .answer(let answer): return answer
            case .matchAgain: seen = nil
            case .ask(let candidates): seen = Examination(of: candidates, by: patience)
            }
        }
    }

    /// Episodes of mutual eviction that have come to rest.
    func endedFlaps(now: Duration) -> [Flap] { ledger.withLock { $0.endedFlaps(now: now) } }

    func close(_ id: StreamID, reason: CloseReason, now: Duration) -> Closed? {
        ledger.withLock { $0.close(id, reason: reason, now: now) }
    }

    /// The policy of each of a few streams, and the generation of the set that says so.
    func policies(of ids: ArraySlice<StreamID>) -> (policies: [Policy?], generation: UInt64) {
        ledger.withLock { ledger in (ids.map { ledger.policy(of: $0) }, ledger.generation) }
    }

    /// Puts a new set in force. What is surplus under it leaves through `tick`.
    ///
    /// Streams are matched while verdicts go on, in rounds: each is shorter than the one before, and
    /// what the last one leaves is little.
    func apply(_ set: PolicySet, now: Duration) -> Applied {
        var matching = Matching(for: set)
        for _ in 0..<Self.roundsMax where match(&matching) > Self.leftOverMax {}
        return ledger.withLock { ledger in
            let applied = ledger.apply(matching, now: now)
            current.withLock { $0 = set }
            return applied
        }
    }

    private static let roundsMax = 4
    private static let leftOverMax = 64

    /// Matches what is there and was not matched yet, and says how much that was.
    private func match(_ matching: inout Matching) -> Int {
        let last = ledger.withLock { $0.lastID }
        var found: [Matching.Stream] = []
        var next: Int? = 0
        while let slot = next {
            let piece = ledger.withLock {
                $0.unmatched(fromSlot: slot, after: matching.last, upTo: last)
            }
            found += piece.streams
            next = piece.next
        }
        matching.add(found, upTo: last)
        return found.count
    }

    /// The surplus streams whose turn it is to leave, and whether more will follow.
    func tick(now: Duration) -> (victims: [Victim], hasMore: Bool) {
        ledger.withLock { ledger in
            let victims = ledger.tick(now: now)
            return (victims, ledger.hasSurplus)
        }
    }

    var count: Int { ledger.withLock { $0.count } }
    var policySet: PolicySet { current.withLock { $0 } }
    var generation: UInt64 { policySet.generation }
}
