import Policy

/// Giving streams their places and taking them. Every change of a count is in this file.
///
/// `join` and `leave` change counts and lists; `settle` then puts the group and the user where
/// their new counts belong, or lets go of them. A verdict that makes several changes settles
/// once, at its end: a user who gains one stream and loses one has not changed weight.
extension Ledger {
    /// Finds the group and the user that a stream counts for, or makes them.
    mutating func place(
        of facts: StreamFacts, at position: Int?, isNamed: Bool
    ) -> StreamRecord.Place {
        let user = userSlot(of: facts.user)
        return StreamRecord.Place(
            group: groupSlot(at: position, user: user), user: user,
            isEvictable: facts.isEvictable(under: policy(at: position)), isNamed: isNamed)
    }

    /// Counts the stream in `slot`, as the newest of all that count.
    mutating func join(_ place: StreamRecord.Place, slot: Int) {
        tokens.add(records[slot].origin.facts.tokenTag, of: place.user)
        enlist(place, slot: slot)
    }

    /// The part of `join` that a reload does anew.
    mutating func enlist(_ place: StreamRecord.Place, slot: Int) {
        count += 1
        users[place.user].count += 1
        groups[place.group].count += 1
        if place.isEvictable {
            linksInAll.append(slot, to: &evictable)
            linksInUser.append(slot, to: &users[place.user].evictable)
        }
        if place.isNamed {
            groups[place.group].named += 1
        } else if place.isEvictable {
            linksInGroup.append(slot, to: &groups[place.group].evictable)
        }
    }

    /// Undoes `join`. What becomes of the record is the caller's business.
    mutating func leave(_ place: StreamRecord.Place, slot: Int) {
        count -= 1
        users[place.user].count -= 1
        groups[place.group].count -= 1
        tokens.remove(records[slot].origin.facts.tokenTag, of: place.user)
        if place.isEvictable {
            linksInAll.remove(slot, from: &evictable)
            linksInUser.remove(slot, from: &users[place.user].evictable)
        }
        if place.isNamed {
            groups[place.group].named -= 1
        } else if place.isEvictable {
            linksInGroup.remove(slot, from: &groups[place.group].evictable)
        }
    }

    /// Evicts the stream in `slot`: its place is free at once. The caller settles.
    mutating func condemn(
        _ slot: Int, reason: CloseReason
    ) -> StreamRecord.Place {
        guard case .live(let place) = records[slot].state else {
            preconditionFailure("\(records[slot].id.text) is condemned already.")
        }
        leave(place, slot: slot)
        records[slot].state = .condemned(reason)
        return place
    }

    /// What is said of a victim once the verdict is carried out. It pays for the limit of `group`,
    /// or for the global one when that is `nil`.
    func victim(_ chosen: Chosen, reason: CloseReason, payingFor group: Int?) -> Victim {
        let record = records[chosen.slot]
        return Victim(
            id: record.id, owner: record.origin.owner, reason: reason, choice: chosen.choice,
            facts: record.facts,
            policy: policy(at: record.position), generation: generation,
            count: group.map { groups[$0].count } ?? count,
            limit: group.map { groups[$0].rule.limit } ?? policySet.global.maxStreams)
    }

    /// Brings the group and the user of a place in line with their counts.
    mutating func settle(_ place: StreamRecord.Place) {
        settleGroup(place.group)
        settleUser(place.user)
    }

    private mutating func settleGroup(_ slot: Int) {
        let hasSurplus = groups[slot].surplus > 0
        let isListed = linksOfSurplus.contains(slot)
        if !hasSurplus, isListed {
            linksOfSurplus.remove(slot, from: &groupsWithSurplus)
        } else if hasSurplus, !isListed {
            linksOfSurplus.append(slot, to: &groupsWithSurplus)
        }
        guard groups[slot].count == 0 else { return }
        slotOfGroup[groups[slot].key] = nil
        groups.remove(slot)
    }

    private mutating func settleUser(_ slot: Int) {
        let user = users[slot]
        let weight = user.evictable.isEmpty ? nil : user.count
        if user.user.isIdentified {
            weights.place(slot, at: weight)
        } else {
            addresses.place(slot, at: weight)
        }
        guard user.count == 0 else { return }
        if user.user.isIdentified { identifiedCount -= 1 }
        slotOfUser[user.user] = nil
        users.remove(slot)
    }

    private mutating func userSlot(of user: User) -> Int {
        if let slot = slotOfUser[user] { return slot }
        let slot = users.insert(LiveUser(user: user))
        slotOfUser[user] = slot
        if user.isIdentified { identifiedCount += 1 }
        return slot
    }

    mutating func groupSlot(at position: Int?, user: Int) -> Int {
        let key = Group.Key(position: position, user: user)
        if let slot = slotOfGroup[key] { return slot }
        let rule = UserRule(of: policy(at: position), for: users[user].user)
        let slot = groups.insert(Group(key: key, rule: rule))
        slotOfGroup[key] = slot
        return slot
    }
}
