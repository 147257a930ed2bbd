package import Policy

/// The verdict on a newcomer. It is found first and carried out after, so a refusal has cost
/// nobody anything.
extension Ledger {
    /// Judges a stream that the gateway has accepted. `owner` is the worker that carries it.
    package mutating func admit(_ facts: StreamFacts, owner: UInt32, now: Duration) -> Verdict {
        let newcomer = newcomer(facts)
        let userVictims: [Int]
        switch newcomer.rule.observes ? .free : newcomer.userRoom {
        case .free: userVictims = []
        case .evict(let count): userVictims = oldest(count, inGroup: newcomer.group)
        case .refuse(let limit): return .refused(userRefusal(of: newcomer, limit: limit))
        }
        let globalVictim: Int?
        switch globalRoom(for: newcomer, beside: userVictims) {
        case .free: globalVictim = nil
        case .evict(let slot): globalVictim = slot
        case .refuse(let limit): return .refused(globalRefusal(of: newcomer, limit: limit))
        }
        return .admitted(
            carryOut(
                newcomer, owner: owner, now: now, userVictims: userVictims,
                globalVictim: globalVictim))
    }

    private mutating func carryOut(
        _ newcomer: Newcomer, owner: UInt32, now: Duration, userVictims: [Int], globalVictim: Int?
    ) -> Admission {
        let observed = newcomer.rule.observes ? observe(newcomer) : Observed()
        for slot in userVictims { _ = condemn(slot, reason: .evictedUserCap) }
        let paid = globalVictim.map { condemn($0, reason: .evictedGlobalCap) }
        let (id, place) = enter(
            newcomer, isNamed: observed.refusal != nil, owner: owner, now: now)
        var victims = userVictims.map {
            victim(in: $0, reason: .evictedUserCap, payingFor: place.group)
        }
        let wouldLeave = observed.named.map {
            victim(in: $0, reason: .evictedUserCap, payingFor: place.group)
        }
        if let globalVictim, let paid {
            victims.append(victim(in: globalVictim, reason: .evictedGlobalCap, payingFor: nil))
            settle(paid)
        }
        settle(place)
        return Admission(
            id: id, policy: newcomer.policy, generation: generation,
            count: groups[place.group].count, limit: newcomer.rule.limit, victims: victims,
            observed: wouldLeave, wouldRefuse: observed.refusal)
    }

    private mutating func enter(
        _ newcomer: Newcomer, isNamed: Bool, owner: UInt32, now: Duration
    ) -> (StreamID, StreamRecord.Place) {
        lastID = StreamID(rawValue: lastID.rawValue + 1)
        let place = place(of: newcomer.facts, at: newcomer.position, isNamed: isNamed)
        let slot = records.insert(
            StreamRecord(
                id: lastID, facts: newcomer.facts, owner: owner, admittedAt: now,
                position: newcomer.position, state: .live(place)))
        slotOfStream[lastID] = slot
        join(place, slot: slot)
        return (lastID, place)
    }

    /// The slots of the oldest evictable streams of a group.
    func oldest(_ count: Int, inGroup group: Int?) -> [Int] {
        guard let group else { return [] }
        return Array(linksInGroup.slots(of: groups[group].evictable).prefix(count))
    }

    private func userRefusal(of newcomer: Newcomer, limit: Int) -> Refusal {
        Refusal(
            reason: newcomer.rule.refusal, policy: newcomer.policy, generation: generation,
            count: newcomer.groupCount, limit: limit)
    }

    private func globalRefusal(of newcomer: Newcomer, limit: Int) -> Refusal {
        Refusal(
            reason: .globalCap, policy: newcomer.policy, generation: generation, count: count,
            limit: limit)
    }
}
