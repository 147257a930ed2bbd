import TestRandom
import Testing

@testable import Ledger
@testable import Policy

@Suite("The budget of evictions")
struct BudgetTests {
    private static let standard = Policy.EvictionBudget.standard

    private static func ledger(
        _ budget: Policy.EvictionBudget = standard, perUser: Int = 1, mode: Policy.Mode = .enforce
    ) -> Ledger {
        Ledger(policySet: set([policy("default", perUser: perUser, budget: budget, mode: mode)]))
    }

    @Test("A page that opens five at once settles on the newest")
    func fiveAtOnce() {
        var ledger = Self.ledger()

        let victims = (0..<5).map { _ in
            ledger.admit(stream(.ann), owner: 0, now: .zero).victims
        }

        #expect(victims == [[], [1], [2], [3], [4]])
    }

    @Test("An empty budget refuses, says for how long, and begins one episode")
    func empty() throws {
        var ledger = Self.ledger()
        ledger.fill(11, stream(.ann))

        let first = try #require(ledger.admit(stream(.ann), owner: 0, now: .zero).refusal)
        let second = try #require(
            ledger.admit(stream(.ann), owner: 0, now: .seconds(10)).refusal)

        #expect(first.reason == .budget)
        #expect(first.policy?.name == "default")
        #expect((first.count, first.limit) == (1, 1))
        #expect(first.retryAfter == .seconds(30))
        #expect(first.flap?.user == .ann)
        #expect(first.flap?.policy?.name == "default")
        #expect((first.flap?.evictions, first.flap?.refusals) == (10, 1))
        #expect(second.retryAfter == .seconds(20))
        #expect(second.flap == nil)
        let hasFlaps = ledger.hasFlaps
        #expect(hasFlaps)
    }

    @Test("Others, and newcomers that cost nobody a place, are admitted all the same")
    func others() {
        var ledger = Self.ledger()
        ledger.fill(12, stream(.ann))

        let bob = ledger.admit(stream(.bob), owner: 0, now: .zero)
        _ = ledger.close(StreamID(rawValue: 11), reason: .gatewayClosed, now: .zero)
        let ann = ledger.admit(stream(.ann), owner: 0, now: .zero)

        #expect(bob.admission != nil)
        #expect(ann.victims == [])
    }

    @Test("The jitter of a cool-down goes from a half more down to what is owed")
    func jitter() {
        let waits = [0, 0.25, 0.5, 0.999].map { chance in
            var ledger = Self.ledger()
            ledger.fill(11, stream(.ann))
            let verdict = ledger.admit(
                stream(.ann), owner: 0, vitals: FixedVitals(), isReturning: false, now: .zero,
                chance: chance)
            return verdict.refusal?.retryAfter ?? .zero
        }

        #expect(waits[0] == .seconds(30))
        #expect(waits[1] == .seconds(30))
        #expect(waits[2] == .seconds(30))
        #expect(waits[3] > .seconds(44))
    }

    @Test("A stream that its client closed gives one eviction back, and no other end does")
    func refund() {
        var ledger = Self.ledger(.init(burst: 1, refill: .seconds(30)))
        ledger.fill(2, stream(.ann))
        _ = ledger.close(StreamID(rawValue: 2), reason: .gatewayClosed, now: .zero)
        ledger.admitted(stream(.ann))
        let without = ledger.accounts
        _ = ledger.close(StreamID(rawValue: 3), reason: .clientClosed, now: .zero)
        ledger.admitted(stream(.ann))

        let after = ledger.admit(stream(.ann), owner: 0, now: .zero)

        var accounts = without
        let policy = ledger.policySet.policies.first
        let shortage = accounts.shortage(
            of: .ann, under: policy, generation: 1, budget: .init(burst: 1, refill: .seconds(30)),
            now: .zero, chance: 0)
        #expect(shortage != nil)
        #expect(after.victims == [4])
    }

    @Test(
        "A victim whose client was leaving anyway gives its eviction back",
        arguments: [(CloseReason.clientClosed, true), (.evictedUserCap, false)])
    func refundOfVictim(reason: CloseReason, isRefunded: Bool) {
        var ledger = Self.ledger(.init(burst: 1, refill: .seconds(30)))
        ledger.fill(2, stream(.ann))
        _ = ledger.close(StreamID(rawValue: 1), reason: reason, now: .zero)

        let verdict = ledger.admit(stream(.ann), owner: 0, now: .zero)

        #expect((verdict.admission != nil) == isRefunded)
    }

    @Test("What a reload left above the limit is not charged")
    func surplus() {
        var ledger = Self.ledger(.init(burst: 2, refill: .seconds(30)), perUser: 6)
        ledger.fill(6, stream(.ann))
        _ = ledger.apply(
            set([
                policy("default", perUser: 2, budget: .init(burst: 2, refill: .seconds(30)))
            ]), now: .zero)

        #expect(ledger.tick(now: .zero).choices == [.surplus])
        #expect(ledger.admit(stream(.ann), owner: 0, now: .zero).victims == [2, 3, 4, 5])
        #expect(ledger.admit(stream(.ann), owner: 0, now: .zero).victims == [6])
        #expect(ledger.admit(stream(.ann), owner: 0, now: .zero).refusal?.reason == .budget)
    }

    @Test("An eviction by the global limit is charged to who causes it, by the standard budget")
    func global() {
        var ledger = Ledger(policySet: set([], max: 20, global: .closeOldest))
        ledger.fill(20, stream(.bob))

        let verdicts = (0..<11).map { _ in
            ledger.admit(stream(.ann), owner: 0, now: .zero).refusal?.reason
        }

        #expect(verdicts == Array(repeating: nil, count: 10) + [.budget])
        #expect(ledger.admit(stream(.cid), owner: 0, now: .zero).victims == [11])
    }

    @Test("A policy that only observes charges nothing")
    func observes() {
        var ledger = Self.ledger(.init(burst: 1, refill: .seconds(30)), mode: .observe)

        ledger.fill(20, stream(.ann))

        let accounts = ledger.accounts.count
        #expect(accounts == 0)
    }

    @Test("Two clients that reconnect by hand come to rest")
    func war() {
        var ledger = Self.ledger()
        var random = SeededRandom.forTest()
        var evictions = 0
        var begun = 0

        // Every three seconds the one that is out comes back, for ten minutes.
        for second in stride(from: 0, through: 600, by: 3) {
            let verdict = ledger.admit(
                stream(.ann), owner: 0, vitals: FixedVitals(), isReturning: false,
                now: .seconds(second), chance: .random(in: 0..<1, using: &random))
            evictions += verdict.victims?.count ?? 0
            if verdict.refusal?.flap != nil { begun += 1 }
        }
        let early = ledger.endedFlaps(now: .seconds(600))
        let late = ledger.endedFlaps(now: .seconds(3600))
        let again = ledger.endedFlaps(now: .seconds(3600))

        #expect(evictions <= Self.standard.burst + 6)
        #expect(begun == 1)
        #expect(early.isEmpty)
        #expect(late.map(\.evictions) == [evictions])
        #expect(again.isEmpty)
        let (hasFlaps, accounts) = (ledger.hasFlaps, ledger.accounts.count)
        #expect(!hasFlaps)
        #expect(accounts == 0, "All is paid.")
    }

    @Test("The cool-down doubles while the war goes on, to its maximum, and starts small after")
    func coolDowns() {
        var ledger = Self.ledger(.init(burst: 1, refill: .seconds(30)))
        ledger.fill(1, stream(.ann))
        var waits: [Duration] = []
        var now = Duration.zero
        for _ in 0..<7 {
            _ = ledger.admit(stream(.ann), owner: 0, now: now)
            let wait = ledger.admit(stream(.ann), owner: 0, now: now).refusal?.retryAfter
            waits.append(wait ?? .zero)
            now += waits.last ?? .zero
        }
        now += .seconds(600)
        let ended = ledger.endedFlaps(now: now)
        _ = ledger.admit(stream(.ann), owner: 0, now: now)
        let fresh = ledger.admit(stream(.ann), owner: 0, now: now).refusal

        #expect(waits == [30, 60, 120, 240, 480, 600, 600].map { .seconds($0) })
        #expect(ended.map(\.refusals) == [7])
        #expect(fresh?.retryAfter == .seconds(30))
        #expect(fresh?.flap?.evictions == 1)
    }

    @Test("Over a million attempts nobody is charged more than burst + T / refill + refunds")
    func bound() {
        var random = SeededRandom.forTest()
        let budget = Policy.EvictionBudget(burst: 3, refill: .seconds(2))
        var ledger = Self.ledger(budget)
        var clients = (0..<50).map { User.claim(String($0)) }.map { BoundedUser(user: $0) }
        var now = Duration.zero

        for _ in 0..<1_000_000 {
            now += .milliseconds(Int.random(in: 0...8, using: &random))
            let index = Int.random(in: 0..<clients.count, using: &random)
            let verdict = ledger.admit(
                stream(clients[index].user), owner: 0, vitals: FixedVitals(), isReturning: false,
                now: now, chance: .random(in: 0..<1, using: &random))
            if let admission = verdict.admission {
                if !admission.victims.isEmpty, !clients[index].charge(budget, now: now) {
                    Issue.record("\(clients[index].user) at \(now): more than the bound.")
                    return
                }
                for victim in admission.victims {
                    _ = ledger.close(victim.id, reason: .evictedUserCap, now: now)
                }
                if Int.random(in: 0..<4, using: &random) == 0 {
                    _ = ledger.close(admission.id, reason: .clientClosed, now: now)
                    clients[index].refund()
                }
            }
        }

        ledger.checkInvariants()
        #expect(clients.allSatisfy { $0.evictions > 0 })
    }

    @Test("Accounts that are paid go away, and those that are not are bounded")
    func accountsBounded() {
        var accounts = Accounts(countMax: 100)
        let budget = Policy.EvictionBudget(burst: 1, refill: .seconds(30))

        for number in 0..<1000 {
            accounts.charge(.claim(String(number)), budget, now: .zero)
            accounts.checkInvariants()
        }
        let most = accounts.count
        for number in 0..<100 {
            accounts.charge(.claim("late \(number)"), budget, now: .seconds(40))
        }

        #expect(most == 100)
        #expect(accounts.count <= 100)
        for number in 0..<200 {
            accounts.charge(.claim("one"), budget, now: .seconds(100 + 40 * number))
        }
        #expect(accounts.count == 1)
    }

    @Test("An account with an episode is kept, whoever else comes, until its end is told")
    func episodesStay() {
        var accounts = Accounts(countMax: 10)
        let budget = Policy.EvictionBudget(burst: 1, refill: .seconds(30))
        func refuse(_ user: User) -> Bool {
            accounts.shortage(
                of: user, under: nil, generation: 1, budget: budget, now: .zero, chance: 0.5)
                != nil
        }

        for number in 0..<10 {
            accounts.charge(.claim(String(number)), budget, now: .zero)
            #expect(refuse(.claim(String(number))))
        }
        accounts.charge(.ann, budget, now: .zero)

        #expect(!refuse(.ann), "There was no room to charge it.")
        #expect(refuse(.claim("0")))
        #expect(accounts.endedFlaps(now: .seconds(59)).isEmpty)
        #expect(accounts.endedFlaps(now: .seconds(60)).count == 10)
        #expect(accounts.count == 0)
        accounts.checkInvariants()
    }
}

/// The bound for one user: each window that ends now holds no more than it may. The slack of the
/// worst window so far is one number.
private struct BoundedUser {
    let user: User
    private(set) var evictions = 0
    private var refunds = 0
    /// The least over all evictions of what came before them, less the time until then.
    private var base: Duration?

    init(user: User) {
        self.user = user
    }

    /// Whether the bound holds: evictions in T less refunds, times refill, is at most
    /// burst x refill + T.
    mutating func charge(_ budget: Policy.EvictionBudget, now: Duration) -> Bool {
        let before = budget.refill * (evictions - refunds) - now
        base = min(base ?? before, before)
        evictions += 1
        let after = budget.refill * (evictions - refunds) - now
        return after - (base ?? before) <= budget.refill * budget.burst
    }

    mutating func refund() {
        refunds += 1
    }
}
