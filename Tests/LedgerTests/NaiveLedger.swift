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
    private var debts: [DebtKey: NaiveDebt] = [:]

    struct DebtKey: Hashable {
        let user: Int
        let policy: String?
    }

    struct Entry {
        let id: UInt64
        let facts: Int
        let user: Int
        let vitals: FixedVitals
        let admittedAt: Duration
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

    /// The first that fits, asked in turn.
    private static func position(in set: PolicySet, governing facts: StreamFacts) -> Int? {
        set.policies.firstIndex { $0.match.fits(facts) }
    }

    private func group(_ owner: Owner) -> [Entry] {
        streams.filter { $0.isLive && $0.position == owner.position && $0.user == owner.user }
    }

    private func limit(of owner: Owner) -> Int? {
        guard let policy = policy(at: owner.position) else { return nil }
        return users[owner.user].isIdentified
            ? policy.maxStreamsPerUser : policy.maxStreamsPerAddress
    }

    mutating func foresee(_ caller: Caller) -> Outcome {
        let (facts, user) = (facts[caller.facts], userOfFacts[caller.facts])
        let isKnown = live.contains {
            $0.user == user && facts.tokenTag != nil
                && self.facts[$0.facts].tokenTag == facts.tokenTag
        }
        if caller.isReturning || isKnown { return judge(caller).outcome }
        guard let most = policySet.global.maxStreams, live.count >= most,
            most == 0 || policySet.global.onExcess == .rejectNewest || !facts.user.isIdentified
        else { return Outcome() }
        // A budget refuses only where something could be closed, and here nothing can.
        let before = debts
        var outcome = judge(caller).outcome
        debts = before
        guard outcome.refusal != nil, outcome.refusal != .budget else { return Outcome() }
        outcome.refusal = .globalCap
        (outcome.count, outcome.limit) = (live.count, most)
        return outcome
    }

    /// Who has to go for a newcomer, if it may come in.
    private struct Judgement {
        /// Empty when nothing stands in the way.
        var outcome = Outcome()
        var doomed: [(id: UInt64, choice: Choice)] = []
        var payer: (id: UInt64, choice: Choice)?
        var observed: [UInt64] = []
        var wouldRefuse: Refusal.Reason?
    }

    private mutating func judge(_ caller: Caller) -> Judgement {
        let (facts, user) = (facts[caller.facts], userOfFacts[caller.facts])
        let position = Self.position(in: policySet, governing: facts)
        let owner = Owner(user: user, position: position)
        let policy = policy(at: position)
        let group = group(owner)
        let limit = limit(of: owner)
        var judgement = Judgement()
        func refused(
            _ reason: Refusal.Reason, _ count: Int, _ limit: Int?, after: Duration? = nil,
            flap: Int? = nil
        ) -> Judgement {
            Judgement(
                outcome: Outcome(
                    refusal: caller.isReturning ? .standby : reason, policy: policy?.name,
                    count: count, limit: limit, retryAfter: after, flap: flap))
        }

        let reckoned = group.filter { !$0.isNamed }
        let candidates = reckoned.filter(\.isEvictable)
        let excess = limit.map { max(reckoned.count + 1 - $0, 0) } ?? 0
        let mayEvict = facts.user.isIdentified && policy?.onExcess != .rejectNewest
        let isRefused = excess > 0 && (!mayEvict || excess > candidates.count)
        let reason: Refusal.Reason = facts.user.isIdentified ? .userCap : .addressCap
        let observes = policy?.mode == .observe
        if observes {
            if excess > 0, isRefused || caller.isReturning {
                judgement.wouldRefuse = caller.isReturning ? .standby : reason
            } else {
                judgement.observed = candidates.prefix(excess).map(\.id)
            }
        } else if excess > 0, isRefused || caller.isReturning {
            return refused(reason, group.count, limit)
        } else {
            let isIdlest = policy?.onExcess == .closeIdlest
            judgement.doomed = pick(
                excess, of: candidates, otherwise: isIdlest ? .idlest : .oldest)
        }

        let doomed = judgement.doomed.map(\.id)
        if let most = policySet.global.maxStreams, live.count + 1 - doomed.count > most {
            judgement.payer =
                most > 0 ? self.payer(for: user, beside: doomed, limit: most) : nil
            if judgement.payer == nil || caller.isReturning {
                return refused(.globalCap, live.count, most)
            }
        }
        let budget = policy.map { $0.mode == .observe ? nil : $0.evictionBudget } ?? .standard
        if let budget, !doomed.isEmpty || judgement.payer != nil {
            let key = DebtKey(user: user, policy: policy?.name)
            var debt = debts[key] ?? NaiveDebt()
            debt.adopt(budget, now: caller.now)
            let answer = debt.refuse(budget, now: caller.now, chance: caller.chance)
            debts[key] = debt
            if let answer {
                return refused(
                    .budget, doomed.isEmpty ? live.count : group.count,
                    doomed.isEmpty ? policySet.global.maxStreams : limit, after: answer.wait,
                    flap: answer.isNew ? debt.evictions : nil)
            }
        }
        return judgement
    }

    mutating func admit(_ caller: Caller) -> Outcome {
        let (facts, user) = (facts[caller.facts], userOfFacts[caller.facts])
        let position = Self.position(in: policySet, governing: facts)
        let owner = Owner(user: user, position: position)
        let policy = policy(at: position)
        let judgement = judge(caller)
        guard judgement.outcome.refusal == nil else { return judgement.outcome }
        var outcome = Outcome(policy: policy?.name, limit: limit(of: owner))

        let budget = policy.map { $0.mode == .observe ? nil : $0.evictionBudget } ?? .standard
        if let budget, !judgement.doomed.isEmpty || judgement.payer != nil {
            debts[DebtKey(user: user, policy: policy?.name), default: NaiveDebt()]
                .charge(budget, now: caller.now)
        }
        for id in judgement.observed { mark(id) { $0.isNamed = true } }
        outcome.observed = judgement.observed
        outcome.wouldRefuse = judgement.wouldRefuse
        for (id, _) in judgement.doomed { mark(id) { $0.condemned = .evictedUserCap } }
        if let payer = judgement.payer { mark(payer.id) { $0.condemned = .evictedGlobalCap } }
        let victims = judgement.doomed + (judgement.payer.map { [$0] } ?? [])
        outcome.victims = victims.map(\.id)
        outcome.choices = victims.map(\.choice)
        outcome.reasons =
            judgement.doomed.map { _ in .evictedUserCap }
            + (judgement.payer == nil ? [] : [.evictedGlobalCap])
        lastID += 1
        streams.append(
            Entry(
                id: lastID, facts: caller.facts, user: user, vitals: caller.vitals,
                admittedAt: caller.now, position: position,
                isEvictable: facts.isEvictable(under: policy),
                isNamed: judgement.wouldRefuse != nil))
        outcome.id = lastID
        outcome.count = self.group(owner).count
        outcome.bills =
            judgement.doomed.map { _ in bill(of: owner) }
            + (judgement.payer == nil ? [] : [bill(of: nil)])
            + outcome.observed.map { _ in bill(of: owner) }
        let payingUser = judgement.payer.flatMap { payer in
            streams.first { $0.id == payer.id }?.user
        }
        settle([payingUser, user].compactMap { $0 })
        return outcome
    }

    /// The dead first, then by age or idleness. Where there is no choice nobody is examined.
    private func pick(
        _ count: Int, of candidates: [Entry], otherwise: Choice
    ) -> [(id: UInt64, choice: Choice)] {
        if candidates.count <= count {
            return candidates.map { ($0.id, otherwise == .idlest ? .oldest : otherwise) }
        }
        let rated = candidates.map { one -> (rank: Int, choice: Choice, entry: Entry) in
            switch one.vitals.condition {
            case .stalled: return (0, .stalled, one)
            case .unacknowledged: return (0, .unacknowledged, one)
            case .well: break
            }
            let isOvertaken = candidates.contains { younger in
                younger.id > one.id && younger.position == one.position
                    && younger.vitals.lastEvent > younger.admittedAt
                    && one.vitals.lastEvent <= younger.admittedAt
            }
            return isOvertaken ? (1, .onlyHeartbeats, one) : (2, otherwise, one)
        }
        return rated.sorted { left, right in
            let byIdleness = otherwise == .idlest
            let (one, other) = (left.entry, right.entry)
            return (left.rank, byIdleness ? one.vitals.lastEvent : .zero, one.id)
                < (right.rank, byIdleness ? other.vitals.lastEvent : .zero, other.id)
        }.prefix(count).map { ($0.entry.id, $0.choice) }
    }

    /// The episodes that are over, with their evictions and refusals, by user and policy.
    mutating func endedFlaps(now: Duration) -> [DebtKey: [Int]] {
        var ended: [DebtKey: [Int]] = [:]
        for (key, debt) in debts {
            guard let counts = debt.counts(endedBy: now) else { continue }
            ended[key] = counts
            debts[key]?.forgetEpisode()
        }
        return ended
    }

    var hasFlaps: Bool { debts.values.contains(where: \.hasEpisode) }

    /// What the victims of a verdict on `owner` pay for, `nil` for the global limit.
    private func bill(of owner: Owner?) -> Bill {
        guard let owner else {
            return Bill(count: live.count, limit: policySet.global.maxStreams)
        }
        return Bill(count: group(owner).count, limit: limit(of: owner))
    }

    private func payer(
        for user: Int, beside doomed: [UInt64], limit: Int
    ) -> (id: UInt64, choice: Choice)? {
        guard users[user].isIdentified else { return nil }
        let others = live.filter { $0.isEvictable && !doomed.contains($0.id) }
        switch policySet.global.onExcess {
        case .rejectNewest: return nil
        case .closeOldest:
            return anonymous(among: others) ?? others.first.map { ($0.id, .oldest) }
        case .closeOldestOfHeaviest:
            if let anonymous = anonymous(among: others) { return anonymous }
            let weight = live.count { $0.user == user } + 1 - doomed.count
            let userCount = Set(live.map(\.user) + [user]).count { users[$0].isIdentified }
            if let heaviest = heaviest(except: user), heaviest.weight > weight,
                heaviest.weight * userCount > limit
            {
                return strangers(others.filter { $0.user == heaviest.user }, otherwise: .heaviest)
            }
            let own = others.filter { $0.user == user }
            if let paying = pick(1, of: own, otherwise: .heaviest).first { return paying }
            // Nobody living has too many: the oldest that is lost.
            return doomed.isEmpty ? lost(among: others) : nil
        }
    }

    func heaviest(
        except exception: Int?, isIdentified: Bool = true
    ) -> (user: Int, weight: Int)? {
        standings.filter { $0.key != exception && users[$0.key].isIdentified == isIdentified }
            .min { ($1.value.weight, $0.value.since) < ($0.value.weight, $1.value.since) }
            .map { ($0.key, $0.value.weight) }
    }

    mutating func close(_ id: UInt64, reason: CloseReason, now: Duration) -> Outcome? {
        guard let index = streams.firstIndex(where: { $0.id == id }) else { return nil }
        let entry = streams.remove(at: index)
        settle([entry.user])
        let policy = policy(at: entry.position)
        if reason == .clientClosed, entry.isLive || entry.condemned == .evictedUserCap,
            let budget = policy.map({ $0.mode == .observe ? nil : $0.evictionBudget }) ?? .standard
        {
            let key = DebtKey(user: entry.user, policy: policy?.name)
            debts[key]?.adopt(budget, now: now)
            debts[key]?.refund(budget, now: now)
        }
        let owner = Owner(user: entry.user, position: entry.position)
        return Outcome(
            id: id, policy: policy?.name, count: group(owner).count,
            limit: limit(of: owner), reasons: [entry.condemned ?? reason])
    }

    mutating func apply(_ set: PolicySet, now: Duration) -> Applied {
        let before = streams.map { policy(at: $0.position)?.name }
        policySet = set
        for index in streams.indices {
            let position = Self.position(in: set, governing: facts[streams[index].facts])
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
            outcome.choices.append(.surplus)
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
        if let heaviest = heaviest(except: nil, isIdentified: false) {
            return closable.first { $0.user == heaviest.user }
        }
        switch policySet.global.onExcess {
        case .rejectNewest, .closeOldest: return closable.first
        case .closeOldestOfHeaviest:
            guard let heaviest = heaviest(except: nil),
                heaviest.weight * Set(live.map(\.user)).count(where: { users[$0].isIdentified })
                    > limit
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
