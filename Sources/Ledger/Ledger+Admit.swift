package import Policy

/// The verdict on a newcomer. It is found first and carried out after, so a refusal has cost
/// nobody anything.
extension Ledger {
    /// Judges a stream that the gateway has accepted. `position` is where its policy stands in
    /// `policySet`, and `seen` what its `candidates` looked like. `owner` is the worker that carries
    /// it, and `vitals` are asked, until its close, when it may have to make room. One that
    /// `isReturning` brings a valid tombstone and never closes another. `chance`, from 0 up to 1, is
    /// the jitter of this call.
    package mutating func admit(
        _ facts: StreamFacts, at position: Int?, owner: UInt32, vitals: any Vitals,
        seen: Examination, isReturning: Bool, now: Duration, chance: Double
    ) -> Verdict {
        let newcomer = newcomer(facts, at: position, isReturning: isReturning)
        switch ruling(on: newcomer, seen: seen) {
        case .refuse(let refusal): return .refused(refusal)
        case .admit(let room):
            if let refusal = unaffordable(room, for: newcomer, now: now, chance: chance) {
                return .refused(refusal)
            }
            charge(newcomer, for: room, now: now)
            return .admitted(
                carryOut(newcomer, room, owner: owner, vitals: vitals, seen: seen, now: now))
        }
    }

    private mutating func carryOut(
        _ newcomer: Newcomer, _ room: Room, owner: UInt32, vitals: any Vitals, seen: Examination,
        now: Duration
    ) -> Admission {
        let observed = newcomer.rule.observes ? observe(newcomer) : Observed()
        let ofGroup = chosen(
            room.ofGroup, inGroup: newcomer.group, idlestFirst: newcomer.rule.idlestFirst,
            seen: seen)
        for chosen in ofGroup { _ = condemn(chosen.slot, reason: .evictedUserCap) }
        // Only now, so that none is chosen twice.
        let ofAll = room.payer.flatMap { chosen(from: $0, for: newcomer.user, seen: seen) }
        let paid = ofAll.map { condemn($0.slot, reason: .evictedGlobalCap) }
        let (id, place) = enter(
            newcomer, isNamed: observed.refusal != nil, owner: owner, vitals: vitals, now: now)
        var victims = ofGroup.map {
            victim($0, reason: .evictedUserCap, payingFor: place.group)
        }
        let wouldLeave = observed.named.map {
            victim(
                Chosen(slot: $0, choice: .oldest), reason: .evictedUserCap, payingFor: place.group)
        }
        if let ofAll, let paid {
            victims.append(victim(ofAll, reason: .evictedGlobalCap, payingFor: nil))
            settle(paid)
        }
        settle(place)
        return Admission(
            id: id, policy: newcomer.policy, generation: generation,
            count: groups[place.group].count, limit: newcomer.rule.limit, victims: victims,
            observed: wouldLeave, wouldRefuse: observed.refusal)
    }

    private mutating func enter(
        _ newcomer: Newcomer, isNamed: Bool, owner: UInt32, vitals: any Vitals, now: Duration
    ) -> (StreamID, StreamRecord.Place) {
        lastID = StreamID(rawValue: lastID.rawValue + 1)
        let place = place(of: newcomer.facts, at: newcomer.position, isNamed: isNamed)
        let slot = records.insert(
            StreamRecord(
                id: lastID,
                origin: StreamRecord.Origin(
                    facts: newcomer.facts, owner: owner, vitals: vitals, admittedAt: now),
                position: newcomer.position, state: .live(place)))
        slotOfStream[lastID] = slot
        join(place, slot: slot)
        return (lastID, place)
    }
}
