import HTTPModel

@testable import Ledger
@testable import Policy

/// A policy of tests: its match is the path `/name`, or everything for `default`. Without a budget
/// evictions are not limited.
func policy(
    _ name: String, perUser: Int? = nil, perAddress: Int? = nil,
    onExcess: Policy.Excess = .closeOldest, budget: Policy.EvictionBudget? = nil,
    mode: Policy.Mode = .enforce, evictable: Set<String> = ["GET"],
    match: Match? = nil
) -> Policy {
    // Names of tests are good paths; one that is not would match everything and fail its test.
    let path = name == "default" ? nil : try? PathPattern("/\(name)")
    return Policy(
        name: name, match: match ?? Match(host: nil, path: path, methods: [], claims: [:]),
        maxStreamsPerUser: perUser, maxStreamsPerAddress: perAddress, onExcess: onExcess,
        evictionBudget: budget, idleTimeout: nil, idleClock: .bytes, heartbeats: [], maxAge: nil,
        endsWithToken: false, keepAlive: nil, afterEviction: .standby, clients: .auto, mode: mode,
        evictableMethods: evictable)
}

func set(
    _ policies: [Policy], max: Int? = nil, global: GlobalPolicy.Excess = .closeOldestOfHeaviest,
    perSecond: Int = 1000, generation: UInt64 = 1
) -> PolicySet {
    PolicySet(
        generation: generation,
        global: GlobalPolicy(
            maxStreams: max, onExcess: global, reloadClosesPerSecond: perSecond),
        policies: policies)
}

/// A stream of tests, on the path that the policy of that name matches.
func stream(
    _ user: User, _ policy: String = "any", _ method: HTTPModel.Method = .get,
    claims: [String: String] = [:], tag: UInt64? = nil
) -> StreamFacts {
    var list = Claims()
    for (path, value) in claims { list.append(path: path, value: value) }
    return StreamFacts(
        user: user, method: method, host: "localhost", path: "/\(policy)", client: "",
        claims: list, tokenTag: tag)
}

extension Patience {
    /// Clients of tests know by themselves whether they are lost.
    static let none = Patience(stalled: .zero, unacknowledged: .zero)
}

extension User {
    static let ann = User.claim("ann")
    static let bob = User.claim("bob")
    static let cid = User.claim("cid")
    static let somewhere = User.address("192.0.2.1")
}

/// A client as a test wants it to be.
final class FixedVitals: Vitals {
    let health: Health

    init(_ condition: Condition = .well, isLost: Bool = false, lastEvent: Duration = .zero) {
        health = Health(condition, isLost: isLost, lastEvent: lastEvent)
    }

    var condition: Condition { health.condition }
    var isLost: Bool { health.isLost }
    var lastEvent: Duration { health.lastEvent }

    func health(by patience: Patience) -> Health { health }
}

/// A client that must not be asked.
final class SilentVitals: Vitals {
    func health(by patience: Patience) -> Health {
        preconditionFailure("There was nothing to ask.")
    }
}

extension Ledger {
    /// Asks the candidates and then for the verdict, as the proxy does it when nothing happens in
    /// between.
    mutating func admit(
        _ facts: StreamFacts, owner: UInt32, vitals: any Vitals, isReturning: Bool,
        now: Duration, chance: Double
    ) -> Verdict {
        let position = policySet.position(governing: facts)
        return admit(
            facts, at: position, owner: owner, vitals: vitals,
            seen: examination(for: facts, isReturning: isReturning), isReturning: isReturning,
            now: now, chance: chance)
    }

    mutating func foresee(
        _ facts: StreamFacts, isReturning: Bool, isAccepted: Bool = false, now: Duration,
        chance: Double
    ) -> Refusal? {
        foresee(
            facts, at: policySet.position(governing: facts),
            seen: examination(for: facts, isReturning: isReturning), isReturning: isReturning,
            isAccepted: isAccepted, now: now, chance: chance)
    }

    private func examination(for facts: StreamFacts, isReturning: Bool) -> Examination {
        let candidates = candidates(
            for: facts, at: policySet.position(governing: facts), isReturning: isReturning)
        return Examination(of: candidates, by: .none)
    }

    /// Matches every stream and puts the set in force.
    mutating func apply(_ set: PolicySet, now: Duration) -> Applied {
        apply(matching(set), now: now)
    }

    /// What one round of matching finds.
    func matching(_ set: PolicySet) -> Matching {
        var matching = Matching(for: set)
        match(&matching)
        return matching
    }

    func match(_ matching: inout Matching) {
        let last = lastID
        var found: [Matching.Stream] = []
        var next: Int? = 0
        while let slot = next {
            let piece = unmatched(fromSlot: slot, after: matching.last, upTo: last)
            found += piece.streams
            next = piece.next
        }
        matching.add(found, upTo: last)
    }

    /// Admits an ordinary newcomer, whose client is well and has had no event.
    mutating func admit(_ facts: StreamFacts, owner: UInt32, now: Duration) -> Verdict {
        admit(
            facts, owner: owner, vitals: FixedVitals(lastEvent: now), isReturning: false,
            now: now, chance: 0.5)
    }

    /// Admits at time zero with the id as the only news, `nil` when refused.
    @discardableResult
    mutating func admitted(_ facts: StreamFacts) -> UInt64? {
        let verdict = admit(facts, owner: 0, now: .zero)
        checkInvariants()
        return verdict.admission?.id.rawValue
    }

    /// Admits so many streams of the same facts.
    mutating func fill(_ count: Int, _ facts: StreamFacts) {
        for _ in 0..<count { admitted(facts) }
    }

    /// Everything that tick closes until no surplus is left, as ids in order.
    mutating func drained() -> [UInt64] {
        var ids: [UInt64] = []
        var now = Duration.zero
        while hasSurplus {
            now += .seconds(1)
            ids += tick(now: now).ids
            checkInvariants()
        }
        return ids
    }
}

extension Verdict {
    var admission: Admission? {
        switch self {
        case .admitted(let admission): admission
        case .refused: nil
        }
    }

    var refusal: Refusal? {
        switch self {
        case .admitted: nil
        case .refused(let refusal): refusal
        }
    }

    /// The ids of the victims, `nil` when refused.
    var victims: [UInt64]? { admission?.victims.ids }
}

extension [Victim] {
    var ids: [UInt64] { map(\.id.rawValue) }
    var choices: [Choice] { map(\.choice) }

    /// What each of them pays for.
    var bills: [NaiveLedger.Bill] {
        map { NaiveLedger.Bill(count: $0.count, limit: $0.limit) }
    }
}
