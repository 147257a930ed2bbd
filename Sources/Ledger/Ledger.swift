package import Policy

/// The one record of all streams, and the only place where counting happens.
///
/// It is pure: time is handed in, and a verdict depends on nothing but the calls before it. The
/// caller serialises the calls; each is O(1) or O(victims) but `apply`. Whoever is asked how it is
/// doing is asked outside (`candidates`), and so is which policy governs a stream (`Matching`).
///
/// Terms
/// - *record*: what is known of a stream from `admit` until `close`.
/// - *live*: a record that counts. *Condemned*: one that was evicted and waits for its `close`.
/// - *group*: the live streams of one user under one policy, or under none.
/// - *weight*: the number of a user's live streams, whatever governs them.
/// - *evictable*: a live stream whose method its policy allows to be closed to make room.
/// - *surplus*: what a reload has left above a limit. It is derived from the counts and never
///   stored, so raising the limit again is all it takes to call it off.
/// - *named*: a live stream that would be gone or refused if its policy did more than observe.
///   Each is reported once, as a victim is evicted once.
/// - *anonymous*: a stream without a token. It counts for its address, which is no identity.
/// - *returning*: a newcomer that was evicted before and comes back by itself.
/// - *account*: what a user owes for evictions. *Episode*: from the first newcomer that its budget
///   refuses until one whole cool-down has passed without another.
///
/// Transitions
///
///     admit ──▶ live ──────────── close ──────────▶ gone
///                 └─ admit, tick ─▶ condemned ─ close ─▶ gone
///
/// Invariants, as code in `checkInvariants`:
/// 1. An id names one record, ids ascend in the order of admission, and none is used again.
/// 2. The counts of all groups and the weights of all users each add up to the live streams.
/// 3. The lists of evictable streams hold exactly those, in the order of admission.
/// 4. No group and no user is empty: what has no stream takes no memory.
/// 5. The weight buckets hold exactly the users with an evictable stream, at their weight, those of
///    the addresses the anonymous ones.
/// 6. The groups with a surplus are exactly those that `tick` will come to.
/// 7. Streams are named under observing policies alone.
/// 8. The token tags are exactly those of the live streams.
/// 9. The accounts are bounded, and those with an episode are exactly those that `endedFlaps` looks
///    at.
///
/// And over time: each admission has one close; a stream is condemned at most once; an enforced
/// limit of an identified user holds after each admission under it; the number of live streams
/// never rises at or above the global limit; dead streams go first, then the oldest or the idlest;
/// one that returns or is anonymous evicts nobody; no identified stream pays for the global limit
/// while an anonymous one could; and in any time T a user is charged no more than
/// burst + T / refill evictions, and those that were refunded.
package struct Ledger: ~Copyable, Sendable {
    package internal(set) var policySet: PolicySet
    /// The id given last.
    package internal(set) var lastID = StreamID(rawValue: 0)

    var records = Slab<StreamRecord>()
    var slotOfStream: [StreamID: Int] = [:]
    var users = Slab<LiveUser>()
    var slotOfUser: [User: Int] = [:]
    var groups = Slab<Group>()
    var slotOfGroup: [Group.Key: Int] = [:]

    /// The live streams.
    package internal(set) var count = 0
    /// Those that may be closed, in the order of admission.
    var evictable = LinkedList()
    /// The links of `evictable`, and of the lists of that name in groups and users.
    var linksInAll = LinkTable()
    var linksInGroup = LinkTable()
    var linksInUser = LinkTable()
    /// The identified users by their weight, and the addresses of the anonymous streams.
    var weights = WeightBuckets()
    var addresses = WeightBuckets()
    /// How many users are identified.
    var identifiedCount = 0
    var tokens = LiveTokens()
    var accounts = Accounts(countMax: Accounts.accountsMax)

    /// The groups with a surplus, in the order in which `tick` takes from them.
    var groupsWithSurplus = LinkedList()
    var linksOfSurplus = LinkTable()
    /// Before this no further surplus stream is closed.
    var nextSurplusClose = Duration.zero

    package init(policySet: PolicySet) {
        self.policySet = policySet
    }

    package var generation: UInt64 { policySet.generation }

    /// The live streams of the user, whatever governs them.
    package func count(of user: User) -> Int {
        slotOfUser[user].map { users[$0].count } ?? 0
    }

    /// The policy that governs the stream since the last reload; `nil` when none does, or when
    /// the stream is not known.
    package func policy(of id: StreamID) -> Policy? {
        slotOfStream[id].flatMap { policy(at: records[$0].position) }
    }

    func policy(at position: Int?) -> Policy? {
        position.map { policySet.policies[$0] }
    }

    /// Ends the stream's record. `nil` when there is none: of two who report the same end, the
    /// second learns that it is late.
    package mutating func close(_ id: StreamID, reason: CloseReason, now: Duration) -> Closed? {
        guard let slot = slotOfStream.removeValue(forKey: id) else { return nil }
        let record = records[slot]
        let finalReason: CloseReason
        switch record.state {
        case .live(let place):
            leave(place, slot: slot)
            settle(place)
            finalReason = reason
            if reason == .clientClosed { refund(record, now: now) }
        case .condemned(let cause):
            finalReason = cause
            // Its client was leaving anyway.
            if cause == .evictedUserCap, reason == .clientClosed { refund(record, now: now) }
        }
        records.remove(slot)
        let policy = policy(at: record.position)
        let user = record.facts.user
        return Closed(
            id: id, reason: finalReason, user: user, policy: policy, generation: generation,
            count: groupCount(at: record.position, of: user),
            limit: UserRule(of: policy, for: user).limit, admittedAt: record.admittedAt,
            lifetime: now - record.admittedAt)
    }

    /// The live streams of the user under the policy at `position`.
    private func groupCount(at position: Int?, of user: User) -> Int {
        guard let user = slotOfUser[user],
            let group = slotOfGroup[Group.Key(position: position, user: user)]
        else { return 0 }
        return groups[group].count
    }
}
