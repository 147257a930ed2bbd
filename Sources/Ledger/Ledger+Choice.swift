package import Policy

/// Which of several streams makes room: the dead before the living.
///
/// Among the streams of one user those go first whose client is stalled or unacknowledged, then
/// those that have got nothing but heartbeats since a younger one opened, then the others; each in
/// the order that the policy wants. Some gateways keep one sender per user and leave older streams
/// open with heartbeats alone. Silence tells that only if the younger stream has had an event: where
/// nothing happens, nobody is dead.
///
/// Who pays for somebody else's newcomer goes oldest first, and only one that is lost
/// (`Health.isLost`) goes before.
extension Ledger {
    /// The most streams that are looked at for one choice, the oldest of those that may close.
    package static let candidatesMax = 64

    /// A stream whose health may decide a verdict.
    package struct Candidate: Sendable {
        let id: StreamID
        let vitals: any Vitals
    }

    /// A stream that makes room, and why it does.
    struct Chosen {
        let slot: Int
        let choice: Choice
    }

    /// Whose health `admit` will ask for if it is called now: nobody's, as long as there is no
    /// choice. O(`candidatesMax`).
    package func candidates(
        for facts: StreamFacts, at position: Int?, isReturning: Bool
    ) -> [Candidate] {
        // Whoever evicts nobody chooses nobody.
        guard facts.user.isIdentified, !isReturning else { return [] }
        let newcomer = newcomer(facts, at: position, isReturning: false)
        var slots: [Int] = []
        switch ruling(on: newcomer, seen: .none) {
        case .admit(let room):
            if let group = newcomer.group, hasChoice(of: room.ofGroup, inGroup: group) {
                slots += linksInGroup.slots(of: groups[group].evictable).prefix(Self.candidatesMax)
            }
            switch room.payer {
            case .user(let user) where users[user].evictable.count > 1,
                .address(let user) where users[user].evictable.count > 1:
                slots += linksInUser.slots(of: users[user].evictable).prefix(Self.candidatesMax)
            case .user, .address, .oldestOfAll, .dead, nil: break
            }
        case .refuse(let refusal)
        where refusal.reason == .globalCap
            && policySet.global.onExcess == .closeOldestOfHeaviest:
            slots += linksInAll.slots(of: evictable).prefix(Self.candidatesMax)
        case .refuse: break
        }
        return slots.map { Candidate(id: records[$0].id, vitals: records[$0].origin.vitals) }
    }

    private func hasChoice(of count: Int, inGroup group: Int) -> Bool {
        count > 0 && count < min(groups[group].evictable.count, Self.candidatesMax)
    }

    /// Whom the user rule closes: so many of a group.
    func chosen(
        _ count: Int, inGroup group: Int?, idlestFirst: Bool, seen: Examination
    ) -> [Chosen] {
        guard let group, count > 0 else { return [] }
        guard hasChoice(of: count, inGroup: group) else {
            return oldest(count, inGroup: group).map { Chosen(slot: $0, choice: .oldest) }
        }
        let candidates = linksInGroup.slots(of: groups[group].evictable).prefix(Self.candidatesMax)
        let ranked = ranked(
            Array(candidates), otherwise: idlestFirst ? .idlest : .oldest,
            idlestFirst: idlestFirst, seen: seen)
        return Array(ranked.prefix(count))
    }

    /// Whom the global rule closes for a newcomer of the user in slot `newcomer`.
    func chosen(from payer: GlobalPayer, for newcomer: Int?, seen: Examination) -> Chosen? {
        switch payer {
        case .oldestOfAll:
            return evictable.first.map { Chosen(slot: $0, choice: .oldest) }
        case .dead(let chosen): return chosen
        case .address(let address):
            return lostOrOldest(of: address, otherwise: .anonymous, seen: seen)
        case .user(let user) where user != newcomer:
            return lostOrOldest(of: user, otherwise: .heaviest, seen: seen)
        case .user(let user):
            let list = users[user].evictable
            guard list.count > 1 else {
                return list.first.map { Chosen(slot: $0, choice: .heaviest) }
            }
            let candidates = linksInUser.slots(of: list).prefix(Self.candidatesMax)
            return ranked(
                Array(candidates), otherwise: .heaviest, idlestFirst: false, seen: seen
            ).first
        }
    }

