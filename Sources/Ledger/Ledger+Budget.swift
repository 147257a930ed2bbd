import Policy

/// The budget: how often a user's newcomers may close older streams.
///
/// Clients that reconnect by hand would close each other for ever. Each newcomer that closes a
/// stream costs its user one eviction; when none is left newcomers are refused for a cool-down, and
/// the streams that are there go on. What a reload has left above a limit is never charged, so a
/// newcomer is charged one eviction however many it closes.
extension Ledger {
    /// The episodes that came to rest, each of them once. Call it again while `hasFlaps`.
    package mutating func endedFlaps(now: Duration) -> [Flap] {
        accounts.endedFlaps(now: now)
    }

    /// Whether any episode is under way, or over and not told of.
    package var hasFlaps: Bool { accounts.hasFlaps }

    /// The refusal of a newcomer whose place the user's budget does not pay for. Noting it may
    /// begin an episode.
    mutating func unaffordable(
        _ room: Room, for newcomer: Newcomer, now: Duration, chance: Double
    ) -> Refusal? {
        guard let (count, limit) = room.limit, let budget = budget(under: newcomer.policy),
            let shortage = accounts.shortage(
                of: newcomer.facts.user, under: newcomer.policy, generation: generation,
                budget: budget, now: now, chance: chance)
        else { return nil }
        return refusal(of: newcomer, .budget, count: count, limit: limit, shortage: shortage)
    }

    mutating func charge(_ newcomer: Newcomer, for room: Room, now: Duration) {
        guard room.limit != nil, let budget = budget(under: newcomer.policy) else { return }
        accounts.charge(newcomer.facts.user, under: newcomer.policy, budget, now: now)
    }

    /// A client that has closed its stream has made room by itself.
    mutating func refund(_ record: StreamRecord, now: Duration) {
        let policy = policy(at: record.position)
        guard let budget = budget(under: policy) else { return }
        accounts.refund(record.facts.user, under: policy, budget, now: now)
    }

    /// What a policy charges by; `nil` when it does not. One that only observes does not.
    private func budget(under policy: Policy?) -> Policy.EvictionBudget? {
        guard let policy else { return .standard }
        return policy.mode == .observe ? nil : policy.evictionBudget
    }
}
