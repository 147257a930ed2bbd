import Testing

@testable import Ledger
@testable import Policy

@Suite("The limit of all streams together")
struct GlobalLimitTests {
    @Test("S12: reject_newest refuses the newcomer, and nobody else notices")
    func rejectsNewest() throws {
        var ledger = Ledger(policySet: set([policy("a")], max: 2, global: .rejectNewest))
        ledger.fill(1, stream(.ann, "a"))
        ledger.fill(1, stream(.bob))

        let refusal = try #require(ledger.admit(stream(.cid, "a"), owner: 0, now: .zero).refusal)

        #expect(refusal.reason == .globalCap)
        #expect(refusal.policy?.name == "a")
        #expect(refusal.count == 2)
        #expect(refusal.limit == 2)
        let count = ledger.count
        #expect(count == 2)
    }

    @Test("close_oldest closes the oldest of all that may be closed")
    func closesOldest() {
        var ledger = Ledger(policySet: set([], max: 3, global: .closeOldest))
        ledger.fill(1, stream(.ann, "x", .post))
        ledger.fill(2, stream(.bob))

        let verdict = ledger.admit(stream(.cid), owner: 0, now: .zero)

        #expect(verdict.victims == [2])
        #expect(verdict.admission?.victims.first?.reason == .evictedGlobalCap)
    }

    @Test("A victim tells the global count and limit, not those of its user")
    func bills() {
        var ledger = Ledger(
            policySet: set([policy("default", perUser: 9)], max: 3, global: .closeOldest))
        ledger.fill(1, stream(.ann))
        ledger.fill(2, stream(.bob))

        let verdict = ledger.admit(stream(.cid), owner: 0, now: .zero)

        #expect(verdict.admission?.victims.bills == [NaiveLedger.Bill(count: 3, limit: 3)])
    }

    @Test("A limit of zero refuses everyone", arguments: GlobalPolicy.Excess.allCases)
    func zero(excess: GlobalPolicy.Excess) {
        var ledger = Ledger(policySet: set([], max: 0, global: excess))

        let verdict = ledger.admit(stream(.ann), owner: 0, now: .zero)

        #expect(verdict.refusal?.reason == .globalCap)
    }

    @Test(
        "When nothing may be closed the newcomer is refused",
        arguments: GlobalPolicy.Excess.allCases)
    func nothingEvictable(excess: GlobalPolicy.Excess) {
        var ledger = Ledger(policySet: set([], max: 2, global: excess))
        ledger.fill(2, stream(.ann, "x", .post))

        let verdict = ledger.admit(stream(.bob), owner: 0, now: .zero)

        #expect(verdict.refusal?.reason == .globalCap)
    }

    @Test("The user rule's victim frees the place that the newcomer needs")
    func userRuleFirst() {
        var ledger = Ledger(
            policySet: set([policy("default", perUser: 1)], max: 2, global: .rejectNewest))
        ledger.fill(1, stream(.ann))
        ledger.fill(1, stream(.bob))

        #expect(ledger.admit(stream(.ann), owner: 0, now: .zero).victims == [1])
    }

    @Test("If the global rule refuses, the user rule closes nobody")
    func allOrNothing() {
        var ledger = Ledger(policySet: set([policy("a", perUser: 2)]))
        ledger.fill(2, stream(.ann, "a"))
        ledger.fill(3, stream(.bob))
        _ = ledger.apply(set([policy("a", perUser: 2)], max: 3, global: .rejectNewest), now: .zero)

        let verdict = ledger.admit(stream(.ann, "a"), owner: 0, now: .zero)

        #expect(verdict.refusal?.reason == .globalCap)
        let count = ledger.count
        #expect(count == 5)
    }

    @Test("While a surplus waits, one newcomer takes no more than one place beyond its own")
    func oneForOne() {
        var ledger = Ledger(policySet: set([], max: nil))
        ledger.fill(100, stream(.ann))
        _ = ledger.apply(set([], max: 10, global: .closeOldest), now: .zero)

        #expect(ledger.admit(stream(.bob), owner: 0, now: .zero).victims == [1])
    }

    @Test("A victim of the user rule is not closed a second time by the global rule")
    func notTwice() {
        var ledger = Ledger(policySet: set([policy("default", perUser: 2)]))
        ledger.fill(2, stream(.ann))
        ledger.fill(2, stream(.bob))
        _ = ledger.apply(
            set([policy("default", perUser: 2)], max: 3, global: .closeOldest), now: .zero)

        let verdict = ledger.admit(stream(.ann), owner: 0, now: .zero)

        #expect(verdict.victims == [1, 2])
        #expect(
            verdict.admission?.victims.map(\.reason) == [.evictedUserCap, .evictedGlobalCap])
        ledger.checkInvariants()
    }
}