    /// What a user loses to a stranger.
    private func lostOrOldest(
        of user: Int, otherwise choice: Choice, seen: Examination
    ) -> Chosen? {
        let list = users[user].evictable
        return firstLost(of: list, linksInUser, seen: seen)
            ?? list.first.map { Chosen(slot: $0, choice: choice) }
    }

    /// The oldest stream of a list whose client is lost, among the oldest of all.
    func firstLost(of list: LinkedList, _ links: LinkTable, seen: Examination) -> Chosen? {
        for slot in links.slots(of: list).prefix(Self.candidatesMax) {
            if let health = seen[records[slot].id], health.isLost,
                let choice = health.condition.choice
            {
                return Chosen(slot: slot, choice: choice)
            }
        }
        return nil
    }

    /// The slots of the oldest evictable streams of a group.
    func oldest(_ count: Int, inGroup group: Int?) -> [Int] {
        guard let group else { return [] }
        return Array(linksInGroup.slots(of: groups[group].evictable).prefix(count))
    }

    /// The candidates in the order in which they go. They come oldest first, and `otherwise` is
    /// said of one that nothing is wrong with.
    private func ranked(
        _ slots: [Int], otherwise: Choice, idlestFirst: Bool, seen: Examination
    ) -> [Chosen] {
        let candidates = examined(slots, otherwise: otherwise, seen: seen)
        let order = candidates.indices.sorted { left, right in
            let (one, other) = (candidates[left], candidates[right])
            if one.rank != other.rank { return one.rank < other.rank }
            if idlestFirst, one.lastEvent != other.lastEvent {
                return one.lastEvent < other.lastEvent
            }
            return left < right
        }
        return order.map { Chosen(slot: candidates[$0].slot, choice: candidates[$0].choice) }
    }

    /// What was seen of each candidate, the youngest first: what the younger ones got is what tells
    /// of the older ones. One that was not seen tells nothing, and goes last of the idlest.
    private func examined(
        _ slots: [Int], otherwise: Choice, seen: Examination
    ) -> [Examined] {
        /// By group, when the youngest stream was admitted that has had an event since.
        var witnesses: [Int: Duration] = [:]
        var candidates: [Examined] = []
        candidates.reserveCapacity(slots.count)
        for slot in slots.reversed() {
            guard case .live(let place) = records[slot].state else {
                preconditionFailure("\(records[slot].id.text) is condemned and cannot be chosen.")
            }
            guard let health = seen[records[slot].id] else {
                candidates.append(
                    Examined(slot: slot, lastEvent: .seconds(Int64.max), choice: otherwise))
                continue
            }
            let isOvertaken = witnesses[place.group].map { health.lastEvent <= $0 } ?? false
            candidates.append(
                Examined(
                    slot: slot, lastEvent: health.lastEvent,
                    choice: health.condition.choice ?? (isOvertaken ? .onlyHeartbeats : otherwise)))
            let admittedAt = records[slot].admittedAt
            if health.lastEvent > admittedAt, witnesses[place.group] == nil {
                witnesses[place.group] = admittedAt
            }
        }
        return candidates.reversed()
    }
}

/// A stream that may be chosen, and what is to be said of it.
private struct Examined {
    let slot: Int
    let lastEvent: Duration
    let choice: Choice

    /// The lowest go first.
    var rank: Int {
        switch choice {
        case .stalled, .unacknowledged: 0
        case .onlyHeartbeats: 1
        case .oldest, .idlest, .heaviest, .anonymous, .surplus: 2
        }
    }
}

extension Condition {
    /// What is said of a victim in this condition, `nil` when nothing is wrong.
    var choice: Choice? {
        switch self {
        case .well: nil
        case .stalled: .stalled
        case .unacknowledged: .unacknowledged
        }
    }
}
