import Foundation
import HTTPModel
import TestRandom
import Testing

@testable import Ledger
@testable import Policy

/// The ledger and the naive one are given the same operations and must always agree.
///
/// `SLUICE_SEED` repeats a run, `SLUICE_OPERATIONS` sets its length.
@Suite("S16: the ledger agrees with a naive model")
struct ModelTests {
    @Test("over a million random operations")
    func agrees() throws {
        let given = ProcessInfo.processInfo.environment["SLUICE_OPERATIONS"]
        let operations = given.flatMap { Int($0) } ?? 1_000_000
        var run = ModelRun(random: .forTest())

        for step in 0..<operations {
            if let disagreement = run.step(step) {
                Issue.record("Step \(step): \(disagreement)")
                return
            }
        }

        #expect(run.drainAndCount() == 0)
    }
}

/// A ledger and its model on the way through random operations.
private struct ModelRun: ~Copyable {
    private var random: SeededRandom
    private let sets: [PolicySet]
    private var ledger: Ledger
    private var model: NaiveLedger
    private var now = Duration.zero
    /// A reload that is being prepared while verdicts go on.
    private var matching: Matching?

    init(random: SeededRandom) {
        var random = random
        sets = (0..<200).map { Self.randomSet(generation: $0, using: &random) }
        ledger = Ledger(policySet: sets[0])
        model = NaiveLedger(sets[0], facts: Self.allFacts)
        self.random = random
    }

    /// One operation on both. What they disagree on, `nil` when they agree.
    mutating func step(_ number: Int) -> String? {
        now += .milliseconds(Int.random(in: 0...40, using: &random))
        let disagreement =
            switch Int.random(in: 0..<200, using: &random) {
            case 0..<5: reload()
            case 5..<20: tick()
            case 20..<24: endFlaps()
            case 24..<130 where model.streams.count < 32: ask()
            default: close()
            }
        if let disagreement { return disagreement }
        if ledger.count != model.live.count { return "count \(ledger.count)" }
        if ledger.hasFlaps != model.hasFlaps { return "flaps \(ledger.hasFlaps)" }
        if ledger.hasSurplus != model.hasSurplus { return "surplus \(ledger.hasSurplus)" }
        return number < 5000 || number.isMultiple(of: 512) ? compareAll() : nil
    }

    /// Closes all that is left and says what the ledger still holds.
    mutating func drainAndCount() -> Int {
        for entry in model.streams {
            _ = ledger.close(StreamID(rawValue: entry.id), reason: .drain, now: now)
        }
        ledger.checkInvariants()
        return ledger.count + ledger.records.count + ledger.users.count + ledger.groups.count
    }

    /// Asks both for what they foresee of a newcomer, and then mostly for the verdict.
    private mutating func ask() -> String? {
        let caller = NaiveLedger.Caller(
            facts: Int.random(in: 0..<model.facts.count, using: &random),
            isReturning: Int.random(in: 0..<5, using: &random) == 0, vitals: randomVitals(),
            now: now, chance: .random(in: 0..<1, using: &random))
        let facts = model.facts[caller.facts]
        let mode = Int.random(in: 0..<8, using: &random)
        var isForeseen = false
        if mode < 4 {
            let expected = model.foresee(caller)
            let refusal = ledger.foresee(
                facts, isReturning: caller.isReturning, now: now, chance: caller.chance)
            let outcome = refusal.map { Self.outcome(of: .refused($0)) } ?? .init()
            if outcome != expected { return "\(facts): \(outcome), foreseen \(expected)" }
            isForeseen = refusal != nil
        }
        guard mode > 0 else { return nil }
        let expected = model.admit(caller)
        let verdict = ledger.admit(
            facts, owner: 7, vitals: caller.vitals, isReturning: caller.isReturning, now: now,
            chance: caller.chance)
        let outcome = Self.outcome(of: verdict)
        if isForeseen, verdict.refusal == nil { return "foreseen and not refused: \(facts)" }
        if let victims = verdict.admission?.victims, !victims.isEmpty {
            if caller.isReturning { return "returning evicts" }
            if !facts.user.isIdentified { return "an address evicts" }
        }
        return outcome == expected ? nil : "\(facts): \(outcome), expected \(expected)"
    }

    private mutating func randomVitals() -> FixedVitals {
        let conditions: [Condition] = [.well, .well, .well, .well, .stalled, .unacknowledged]
        let later = Duration.milliseconds(
            max(Int.random(in: -400...400, using: &random), 0))
        let condition = conditions[Int.random(in: 0..<6, using: &random)]
        return FixedVitals(
            condition, isLost: condition != .well && Bool.random(using: &random),
            lastEvent: now + later)
    }

    private mutating func endFlaps() -> String? {
        let expected = model.endedFlaps(now: now)
        let flaps = ledger.endedFlaps(now: now)
        let ended = Dictionary(
            uniqueKeysWithValues: flaps.map { flap in
                (
                    NaiveLedger.DebtKey(
                        user: model.users.firstIndex(of: flap.user) ?? -1,
                        policy: flap.policy?.name), [flap.evictions, flap.refusals]
                )
            })
        return ended == expected ? nil : "ended \(ended), expected \(expected)"
    }

