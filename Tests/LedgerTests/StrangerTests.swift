import Testing

@testable import Ledger
@testable import Policy

@Suite("B7, B8: what a stranger may cost")
struct StrangerTests {
    private static let evicting: [GlobalPolicy.Excess] = [.closeOldest, .closeOldestOfHeaviest]

    @Test(
        "An anonymous newcomer evicts nobody: not the anonymous, not the heaviest, not the lost",
        arguments: GlobalPolicy.Excess.allCases)
    func anonymousNewcomer(excess: GlobalPolicy.Excess) {
        var ledger = Ledger(policySet: set([], max: 6, global: excess))
        ledger.fill(3, stream(.ann))
        ledger.fill(2, stream(.somewhere))
        _ = ledger.admit(
            stream(.bob), owner: 0, vitals: FixedVitals(.stalled, isLost: true),
            isReturning: false, now: .zero, chance: 0)

        for address in [User.somewhere, .address("elsewhere")] {
            let foreseen = ledger.foresee(
                stream(address), isReturning: false, now: .zero, chance: 0)
            let verdict = ledger.admit(stream(address), owner: 0, now: .zero)

            #expect(foreseen?.reason == .globalCap)
            #expect(verdict.refusal?.reason == .globalCap)
        }
        let (count, accounts) = (ledger.count, ledger.accounts.count)
        #expect(count == 6)
        #expect(accounts == 0, "What it was not allowed it does not owe.")
    }

    @Test(
        "Under a policy that only observes it is told of nobody either",
        arguments: Policy.Excess.allCases)
    func observed(excess: Policy.Excess) {
        var ledger = Ledger(
            policySet: set([
                policy("default", perUser: 1, perAddress: 1, onExcess: excess, mode: .observe)
            ]))
        ledger.fill(1, stream(.somewhere))

        let admission = ledger.admit(stream(.somewhere), owner: 0, now: .zero).admission

        #expect(admission?.observed.ids == [])
        #expect(admission?.victims.ids == [])
        #expect(admission?.wouldRefuse == .addressCap)
    }

    @Test(
        "The anonymous make room first: the heaviest address, and its oldest",
        arguments: evicting)
    func anonymousFirst(excess: GlobalPolicy.Excess) {
        var ledger = Ledger(policySet: set([], max: 9, global: excess))
        ledger.fill(4, stream(.ann))
        ledger.fill(1, stream(.address("light")))
        ledger.fill(2, stream(.somewhere, "x", .post))
        ledger.fill(2, stream(.somewhere))

        let verdicts = (0..<4).map { _ in
            ledger.admit(stream(.bob), owner: 0, now: .zero).admission?.victims
        }

        // A POST is never closed. Ann is no heavier then than Bob would be.
        let last: UInt64 = excess == .closeOldest ? 1 : 10
        #expect(verdicts.map { $0?.ids } == [[8], [9], [5], [last]])
        let choices = verdicts.prefix(3).map { $0?.choices }
        #expect(choices == [[.anonymous], [.anonymous], [.anonymous]])
        ledger.checkInvariants()
    }

    @Test("Of an address a lost stream goes before the oldest")
    func lostOfAddress() {
        var ledger = Ledger(policySet: set([], max: 3))
        for vitals in [
            FixedVitals(), FixedVitals(.stalled), FixedVitals(.unacknowledged, isLost: true),
        ] {
            _ = ledger.admit(
                stream(.somewhere), owner: 0, vitals: vitals, isReturning: false, now: .zero,
                chance: 0)
        }

        let victims = ledger.admit(stream(.ann), owner: 0, now: .zero).admission?.victims

        #expect(victims?.ids == [3])
        #expect(victims?.choices == [.unacknowledged])
    }

    @Test("reject_newest closes nobody, the anonymous neither")
    func rejectNewest() {
        var ledger = Ledger(policySet: set([], max: 2, global: .rejectNewest))
        ledger.fill(2, stream(.somewhere))

        #expect(ledger.admit(stream(.ann), owner: 0, now: .zero).refusal?.reason == .globalCap)
    }

