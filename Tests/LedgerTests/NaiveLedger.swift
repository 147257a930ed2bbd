@testable import Ledger
@testable import Policy

/// The ledger as one would explain it: one array of streams in the order of admission, and every
/// question answered by walking it. Slow, and with nothing that could be out of step.
struct NaiveLedger {
    private(set) var policySet: PolicySet
    /// All streams there may be. Entries name one by its place here, and users by their place in
    /// `users`: walking is slow enough.
    let facts: [StreamFacts]
    let users: [User]
    private let userOfFacts: [Int]
    private(set) var streams: [Entry] = []
    private var lastID: UInt64 = 0
    /// Since when each user with something to close has had its weight, in steps of `clock`.
    private var standings: [Int: Standing] = [:]
    private var clock = 0
    /// Who loses a stream to the next tick, and after them.
    private var row: [Owner] = []
    private var nextClose = Duration.zero

    struct Entry {
        let id: UInt64
        let facts: Int
        let user: Int
        var position: Int?
        var isEvictable: Bool
        var isNamed = false
        var condemned: CloseReason?

        var isLive: Bool { condemned == nil }
    }

    struct Standing: Equatable {
        var weight: Int
        var since: Int
    }

    /// Whom a group belongs to.
    struct Owner: Equatable {
        let user: Int
        let position: Int?
    }

    /// The limit that a victim pays for, and how many count for it.
    struct Bill: Equatable {
        var count: Int
        var limit: Int?
    }

    /// What a verdict says, in plain values.
    struct Outcome: Equatable {
        var id: UInt64?
        var refusal: Refusal.Reason?
        var wouldRefuse: Refusal.Reason?
        var policy: String?
        var count = 0
        var limit: Int?
        var victims: [UInt64] = []
        var reasons: [CloseReason] = []
        var observed: [UInt64] = []
        /// Those of the victims, then those of the observed.
        var bills: [Bill] = []
    }

    init(_ set: PolicySet, facts: [StreamFacts]) {
        policySet = set
        self.facts = facts
        let users = Array(Set(facts.map(\.user)))
        self.users = users
        userOfFacts = facts.map { users.firstIndex(of: $0.user) ?? 0 }
    }

    var live: [Entry] { streams.filter { $0.isLive } }

    var hasSurplus: Bool { !row.isEmpty || globalSurplusVictim != nil }

    func policy(at position: Int?) -> Policy? { position.map { policySet.policies[$0] } }

    private func group(_ owner: Owner) -> [Entry] {
        streams.filter { $0.isLive && $0.position == owner.position && $0.user == owner.user }
    }

    private func limit(of owner: Owner) -> Int? {
        guard let policy = policy(at: owner.position) else { return nil }
        return users[owner.user].isIdentified
            ? policy.maxStreamsPerUser : policy.maxStreamsPerAddress
    }

    mutating func admit(_ index: Int) -> Outcome {
        let (facts, user) = (facts[index], userOfFacts[index])
        let position = policySet.position(governing: facts)
        let owner = Owner(user: user, position: position)
        let policy = policy(at: position)
        let group = group(owner)
        let limit = limit(of: owner)
        var outcome = Outcome(policy: policy?.name, count: group.count, limit: limit)

        let reckoned = group.filter { !$0.isNamed }
        let candidates = reckoned.filter(\.isEvictable)
        let excess = limit.map { max(reckoned.count + 1 - $0, 0) } ?? 0
        let mayEvict = facts.user.isIdentified && policy?.onExcess == .closeOldest
        let isRefused = excess > 0 && (!mayEvict || excess > candidates.count)
        let chosen = isRefused ? [] : candidates.prefix(excess).map(\.id)
        let reason: Refusal.Reason = facts.user.isIdentified ? .userCap : .addressCap
        let observes = policy?.mode == .observe
        if isRefused, !observes {
            outcome.refusal = reason
            return outcome
        }

        let doomed = observes ? [] : chosen
        var payer: UInt64?
        if let most = policySet.global.maxStreams, live.count + 1 - doomed.count > most {
            payer = most > 0 ? self.payer(for: user, beside: doomed, limit: most) : nil
            if payer == nil {
                outcome.refusal = .globalCap
                (outcome.count, outcome.limit) = (live.count, most)
                return outcome
            }
        }

        if observes {
            for id in chosen { mark(id) { $0.isNamed = true } }
            outcome.observed = chosen
            outcome.wouldRefuse = isRefused ? reason : nil
        }
        for id in doomed { mark(id) { $0.condemned = .evictedUserCap } }
        if let payer { mark(payer) { $0.condemned = .evictedGlobalCap } }
        outcome.victims = doomed + (payer.map { [$0] } ?? [])
        outcome.reasons =
            doomed.map { _ in .evictedUserCap } + (payer == nil ? [] : [.evictedGlobalCap])
        lastID += 1
        streams.append(
            Entry(
                id: lastID, facts: index, user: user, position: position,
                isEvictable: facts.isEvictable(under: policy), isNamed: observes && isRefused))
        outcome.id = lastID
        outcome.count = self.group(owner).count
        outcome.bills =
            doomed.map { _ in bill(of: owner) } + (payer == nil ? [] : [bill(of: nil)])
            + outcome.observed.map { _ in bill(of: owner) }
        let payingUser = payer.flatMap { id in streams.first { $0.id == id }?.user }
        settle([payingUser, user].compactMap { $0 })
        return outcome
    }