    private mutating func close() -> String? {
        let index = Int.random(in: 0...model.streams.count, using: &random)
        let id = index < model.streams.count ? model.streams[index].id : 0
        let reason: CloseReason = Bool.random(using: &random) ? .clientClosed : .gatewayClosed
        let expected = model.close(id, reason: reason, now: now)
        let closed = ledger.close(StreamID(rawValue: id), reason: reason, now: now)
        let outcome = closed.map {
            NaiveLedger.Outcome(
                id: $0.id.rawValue, policy: $0.policy?.name, count: $0.count, limit: $0.limit,
                reasons: [$0.reason])
        }
        return outcome == expected ? nil : "close \(id): \(outcome as Any), not \(expected as Any)"
    }

    private mutating func reload() -> String? {
        guard var matching else {
            self.matching = Matching(for: sets[Int.random(in: 0..<sets.count, using: &random)])
            return nil
        }
        if Bool.random(using: &random) {
            ledger.match(&matching)
            self.matching = matching
            return nil
        }
        self.matching = nil
        let expected = model.apply(matching.set, now: now)
        let applied = ledger.apply(matching, now: now)
        return applied == expected ? nil : "reload: \(applied), expected \(expected)"
    }

    private mutating func tick() -> String? {
        let expected = model.tick(now: now)
        let victims = ledger.tick(now: now)
        let outcome = NaiveLedger.Outcome(
            victims: victims.ids, reasons: victims.map(\.reason), choices: victims.choices,
            bills: victims.bills)
        return outcome == expected ? nil : "tick: \(outcome), expected \(expected)"
    }

    private func compareAll() -> String? {
        ledger.checkInvariants()
        for entry in model.streams {
            let policy = ledger.policy(of: StreamID(rawValue: entry.id))
            if policy !== model.policy(at: entry.position) { return "policy of \(entry.id)" }
        }
        for (index, user) in model.users.enumerated() {
            let count = model.live.count { $0.user == index }
            if ledger.count(of: user) != count { return "count of \(user)" }
        }
        let sum = model.users.reduce(0) { $0 + ledger.count(of: $1) }
        return sum == ledger.count ? nil : "sum of users"
    }

    private static func outcome(of verdict: Verdict) -> NaiveLedger.Outcome {
        switch verdict {
        case .admitted(let admission):
            NaiveLedger.Outcome(
                id: admission.id.rawValue, wouldRefuse: admission.wouldRefuse,
                policy: admission.policy?.name, count: admission.count, limit: admission.limit,
                victims: admission.victims.ids, reasons: admission.victims.map(\.reason),
                choices: admission.victims.choices,
                observed: admission.observed.ids,
                bills: admission.victims.bills + admission.observed.bills)
        case .refused(let refusal):
            NaiveLedger.Outcome(
                refusal: refusal.reason, policy: refusal.policy?.name, count: refusal.count,
                limit: refusal.limit, retryAfter: refusal.retryAfter,
                flap: refusal.flap?.evictions)
        }
    }

    /// Few users, few paths: collisions are the point.
    private static var allFacts: [StreamFacts] {
        let users: [User] = [
            .ann, .bob, .cid, .token("ann"), .somewhere, .address("ann"), .address("elsewhere"),
        ]
        return users.flatMap { user in
            ["a", "b", "c"].flatMap { path in
                [HTTPModel.Method.get, .get, .get, .post].enumerated().map { index, method in
                    stream(user, path, method, tag: index == 0 ? nil : UInt64(index))
                }
            }
        }
    }

    private static func randomSet(generation: Int, using random: inout SeededRandom) -> PolicySet {
        let names = ["a", "b", "default"].shuffled(using: &random)
            .prefix(Int.random(in: 0...3, using: &random))
        let policies = names.map { name in
            policy(
                name, perUser: limit(upTo: 5, using: &random),
                perAddress: limit(upTo: 4, using: &random),
                onExcess: [.closeOldest, .closeIdlest, .rejectNewest][
                    Int.random(in: 0..<3, using: &random)], budget: budget(using: &random),
                mode: Int.random(in: 0..<4, using: &random) == 0 ? .observe : .enforce,
                evictable: Int.random(in: 0..<4, using: &random) == 0 ? ["GET", "POST"] : ["GET"])
        }
        let strategies = GlobalPolicy.Excess.allCases
        return set(
            policies, max: limit(upTo: 20, using: &random),
            global: strategies[Int.random(in: 0..<strategies.count, using: &random)],
            perSecond: Int.random(in: 1...60, using: &random), generation: UInt64(generation + 1))
    }

    private static func budget(using random: inout SeededRandom) -> Policy.EvictionBudget? {
        guard Int.random(in: 0..<4, using: &random) > 0 else { return nil }
        return Policy.EvictionBudget(
            burst: Int.random(in: 1...4, using: &random),
            refill: .milliseconds(Int.random(in: 100...3000, using: &random)))
    }

    private static func limit(upTo most: Int, using random: inout SeededRandom) -> Int? {
        Int.random(in: 0..<5, using: &random) == 0 ? nil : Int.random(in: 0...most, using: &random)
    }
}
