package import Policy

/// Refusals that are certain before the gateway is asked, so that a client in a loop costs it
/// nothing.
extension Ledger {
    /// What `admit` would refuse at this moment, `nil` when the gateway has to be asked.
    ///
    /// A newcomer only claims to be its user until the gateway has accepted its token. So it learns
    /// of that user's limits here only if it `isKnown`. `isAccepted` tells that the gateway has
    /// accepted this token before, whatever came of the stream.
    package mutating func foresee(
        _ facts: StreamFacts, at position: Int?, seen: Examination, isReturning: Bool,
        isAccepted: Bool, now: Duration, chance: Double
    ) -> Refusal? {
        let newcomer = newcomer(facts, at: position, isReturning: isReturning)
        guard isKnown(facts, isReturning: isReturning, isAccepted: isAccepted) else {
            return fullForEveryone(newcomer)
        }
        switch ruling(on: newcomer, seen: seen) {
        case .refuse(let refusal): return refusal
        case .admit(let room): return unaffordable(room, for: newcomer, now: now, chance: chance)
        }
    }

    /// Whether the gateway has accepted the token, of late or for a stream of the user that is live,
    /// or the newcomer is returning: then its tombstone has told.
    package func isKnown(
        _ facts: StreamFacts, isReturning: Bool, isAccepted: Bool
    ) -> Bool {
        isReturning || isAccepted
            || tokens.contains(facts.tokenTag, of: slotOfUser[facts.user])
    }

    /// The refusal that meets whoever does not give up a stream for it. One without a token never
    /// makes anybody give up any.
    private func fullForEveryone(_ newcomer: Newcomer) -> Refusal? {
        guard let limit = policySet.global.maxStreams, count >= limit,
            policySet.global.onExcess == .rejectNewest || limit <= 0
                || !newcomer.facts.user.isIdentified
        else { return nil }
        switch ruling(on: newcomer, seen: .none) {
        case .admit: return nil
        case .refuse: return refusal(of: newcomer, .globalCap, count: count, limit: limit)
        }
    }
}