    /// What the victims of a verdict on `owner` pay for, `nil` for the global limit.
    private func bill(of owner: Owner?) -> Bill {
        guard let owner else {
            return Bill(count: live.count, limit: policySet.global.maxStreams)
        }
        return Bill(count: group(owner).count, limit: limit(of: owner))
    }

    private func payer(for user: Int, beside doomed: [UInt64], limit: Int) -> UInt64? {
        let others = live.filter { $0.isEvictable && !doomed.contains($0.id) }
        switch policySet.global.onExcess {
        case .rejectNewest: return nil
        case .closeOldest: return others.first?.id
        case .closeOldestOfHeaviest:
            let weight = live.count { $0.user == user } + 1 - doomed.count
            let userCount = Set(live.map(\.user) + [user]).count
            if let heaviest = heaviest(except: user), heaviest.weight > weight,
                heaviest.weight * userCount > limit
            {
                return others.first { $0.user == heaviest.user }?.id
            }
            return others.first { $0.user == user }?.id
        }
    }

    private func heaviest(except exception: Int?) -> (user: Int, weight: Int)? {
        standings.filter { $0.key != exception }
            .min { ($1.value.weight, $0.value.since) < ($0.value.weight, $1.value.since) }
            .map { ($0.key, $0.value.weight) }
    }

    mutating func close(_ id: UInt64, reason: CloseReason) -> Outcome? {
        guard let index = streams.firstIndex(where: { $0.id == id }) else { return nil }
        let entry = streams.remove(at: index)
        settle([entry.user])
        let owner = Owner(user: entry.user, position: entry.position)
        return Outcome(
            id: id, policy: policy(at: entry.position)?.name, count: group(owner).count,
            limit: limit(of: owner), reasons: [entry.condemned ?? reason])
    }

    mutating func apply(_ set: PolicySet, now: Duration) -> Applied {
        let before = streams.map { policy(at: $0.position)?.name }
        policySet = set
        for index in streams.indices {
            let position = set.position(governing: facts[streams[index].facts])
            streams[index].position = position
            streams[index].isEvictable =
                facts[streams[index].facts].isEvictable(under: policy(at: position))
            streams[index].isNamed = false
        }
        let after = streams.map { policy(at: $0.position)?.name }
        let moved = zip(streams, zip(before, after)).count { $0.isLive && $1.0 != $1.1 }
        row = []
        settle(live.map(\.user).reduce(into: []) { if !$0.contains($1) { $0.append($1) } })
        nextClose = max(nextClose, now)
        return Applied(live: live.count, moved: moved, surplus: surplusCount)
    }

    mutating func tick(now: Duration) -> Outcome {
        var outcome = Outcome()
        nextClose = max(nextClose, now - .seconds(1))
        while nextClose <= now {
            let owner = row.first
            let victim = owner.map { group($0).first(where: \.isEvictable) } ?? globalSurplusVictim
            guard let victim else { break }
            if let owner { row = Array(row.dropFirst()) + [owner] }
            mark(victim.id) { $0.condemned = .reload }
            settle([victim.user])
            outcome.victims.append(victim.id)
            outcome.reasons.append(.reload)
            outcome.bills.append(bill(of: owner))
            nextClose += .seconds(1) / max(policySet.global.reloadClosesPerSecond, 1)
        }
        return outcome
    }

    private func surplus(of owner: Owner) -> Int {
        guard users[owner.user].isIdentified, let limit = limit(of: owner),
            policy(at: owner.position)?.mode == .enforce
        else { return 0 }
        let group = group(owner)
        return min(max(group.count - limit, 0), group.count(where: \.isEvictable))
    }

    /// The groups of these users, in the order of their oldest streams.
    private func owners(among users: [Int]) -> [Owner] {
        live.filter { users.contains($0.user) }
            .map { Owner(user: $0.user, position: $0.position) }
            .reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    private var globalSurplus: Int {
        policySet.global.maxStreams.map { max(live.count - $0, 0) } ?? 0
    }

    private var surplusCount: Int {
        let ofUsers = owners(among: Array(users.indices)).reduce(0) { $0 + surplus(of: $1) }
        let closable = live.count(where: \.isEvictable)
        return ofUsers + min(max(globalSurplus - ofUsers, 0), closable - ofUsers)
    }

    private var globalSurplusVictim: Entry? {
        guard globalSurplus > 0, let limit = policySet.global.maxStreams else { return nil }
        let closable = live.filter(\.isEvictable)
        switch policySet.global.onExcess {
        case .rejectNewest, .closeOldest: return closable.first
        case .closeOldestOfHeaviest:
            guard let heaviest = heaviest(except: nil),
                heaviest.weight * Set(live.map(\.user)).count > limit
            else { return nil }
            return closable.first { $0.user == heaviest.user }
        }
    }

    private mutating func mark(_ id: UInt64, _ change: (inout Entry) -> Void) {
        for index in streams.indices where streams[index].id == id { change(&streams[index]) }
    }

    /// Takes note of new weights, user by user, and of who has a surplus.
    private mutating func settle(_ users: [Int]) {
        for user in users {
            let mine = streams.filter { $0.isLive && $0.user == user }
            let weight = mine.contains(where: \.isEvictable) ? mine.count : nil
            guard weight != standings[user]?.weight else { continue }
            clock += 1
            standings[user] = weight.map { Standing(weight: $0, since: clock) }
        }
        row = row.filter { surplus(of: $0) > 0 }
        row += owners(among: users).filter { !row.contains($0) && surplus(of: $0) > 0 }
    }
}
