import Policy

/// Reload: a new set of policies meets the live streams.
///
/// `apply` closes nothing. What it leaves above a limit goes through `tick`, at most
/// `reload_closes_per_second`, so a lowered limit is no outage (S13). The users concerned take
/// turns, in the order of their oldest streams, and each loses the oldest first: nobody waits
/// behind a user with hundreds. The global limit comes after them, since they may bring it down.
extension Ledger {
    /// Judges every stream by the set of `matching` from here on. All of them count where they belong
    /// now, in one step (S14); condemned streams too, so that every line of the log speaks of the
    /// same set. O(records), and nothing is matched but what came after `matching`.
    package mutating func apply(_ matching: Matching, now: Duration) -> Applied {
        let positions = positions(by: matching)
        let old = policySet
        policySet = matching.set
        forgetPlaces()
        var moved = 0
        for (slot, position) in positions {
            let before = records[slot].position
            guard govern(slot, by: position) else { continue }
            if before.map({ old.policies[$0].name }) != policy(at: position)?.name { moved += 1 }
        }
        for (slot, _) in positions {
            if case .live(let place) = records[slot].state { settle(place) }
        }
        nextSurplusClose = max(nextSurplusClose, now)
        return Applied(live: count, moved: moved, surplus: surplus)
    }

    /// Closes what is due of the surplus that a reload has left. Call it again while `hasSurplus`.
    package mutating func tick(now: Duration) -> [Victim] {
        var victims: [Victim] = []
        // A caller that comes late may catch up on one second, no more.
        nextSurplusClose = max(nextSurplusClose, now - .seconds(1))
        while nextSurplusClose <= now, let (slot, group) = nextSurplusVictim() {
            let place = condemn(slot, reason: .reload)
            victims.append(
                victim(
                    Chosen(slot: slot, choice: .surplus), reason: .reload, payingFor: group))
            settle(place)
            nextSurplusClose += .seconds(1) / max(policySet.global.reloadClosesPerSecond, 1)
        }
        return victims
    }

    /// Whether `tick` has something to do, now or later.
    package var hasSurplus: Bool {
        !groupsWithSurplus.isEmpty || globalSurplusVictim != nil
    }

    /// When `tick` will close the next stream; `nil` when there is nothing to close.
    package var surplusDue: Duration? {
        hasSurplus ? nextSurplusClose : nil
    }

    /// The stream that leaves next, and the group whose surplus it is, `nil` for that of all. The
    /// group goes to the end of the row.
    private mutating func nextSurplusVictim() -> (slot: Int, group: Int?)? {
        guard let group = groupsWithSurplus.first else {
            return globalSurplusVictim.map { ($0, nil) }
        }
        linksOfSurplus.moveToEnd(group, of: &groupsWithSurplus)
        return groups[group].evictable.first.map { ($0, group) }
    }

    /// What `tick` will close in all if nothing else changes. Where the heaviest users pay for
    /// the global limit it may turn out less.
    private var surplus: Int {
        let ofUsers = groups.slots.reduce(0) { $0 + groups[$1].surplus }
        return ofUsers + min(max(globalSurplus - ofUsers, 0), evictable.count - ofUsers)
    }

    /// Takes every live stream out of its place. Only the weights and the tokens stay: they do not
    /// depend on policies, and who has stood at a weight longest is still true.
    private mutating func forgetPlaces() {
        count = 0
        evictable = LinkedList()
        for slot in users.slots {
            users[slot].count = 0
            users[slot].evictable = LinkedList()
        }
        groups.removeAll()
        // About as many come back, and growing anew would take longer than all the rest.
        slotOfGroup.removeAll(keepingCapacity: true)
        groupsWithSurplus = LinkedList()
        linksInAll.removeAll()
        linksInUser.removeAll()
        linksInGroup.removeAll()
        linksOfSurplus.removeAll()
    }

    /// Puts the stream in `slot` under the policy at `position`, and in its place if it is live.
    private mutating func govern(_ slot: Int, by position: Int?) -> Bool {
        records[slot].position = position
        guard case .live(let before) = records[slot].state else { return false }
        let place = StreamRecord.Place(
            group: groupSlot(at: position, user: before.user), user: before.user,
            isEvictable: records[slot].origin.facts.isEvictable(under: policy(at: position)),
            isNamed: false)
        records[slot].state = .live(place)
        enlist(place, slot: slot)
        return true
    }
}
