import Policy

/// The limit for all streams of this instance together.
///
/// An address is no identity: a newcomer that has no other evicts nobody here, and streams without
/// a token make room first for those with one, the heaviest address first. Then `on_excess` says
/// which user pays. Under `reject_newest` nobody does.
///
/// One newcomer costs at most one stream here, even when a reload has left many too many: those
/// leave through `tick`, at its pace.
extension Ledger {
    /// Who loses a stream to a newcomer.
    enum GlobalPayer {
        /// The address in that slot, whose streams have no token.
        case address(Int)
        /// Whoever has the oldest.
        case oldestOfAll
        /// The user in that slot.
        case user(Int)
        /// Nobody living: the stream in that slot is lost.
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
    func globalRoom(
        for newcomer: Newcomer, beside doomed: Int, seen: Examination
    ) -> GlobalRoom {
        guard let limit = policySet.global.maxStreams, count + 1 - doomed > limit else {
            return .free
        }
        // A limit of zero turns everybody away, also while older streams are still leaving.
        guard limit > 0, newcomer.facts.user.isIdentified else { return .refuse(limit: limit) }
        let payer = payer(for: newcomer, beside: doomed, limit: limit, seen: seen)
        return payer.map { .evict($0, limit: limit) } ?? .refuse(limit: limit)
    }

    private func payer(
        for newcomer: Newcomer, beside doomed: Int, limit: Int, seen: Examination
    ) -> GlobalPayer? {
        switch policySet.global.onExcess {
        case .rejectNewest: return nil
        case .closeOldest:
            return addresses.heaviest(except: nil).map { .address($0.user) }
                ?? (evictable.count > doomed ? .oldestOfAll : nil)
        case .closeOldestOfHeaviest:
            if let address = addresses.heaviest(except: nil) { return .address(address.user) }
            if let user = payingUser(for: newcomer, beside: doomed, limit: limit) {
                return .user(user)
            }
            // A lost stream is no part of anybody's fair share: otherwise ghosts of many users
            // would keep out whoever comes, until TCP gives them up.
            return doomed > 0
                ? nil : firstLost(of: evictable, linksInAll, seen: seen).map { .dead($0) }
        }
    }

    /// The heaviest user, if that one is heavier than the newcomer's user will be and has more
    /// than a fair share; otherwise the newcomer's user.
    private func payingUser(for newcomer: Newcomer, beside doomed: Int, limit: Int) -> Int? {
        let weight = newcomer.weight + 1 - doomed
        let userCount = newcomer.user == nil ? identifiedCount + 1 : identifiedCount
        if let heaviest = weights.heaviest(except: newcomer.user), heaviest.weight > weight,
            isAboveFairShare(heaviest.weight, userCount: userCount, limit: limit)
        {
            return heaviest.user
        }
        return newcomer.user.flatMap { users[$0].evictable.count > doomed ? $0 : nil }
    }

    /// Whether `weight` is more than the limit divided by all users. Addresses are none: whoever
    /// has many would shrink everybody's share.
    private func isAboveFairShare(_ weight: Int, userCount: Int, limit: Int) -> Bool {
        // Both factors are bounded by the streams that fit into memory: no overflow.
        weight * userCount > limit
    }

    /// How many live streams are above the limit.
    var globalSurplus: Int {
        policySet.global.maxStreams.map { max(count - max($0, 0), 0) } ?? 0
    }

    /// Whose turn it is when the limit was lowered: the oldest stream of whom a newcomer would have
    /// cost one, and under `reject_newest` the oldest, since there is no newcomer to refuse.
    var globalSurplusVictim: Int? {
        guard let limit = policySet.global.maxStreams, globalSurplus > 0 else { return nil }
        if let address = addresses.heaviest(except: nil) {
            return users[address.user].evictable.first
        }
        switch policySet.global.onExcess {
        case .rejectNewest, .closeOldest: return evictable.first
        case .closeOldestOfHeaviest:
            guard let heaviest = weights.heaviest(except: nil),
                isAboveFairShare(heaviest.weight, userCount: identifiedCount, limit: limit)
            else { return nil }
            return users[heaviest.user].evictable.first
        }
    }
}
