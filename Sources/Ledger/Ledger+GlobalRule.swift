import Policy

/// The limit for all streams of this instance together.
///
/// One newcomer costs at most one stream here, even when a reload has left many too many: those
/// leave through `tick`, at its pace.
extension Ledger {
    /// What stands between a newcomer and its place once the user rule has had its say.
    enum GlobalRoom {
        case free
        case evict(Int)
        case refuse(limit: Int)
    }

    /// `doomed` are the streams that the user rule is about to close: they free places, and none
    /// of them can be closed twice.
    func globalRoom(for newcomer: Newcomer, beside doomed: [Int]) -> GlobalRoom {
        guard let limit = policySet.global.maxStreams, count + 1 - doomed.count > limit else {
            return .free
        }
        // A limit of zero turns everybody away, also while older streams are still leaving.
        guard limit > 0 else { return .refuse(limit: limit) }
        let victim: Int? =
            switch policySet.global.onExcess {
            case .rejectNewest: nil
            case .closeOldest:
                linksInAll.slots(of: evictable).first { !isDoomed($0, with: doomed) }
            case .closeOldestOfHeaviest: payer(for: newcomer, beside: doomed, limit: limit)
            }
        return victim.map { .evict($0) } ?? .refuse(limit: limit)
    }

    /// The oldest stream of the heaviest user, if that one is heavier than the newcomer's user
    /// will be and has more than a fair share; otherwise the newcomer's user pays.
    private func payer(for newcomer: Newcomer, beside doomed: [Int], limit: Int) -> Int? {
        let weight = newcomer.weight + 1 - doomed.count
        let userCount = newcomer.user == nil ? users.count + 1 : users.count
        if let heaviest = weights.heaviest(except: newcomer.user), heaviest.weight > weight,
            isAboveFairShare(heaviest.weight, userCount: userCount, limit: limit)
        {
            return users[heaviest.user].evictable.first
        }
        return newcomer.user.flatMap { user in
            linksInUser.slots(of: users[user].evictable).first { !isDoomed($0, with: doomed) }
        }
    }

    /// Whether `weight` is more than the limit divided by all users.
    private func isAboveFairShare(_ weight: Int, userCount: Int, limit: Int) -> Bool {
        // Both factors are bounded by the streams that fit into memory: no overflow.
        weight * userCount > limit
    }

    /// Whether the stream is among `doomed`, which are the oldest evictable ones of one group.
    private func isDoomed(_ slot: Int, with doomed: [Int]) -> Bool {
        guard let last = doomed.last, case .live(let place) = records[slot].state,
            case .live(let doomedPlace) = records[last].state
        else { return false }
        return place.group == doomedPlace.group && records[slot].id <= records[last].id
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
