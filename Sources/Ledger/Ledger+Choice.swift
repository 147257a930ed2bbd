import Policy

/// Which of several streams makes room: the dead before the living.
///
/// First those whose client is stalled or unacknowledged, then those that have got nothing but
/// heartbeats since a younger one opened, then the others; each in the order that the policy
/// wants. Some gateways keep one sender per user and leave older streams open with heartbeats
/// alone. Silence tells that only if the younger stream has had an event: where nothing happens,
/// nobody is dead.
extension Ledger {
    /// The most streams that are looked at for one choice, the oldest of those that may close.
    static let candidatesMax = 64

    /// A stream that makes room, and why it does.
    struct Chosen {
        let slot: Int
        let choice: Choice
    }

    /// Whom the user rule closes: so many of a group.
    func chosen(_ count: Int, inGroup group: Int?, idlestFirst: Bool) -> [Chosen] {
        guard let group else { return [] }
        let list = groups[group].evictable
        guard count < min(list.count, Self.candidatesMax) else {
            return oldest(count, inGroup: group).map { Chosen(slot: $0, choice: .oldest) }
        }
        let candidates = linksInGroup.slots(of: list).prefix(Self.candidatesMax)
        let ranked = ranked(
            Array(candidates), otherwise: idlestFirst ? .idlest : .oldest, idlestFirst: idlestFirst)
        return Array(ranked.prefix(count))
    }

    /// Whom the global rule closes.
    func chosen(from payer: GlobalPayer) -> Chosen? {
        switch payer {
        case .oldestOfAll:
            return evictable.first.map { Chosen(slot: $0, choice: .oldest) }
        case .dead(let chosen): return chosen
        case .user(let user):
            let list = users[user].evictable
            guard list.count > 1 else {
                return list.first.map { Chosen(slot: $0, choice: .heaviest) }
            }
            let candidates = linksInUser.slots(of: list).prefix(Self.candidatesMax)
            return ranked(Array(candidates), otherwise: .heaviest, idlestFirst: false).first
        }
    }

    /// The slots of the oldest evictable streams of a group.
    func oldest(_ count: Int, inGroup group: Int?) -> [Int] {
        guard let group else { return [] }
        return Array(linksInGroup.slots(of: groups[group].evictable).prefix(count))
    }

    /// The candidates in the order in which they go. They come oldest first, and `otherwise` is
    /// said of one that nothing is wrong with.
    private func ranked(
        _ slots: [Int], otherwise: Choice, idlestFirst: Bool
    ) -> [Chosen] {
        let candidates = examined(slots, otherwise: otherwise)
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

    /// Asks each candidate for its vitals once, the youngest first: what the younger ones got is
    /// what tells of the older ones.
    private func examined(_ slots: [Int], otherwise: Choice) -> [Candidate] {
        /// By group, when the youngest stream was admitted that has had an event since.
        var witnesses: [Int: Duration] = [:]
        var candidates: [Candidate] = []
        candidates.reserveCapacity(slots.count)
        for slot in slots.reversed() {
            let record = records[slot]
            guard case .live(let place) = record.state else {
                preconditionFailure("\(record.id.text) is condemned and cannot be chosen.")
            }
            let lastEvent = record.vitals.lastEvent
            let isOvertaken = witnesses[place.group].map { lastEvent <= $0 } ?? false
            candidates.append(
                Candidate(
                    slot: slot, lastEvent: lastEvent,
                    choice: record.vitals.condition.choice
                        ?? (isOvertaken ? .onlyHeartbeats : otherwise)))
            if lastEvent > record.admittedAt, witnesses[place.group] == nil {
                witnesses[place.group] = record.admittedAt
            }
        }
        return candidates.reversed()
    }
}

/// A stream that may be chosen, and what is to be said of it.
private struct Candidate {
    let slot: Int
    let lastEvent: Duration
    let choice: Choice

    /// The lowest go first.
    var rank: Int {
        switch choice {
        case .stalled, .unacknowledged: 0
        case .onlyHeartbeats: 1
        case .oldest, .idlest, .heaviest, .surplus: 2
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
