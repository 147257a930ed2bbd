import Policy

/// A stream that asks to be let in, and where it would count. Nothing has changed for it yet.
struct Newcomer {
    let facts: StreamFacts
    /// Whether it was evicted before and comes back by itself: it brings a valid tombstone. It
    /// takes a free slot or none.
    let isReturning: Bool
    /// Where the governing policy stands in the set; `nil` when none governs.
    let position: Int?
    let policy: Policy?
    let rule: UserRule
    /// `nil` when the user has no live stream.
    let user: Int?
    let weight: Int
    /// `nil` when the user has no live stream under the policy.
    let group: Int?
    let groupCount: Int
    /// What the policy says of it, enforced or not.
    let userRoom: UserRule.Room
}

extension Ledger {
    func newcomer(_ facts: StreamFacts, at position: Int?, isReturning: Bool) -> Newcomer {
        let policy = policy(at: position)
        let rule = UserRule(of: policy, for: facts.user)
        let user = slotOfUser[facts.user]
        let group = user.flatMap { slotOfGroup[Group.Key(position: position, user: $0)] }
        let counts = group.map { groups[$0] }
        return Newcomer(
            facts: facts, isReturning: isReturning, position: position, policy: policy, rule: rule,
            user: user, weight: user.map { users[$0].count } ?? 0, group: group,
            groupCount: counts?.count ?? 0,
            userRoom: rule.room(
                beside: counts.map { $0.count - $0.named } ?? 0,
                evictable: counts?.evictable.count ?? 0))
    }
}
