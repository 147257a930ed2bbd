package import Policy

/// Refusals that are certain before the gateway is asked, so that a client in a loop costs it
/// nothing.
extension Ledger {
    /// What `admit` would refuse at this moment, `nil` when the gateway has to be asked.
    ///
    /// A newcomer only claims to be its user until the gateway has accepted its token. So it learns
    /// of that user's limits here only if the token stands on a live stream of the user, or if it
    /// is returning: then its tombstone has told.
    package mutating func foresee(
        _ facts: StreamFacts, isReturning: Bool, now: Duration, chance: Double
    ) -> Refusal? {
        let newcomer = newcomer(facts, isReturning: isReturning)
        guard isReturning || tokens.contains(facts.tokenTag, of: newcomer.user) else {
            return fullForEveryone(newcomer)
        }
        switch ruling(on: newcomer) {
        case .refuse(let refusal): return refusal
        case .admit(let room): return unaffordable(room, for: newcomer, now: now, chance: chance)
        }
    }

    /// The refusal that meets whoever does not give up a stream for it.
    private func fullForEveryone(_ newcomer: Newcomer) -> Refusal? {
        guard let limit = policySet.global.maxStreams, count >= limit,
            policySet.global.onExcess == .rejectNewest || limit <= 0
        else { return nil }
        switch ruling(on: newcomer) {
        case .admit: return nil
        case .refuse: return refusal(of: newcomer, .globalCap, count: count, limit: limit)
        }
    }
}
