import Policy

/// What the limits say of a newcomer. It is found by counting: nothing changes, and what was `seen`
/// of streams matters only when all is full and nobody living may be closed.
extension Ledger {
    enum Ruling {
        case admit(Room)
        case refuse(Refusal)
    }

    /// How a newcomer gets its place.
    struct Room {
        /// So many streams of its group close.
        var ofGroup = 0
        /// Who loses a stream to the global limit.
        var payer: GlobalPayer?
        /// The count and the limit that cost somebody a stream; `nil` when nobody loses one.
        var limit: (count: Int, limit: Int)?
    }

    func ruling(on newcomer: Newcomer, seen: Examination) -> Ruling {
        var room = Room()
        switch newcomer.rule.observes ? .free : newcomer.userRoom {
        case .free: break
        case .evict(let count, let limit) where !newcomer.isReturning:
            room.ofGroup = count
            room.limit = (newcomer.groupCount, limit)
        case .evict(_, let limit), .refuse(let limit):
            return .refuse(
                refusal(
                    of: newcomer, newcomer.rule.refusal, count: newcomer.groupCount, limit: limit))
        }
        switch globalRoom(for: newcomer, beside: room.ofGroup, seen: seen) {
        case .free: break
        case .evict(let payer, let limit) where !newcomer.isReturning:
            room.payer = payer
            room.limit = room.limit ?? (count, limit)
        case .evict(_, let limit), .refuse(let limit):
            return .refuse(refusal(of: newcomer, .globalCap, count: count, limit: limit))
        }
        return .admit(room)
    }

    /// The refusal of one that returns is always a standby.
    func refusal(
        of newcomer: Newcomer, _ reason: Refusal.Reason, count: Int, limit: Int,
        shortage: Accounts.Shortage? = nil
    ) -> Refusal {
        Refusal(
            reason: newcomer.isReturning ? .standby : reason, policy: newcomer.policy,
            generation: generation, count: count, limit: limit, retryAfter: shortage?.retryAfter,
            flap: shortage?.flap)
    }
}
