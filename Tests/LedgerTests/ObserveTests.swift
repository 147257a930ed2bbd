import Testing

@testable import Ledger
@testable import Policy

@Suite("A policy that only observes")
struct ObserveTests {
    @Test("tells who would have been closed, once, and touches nobody")
    func namesOnce() {
        var ledger = Ledger(policySet: set([policy("default", perUser: 2, mode: .observe)]))

        let verdicts = (0..<5).map { _ in ledger.admit(stream(.ann), owner: 0, now: .zero) }

        #expect(verdicts.map { $0.admission?.observed.ids } == [[], [], [1], [2], [3]])
        #expect(verdicts.allSatisfy { $0.victims == [] })
        #expect(verdicts.map { $0.admission?.count } == [1, 2, 3, 4, 5])
        ledger.checkInvariants()
        let count = ledger.count
        #expect(count == 5)
    }

    @Test("counts the newcomer in what it tells of the victim, as an enforced one would")
    func bills() {
        var ledger = Ledger(policySet: set([policy("default", perUser: 1, mode: .observe)]))
        ledger.fill(1, stream(.ann))

        let verdict = ledger.admit(stream(.ann), owner: 0, now: .zero)

        #expect(verdict.admission?.observed.bills == [NaiveLedger.Bill(count: 2, limit: 1)])
    }

    @Test("reckons with what it would have done: a named stream's end frees no place")
    func reckons() {
        var ledger = Ledger(policySet: set([policy("default", perUser: 1, mode: .observe)]))
        ledger.fill(2, stream(.ann))

        let named = ledger.close(StreamID(rawValue: 1), reason: .clientClosed, now: .zero)
        let verdict = ledger.admit(stream(.ann), owner: 0, now: .zero)

        #expect(named?.reason == .clientClosed)
        #expect(verdict.admission?.observed.ids == [2])
    }

    @Test("tells of a newcomer that would have been refused, and lets it in")
    func wouldRefuse() {
        var ledger = Ledger(
            policySet: set([
                policy(
                    "default", perUser: 1, perAddress: 1, onExcess: .rejectNewest, mode: .observe)
            ]))
        ledger.fill(1, stream(.ann))
        ledger.fill(1, stream(.somewhere))

        let user = ledger.admit(stream(.ann), owner: 0, now: .zero)
        let address = ledger.admit(stream(.somewhere), owner: 0, now: .zero)
        _ = ledger.close(StreamID(rawValue: 1), reason: .clientClosed, now: .zero)
        let later = ledger.admit(stream(.ann), owner: 0, now: .zero)

        #expect(user.admission?.wouldRefuse == .userCap)
        #expect(address.admission?.wouldRefuse == .addressCap)
        #expect(later.admission?.wouldRefuse == nil, "The place of the first is free.")
        ledger.checkInvariants()
    }

    @Test("is not asked when the global limit is reached")
    func globalHolds() {
        var ledger = Ledger(
            policySet: set(
                [policy("default", perUser: 1, mode: .observe)], max: 2, global: .rejectNewest))
        ledger.fill(2, stream(.ann))

        let verdict = ledger.admit(stream(.ann), owner: 0, now: .zero)

        #expect(verdict.refusal?.reason == .globalCap)
    }

    @Test("closes nothing after a reload")
    func noSurplus() {
        var ledger = Ledger(policySet: set([policy("default")]))
        ledger.fill(5, stream(.ann))

        let applied = ledger.apply(
            set([policy("default", perUser: 1, mode: .observe)]), now: .zero)

        #expect(applied == Applied(live: 5, moved: 0, surplus: 0))
        let hasSurplus = ledger.hasSurplus
        #expect(!hasSurplus)
    }

    @Test("that is enforced by a reload starts from what is there")
    func thenEnforced() {
        var ledger = Ledger(policySet: set([policy("default", perUser: 1, mode: .observe)]))
        ledger.fill(4, stream(.ann))

        let applied = ledger.apply(set([policy("default", perUser: 1)]), now: .zero)

        #expect(applied.surplus == 3)
        #expect(ledger.drained() == [1, 2, 3])
    }
}
