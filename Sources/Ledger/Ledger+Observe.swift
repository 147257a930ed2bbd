/// Policies that only observe: their verdicts are told, and nobody is touched.
///
/// A stream that would be gone is named once and then left out of the policy's reckoning, so what
/// is told of the next newcomer is what would have happened to it, too.
extension Ledger {
    /// What would have happened if the policy did more than observe.
    struct Observed {
        /// The slots of those who would be gone.
        var named: [Int] = []
        var refusal: Refusal.Reason?
    }

    /// Names whom the newcomer would have cost a place, before it has one itself.
    mutating func observe(_ newcomer: Newcomer) -> Observed {
        switch newcomer.userRoom {
        case .free: return Observed()
        case .evict where newcomer.isReturning: return Observed(refusal: .standby)
        case .evict(let count, _):
            let named = oldest(count, inGroup: newcomer.group)
            for slot in named { name(slot) }
            return Observed(named: named)
        case .refuse:
            return Observed(refusal: newcomer.isReturning ? .standby : newcomer.rule.refusal)
        }
    }

    private mutating func name(_ slot: Int) {
        guard case .live(var place) = records[slot].state, !place.isNamed else {
            preconditionFailure("\(records[slot].id.text) is named already.")
        }
        linksInGroup.remove(slot, from: &groups[place.group].evictable)
        groups[place.group].named += 1
        place.isNamed = true
        records[slot].state = .live(place)
    }
}
