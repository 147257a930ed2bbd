import Policy

/// The invariants of `Ledger`, by their numbers there. O(records), so this is for tests: after
/// each step of a small ledger, now and then of a large one.
extension Ledger {
    /// Stops the program when the books are wrong.
    package func checkInvariants() {
        checkRecords()
        checkSums()
        checkLists()
        checkWeights()
        checkSurplus()
        checkTokens()
        accounts.checkInvariants()
    }

    /// Invariant 1: ids and records match one to one, and no id is ahead of the last.
    private func checkRecords() {
        precondition(slotOfStream.count == records.count, "Every record has one id.")
        for (id, slot) in slotOfStream {
            precondition(records[slot].id == id, "An id names its own record.")
            precondition(id.rawValue >= 1 && id <= lastID, "An id was given before it is found.")
        }
    }

    /// Invariants 2 and 4: the sums agree, and nobody is kept without a stream.
    private func checkSums() {
        let live = records.slots.count { place(inSlot: $0) != nil }
        precondition(live == count, "The count is the number of live streams.")
        let weights = users.slots.map { users[$0].count }
        precondition(weights.reduce(0, +) == count, "The weights of all users add up.")
        precondition(weights.allSatisfy { $0 > 0 }, "No user is empty.")
        let counts = groups.slots.map { groups[$0].count }
        precondition(counts.reduce(0, +) == count, "The counts of all groups add up.")
        precondition(counts.allSatisfy { $0 > 0 }, "No group is empty.")
        precondition(slotOfUser.count == users.count, "Every user is found by name.")
        precondition(slotOfGroup.count == groups.count, "Every group is found by its key.")
    }

    /// Invariant 3: the lists of evictable streams. Invariant 7: who may be named.
    private func checkLists() {
        check(linksInAll, evictable) { $0.isEvictable }
        for slot in users.slots {
            check(linksInUser, users[slot].evictable) { $0.isEvictable && $0.user == slot }
        }
        for slot in groups.slots {
            let group = groups[slot]
            check(linksInGroup, group.evictable) {
                $0.isEvictable && !$0.isNamed && $0.group == slot
            }
            precondition(group.named == 0 || group.rule.observes, "Observers alone name streams.")
            let named = records.slots.compactMap { place(inSlot: $0) }
                .count { $0.isNamed && $0.group == slot }
            precondition(group.named == named, "The named are counted.")
        }
    }

    /// Whether `list` holds the live streams that belong there, all of them, oldest first.
    private func check(
        _ links: LinkTable, _ list: LinkedList, _ belongs: (StreamRecord.Place) -> Bool
    ) {
        let listed = Array(links.slots(of: list))
        precondition(listed.count == list.count, "A list knows its length.")
        let expected = records.slots.filter { place(inSlot: $0).map(belongs) ?? false }
            .sorted { records[$0].id < records[$1].id }
        precondition(listed == expected, "A list holds what belongs there, oldest first.")
    }

    /// Invariant 5: the weight buckets.
    private func checkWeights() {
        let identified = users.slots.filter { users[$0].user.isIdentified }
        let anonymous = users.slots.filter { !users[$0].user.isIdentified }
        precondition(identified.count == identifiedCount, "The identified users are counted.")
        check(weights, of: identified)
        check(addresses, of: anonymous)
    }

    private func check(_ weights: WeightBuckets, of slots: [Int]) {
        weights.checkInvariants()
        let present = slots.filter { !users[$0].evictable.isEmpty }
        precondition(weights.count == present.count, "Users without evictable streams stay out.")
        for slot in present {
            precondition(weights.weight(of: slot) == users[slot].count, "Weights are counts.")
        }
    }

    /// Invariant 6: the groups that `tick` will come to.
    private func checkSurplus() {
        let listed = Set(linksOfSurplus.slots(of: groupsWithSurplus))
        precondition(listed.count == groupsWithSurplus.count, "A group is listed once.")
        let expected = Set(groups.slots.filter { groups[$0].surplus > 0 })
        precondition(listed == expected, "Exactly the groups with a surplus are listed.")
    }

    /// Invariant 8: the token tags.
    private func checkTokens() {
        var expected = LiveTokens()
        for slot in records.slots {
            guard let place = place(inSlot: slot) else { continue }
            expected.add(records[slot].facts.tokenTag, of: place.user)
        }
        precondition(tokens == expected, "The tags are those of the live streams.")
    }

    private func place(inSlot slot: Int) -> StreamRecord.Place? {
        switch records[slot].state {
        case .live(let place): place
        case .condemned: nil
        }
    }
}