@Suite("close_oldest_of_heaviest: the user with the most streams pays")
struct HeaviestPaysTests {
    private static func ledger(max: Int) -> Ledger {
        Ledger(policySet: set([policy("a")], max: max, global: .closeOldestOfHeaviest))
    }

    @Test("The oldest stream of the heaviest user goes, over all policies")
    func heaviest() {
        var ledger = Self.ledger(max: 6)
        ledger.fill(1, stream(.bob))
        ledger.fill(2, stream(.ann, "a"))
        ledger.fill(3, stream(.ann))

        let verdict = ledger.admit(stream(.cid), owner: 0, now: .zero)

        #expect(verdict.victims == [2])
        #expect(verdict.admission?.victims.first?.user == .ann)
        #expect(verdict.admission?.victims.first?.policy?.name == "a")
    }

    @Test("Who would be as heavy as the heaviest pays alone")
    func equalPaysItself() {
        var ledger = Self.ledger(max: 4)
        ledger.fill(2, stream(.ann))
        ledger.fill(1, stream(.bob))
        ledger.fill(1, stream(.cid))

        let verdict = ledger.admit(stream(.bob), owner: 0, now: .zero)

        #expect(verdict.victims == [3])
    }

    @Test("The heaviest user pays for its own newcomer")
    func heaviestNewcomer() {
        var ledger = Self.ledger(max: 4)
        ledger.fill(1, stream(.bob))
        ledger.fill(3, stream(.ann))

        #expect(ledger.admit(stream(.ann), owner: 0, now: .zero).victims == [2])
    }

    @Test("Nobody at the fair share loses a stream to somebody else")
    func fairShare() {
        var ledger = Self.ledger(max: 2)
        ledger.fill(1, stream(.ann))
        ledger.fill(1, stream(.bob))

        let verdict = ledger.admit(stream(.cid), owner: 0, now: .zero)

        #expect(verdict.refusal?.reason == .globalCap)
    }

    @Test("At the fair share exactly is not above it")
    func exactlyFairShare() {
        var ledger = Self.ledger(max: 6)
        ledger.fill(2, stream(.ann))
        ledger.fill(4, stream(.bob, "x", .post))

        let verdict = ledger.admit(stream(.cid), owner: 0, now: .zero)

        #expect(verdict.refusal?.reason == .globalCap)
    }

    @Test("A user with nothing to close is passed over for the next")
    func passesOver() {
        var ledger = Self.ledger(max: 8)
        ledger.fill(5, stream(.ann, "x", .post))
        ledger.fill(3, stream(.bob))

        let verdict = ledger.admit(stream(.cid), owner: 0, now: .zero)

        #expect(verdict.victims == [6])
    }

    @Test("Among equals the one who has stood there longest pays, and a swap keeps the place")
    func amongEquals() {
        var ledger = Ledger(
            policySet: set(
                [policy("default", perUser: 3)], max: 7, global: .closeOldestOfHeaviest))
        ledger.fill(3, stream(.ann))
        ledger.fill(3, stream(.bob))
        ledger.fill(1, stream(.ann))  // Evicts one of its own: as heavy as before.
        ledger.fill(1, stream(.cid))

        let verdict = ledger.admit(stream(.claim("dan")), owner: 0, now: .zero)

        #expect(verdict.victims == [2])
        #expect(verdict.admission?.victims.first?.user == .ann)
    }

    @Test("A user is as heavy as the newcomer leaves it, less the victims of its own rule")
    func weightAfterUserRule() {
        var ledger = Ledger(policySet: set([]))
        ledger.fill(6, stream(.ann, "a"))
        ledger.fill(4, stream(.bob))
        _ = ledger.apply(set([policy("a", perUser: 2)], max: 4), now: .zero)

        let verdict = ledger.admit(stream(.ann, "a"), owner: 0, now: .zero)

        #expect(verdict.victims == [1, 2, 3, 4, 5, 7], "Ann keeps two, so Bob with four pays.")
    }

    @Test("An address is a user of its own here")
    func address() {
        var ledger = Self.ledger(max: 4)
        ledger.fill(4, stream(.somewhere))

        let verdict = ledger.admit(stream(.ann), owner: 0, now: .zero)

        #expect(verdict.victims == [1])
    }

    @Test("Places are shared out evenly in the end")
    func evenly() {
        var ledger = Self.ledger(max: 12)
        ledger.fill(12, stream(.ann))
        for _ in 0..<12 {
            ledger.admitted(stream(.bob))
            ledger.admitted(stream(.cid))
        }

        let counts = [ledger.count(of: .ann), ledger.count(of: .bob), ledger.count(of: .cid)]
        #expect(counts == [4, 4, 4])
    }
}