    @Test("Addresses shrink nobody's fair share")
    func fairShare() {
        var ledger = Ledger(policySet: set([], max: 9))
        ledger.fill(4, stream(.ann))
        for number in 0..<5 { ledger.fill(1, stream(.address("\(number)"), "x", .post)) }

        let verdict = ledger.admit(stream(.bob), owner: 0, now: .zero)

        #expect(verdict.refusal?.reason == .globalCap, "Four are less than a half of nine.")
    }

    @Test(
        "A lowered global limit is reached by the anonymous first",
        arguments: GlobalPolicy.Excess.allCases)
    func surplus(excess: GlobalPolicy.Excess) {
        var ledger = Ledger(policySet: set([]))
        ledger.fill(3, stream(.ann))
        ledger.fill(1, stream(.address("light")))
        ledger.fill(2, stream(.somewhere))

        let applied = ledger.apply(set([], max: 2, global: excess), now: .zero)

        #expect(applied.surplus == 4)
        #expect(ledger.drained() == [5, 4, 6, 1])
    }

    /// A client, and whether a stranger may take its place.
    private static let clients: [(FixedVitals, Bool)] = [
        (FixedVitals(), false), (FixedVitals(.stalled), false),
        (FixedVitals(.unacknowledged), false), (FixedVitals(.stalled, isLost: true), true),
        (FixedVitals(.unacknowledged, isLost: true), true),
    ]

    @Test("At the fair share a stranger takes the place of one that is lost, and of no other")
    func fairShareOfTheLost() {
        for (vitals, isLost) in Self.clients {
            var ledger = Ledger(policySet: set([], max: 2))
            ledger.fill(1, stream(.bob))
            _ = ledger.admit(
                stream(.ann), owner: 0, vitals: vitals, isReturning: false, now: .zero, chance: 0)

            let verdict = ledger.admit(stream(.cid), owner: 0, now: .zero)

            #expect(verdict.victims == (isLost ? [2] : nil), "\(vitals.condition)")
        }
    }

    @Test("One that brings only heartbeats does not pay for a stranger before the oldest")
    func onlyHeartbeats() {
        var ledger = Ledger(policySet: set([], max: 3))
        for (second, lastEvent) in [50, 1, 40].enumerated() {
            _ = ledger.admit(
                stream(.ann), owner: 0, vitals: FixedVitals(lastEvent: .seconds(lastEvent)),
                isReturning: false, now: .seconds(second), chance: 0)
        }

        let victims = ledger.admit(stream(.bob), owner: 0, now: .seconds(60)).admission?.victims

        #expect(victims?.ids == [1])
        #expect(victims?.choices == [.heaviest])
    }

    @Test("Nobody is asked where there is no choice")
    func nobodyAsked() {
        var ledger = Ledger(
            policySet: set([policy("a", perUser: 1)], max: 4, global: .closeOldestOfHeaviest))
        ledger.fill(1, stream(.ann, "a"))
        ledger.fill(1, stream(.bob))
        ledger.fill(2, stream(.somewhere))
        func asked(_ facts: StreamFacts, isReturning: Bool = false) -> Int {
            ledger.candidates(
                for: facts, at: ledger.policySet.position(governing: facts),
                isReturning: isReturning
            ).count
        }

        #expect(asked(stream(.somewhere)) == 0, "It evicts nobody.")
        #expect(asked(stream(.cid), isReturning: true) == 0)
        #expect(asked(stream(.ann, "a")) == 0, "Its one stream goes.")
        #expect(asked(stream(.cid)) == 2, "One of the address has to go.")
    }

    @Test("Whoever was not asked counts as well")
    func unseen() {
        var ledger = Ledger(policySet: set([policy("default", perUser: 2)]))
        for _ in 0..<2 {
            _ = ledger.admit(
                stream(.ann), owner: 0, vitals: SilentVitals(), isReturning: false, now: .zero,
                chance: 0)
        }

        let verdict = ledger.admit(
            stream(.ann), at: 0, owner: 0, vitals: SilentVitals(), seen: .none,
            isReturning: false, now: .zero, chance: 0)

        #expect(verdict.victims == [1])
    }
}
