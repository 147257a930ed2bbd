import Policy

/// The limit for all streams of this instance together.
///
/// One newcomer costs at most one stream here, even when a reload has left many too many: those
/// leave through `tick`, at its pace.
extension Ledger {
    /// Who loses a stream to a newcomer.
    enum GlobalPayer {
        /// Whoever has the oldest.
        case oldestOfAll
        /// The user in that slot.
        case user(Int)
        /// Nobody living: the stream in that slot is dead.
        case dead(Chosen)
    }

    /// What stands between a newcomer and its place once the user rule has had its say.
    enum GlobalRoom {
        case free
        case evict(GlobalPayer, limit: Int)
        case refuse(limit: Int)
    }

    /// `doomed` streams of the newcomer's group are about to be closed by the user rule: they free
    /// places, and none of them can be closed twice.
    func globalRoom(for newcomer: Newcomer, beside doomed: Int) -> GlobalRoom {
        guard let limit = policySet.global.maxStreams, count + 1 - doomed > limit else {
            return .free
        }
        // A limit of zero turns everybody away, also while older streams are still leaving.
        guard limit > 0 else { return .refuse(limit: limit) }
        let payer: GlobalPayer? =
            switch policySet.global.onExcess {
            case .rejectNewest: nil
            case .closeOldest: evictable.count > doomed ? .oldestOfAll : nil
            case .closeOldestOfHeaviest:
                payer(for: newcomer, beside: doomed, limit: limit).map { .user($0) }
                    ?? (doomed == 0 ? deadOfAll.map { .dead($0) } : nil)
            }
        return payer.map { .evict($0, limit: limit) } ?? .refuse(limit: limit)
    }

    /// The heaviest user, if that one is heavier than the newcomer's user will be and has more
    /// than a fair share; otherwise the newcomer's user.
    private func payer(for newcomer: Newcomer, beside doomed: Int, limit: Int) -> Int? {
        let weight = newcomer.weight + 1 - doomed
        let userCount = newcomer.user == nil ? users.count + 1 : users.count
        if let heaviest = weights.heaviest(except: newcomer.user), heaviest.weight > weight,
            isAboveFairShare(heaviest.weight, userCount: userCount, limit: limit)
        {
            return heaviest.user
        }
        return newcomer.user.flatMap { users[$0].evictable.count > doomed ? $0 : nil }
    }

    /// The oldest stream whose client is dead, among the oldest of all. It is no part of anybody's
    /// fair share: otherwise ghosts of many users would keep out whoever comes, until TCP gives
    /// them up.
    private var deadOfAll: Chosen? {
        for slot in linksInAll.slots(of: evictable).prefix(Self.candidatesMax) {
            if let choice = records[slot].vitals.condition.choice {
                return Chosen(slot: slot, choice: choice)
            }
        }
        return nil
    }

    /// Whether `weight` is more than the limit divided by all users.
    private func isAboveFairShare(_ weight: Int, userCount: Int, limit: Int) -> Bool {
        // Both factors are bounded by the streams that fit into memory: no overflow.
        weight * userCount > limit
    }

    /// How many live streams are above the limit.
    var globalSurplus: Int {
        policySet.global.maxStreams.map { max(count - max($0, 0), 0) } ?? 0
    }

    /// Whose turn it is when the limit was lowered: the same stream that a newcomer would have
    /// cost, and under `reject_newest` the oldest, since there is no newcomer to refuse.
    var globalSurplusVictim: Int? {
        guard let limit = policySet.global.maxStreams, globalSurplus > 0 else { return nil }
        switch policySet.global.onExcess {
        case .rejectNewest, .closeOldest: return evictable.first
        case .closeOldestOfHeaviest:
            guard let heaviest = weights.heaviest(except: nil),
                isAboveFairShare(heaviest.weight, userCount: users.count, limit: limit)
            else { return nil }
            return users[heaviest.user].evictable.first
        }
    }
}
