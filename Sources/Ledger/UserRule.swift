import Policy

/// What a policy demands of one user's streams under it: the part of a verdict that depends on
/// nobody else.
struct UserRule {
    /// `nil` is no limit.
    let limit: Int?
    /// Whether the user's older streams make room for a newer one.
    private let evicts: Bool
    /// Whether those go first that have waited longest for an event.
    let idlestFirst: Bool
    let refusal: Refusal.Reason
    /// Whether the policy only observes.
    let observes: Bool
    /// Whether a lowered limit closes live streams. An address is no identity: its streams may be
    /// strangers to each other, so they are left alone.
    let reduces: Bool

    /// What stands between a newcomer and its place.
    enum Room {
        case free
        /// So many older streams make room.
        case evict(Int, limit: Int)
        case refuse(limit: Int)
    }

    init(of policy: Policy?, for user: User) {
        limit = user.isIdentified ? policy?.maxStreamsPerUser : policy?.maxStreamsPerAddress
        evicts = user.isIdentified && policy.map { $0.onExcess != .rejectNewest } ?? false
        idlestFirst = policy?.onExcess == .closeIdlest
        refusal = user.isIdentified ? .userCap : .addressCap
        observes = policy?.mode == .observe
        reduces = user.isIdentified && !observes
    }

    /// Where a newcomer stands when there are `count` streams, `evictable` of which may close.
    /// With a limit of zero there are never enough of them.
    func room(beside count: Int, evictable: Int) -> Room {
        guard let limit else { return .free }
        let excess = count + 1 - max(limit, 0)
        if excess <= 0 { return .free }
        return evicts && excess <= evictable ? .evict(excess, limit: limit) : .refuse(limit: limit)
    }

    /// How many of `count` streams a lowered limit closes when `evictable` of them may close.
    func surplus(of count: Int, evictable: Int) -> Int {
        guard let limit, reduces else { return 0 }
        return min(max(count - max(limit, 0), 0), evictable)
    }
}
