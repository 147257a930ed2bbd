import Testing

@testable import Ledger
@testable import Policy

@Suite("Reload: new policies meet live streams")
struct ReloadTests {
    @Test("S13: a cap lowered from 5 to 2 takes exactly the three oldest of each user")
    func lowered() {
        var ledger = Ledger(policySet: set([policy("default", perUser: 5)]))
        for _ in 0..<5 {
            ledger.admitted(stream(.ann))
            ledger.admitted(stream(.bob))
        }
        ledger.fill(2, stream(.cid))

        let applied = ledger.apply(set([policy("default", perUser: 2)]), now: .zero)
        let closed = ledger.drained()

        #expect(applied == Applied(live: 12, moved: 0, surplus: 6))
        #expect(closed == [1, 2, 3, 4, 5, 6], "In turn, and each one's oldest first.")
        let counts = [ledger.count(of: .ann), ledger.count(of: .bob), ledger.count(of: .cid)]
        #expect(counts == [2, 2, 2])
    }

    @Test("S13: streams leave at the rate of the set, with one second to catch up")
    func paced() {
        var ledger = Ledger(policySet: set([policy("default")]))
        ledger.fill(100, stream(.ann))
        _ = ledger.apply(
            set([policy("default", perUser: 0)], perSecond: 10), now: .seconds(50))

        let times = [50_000, 50_000, 50_099, 50_100, 50_350, 51_000, 90_000, 90_050, 90_100]
        let closed = times.map { ledger.tick(now: .milliseconds($0)).count }

        #expect(closed == [1, 0, 0, 1, 2, 7, 11, 0, 1])
    }

    @Test("Victims of a reload say so, and know whose they are")
    func victims() {
        var ledger = Ledger(policySet: set([policy("default")]))
        _ = ledger.admit(stream(.ann), owner: 6, now: .zero)
        _ = ledger.apply(
            set([policy("new", perUser: 0), policy("default", perUser: 0)]), now: .zero)

        let victims = ledger.tick(now: .zero)
        let closed = ledger.close(StreamID(rawValue: 1), reason: .clientClosed, now: .zero)

        #expect(victims.map(\.reason) == [.reload])
        #expect(victims.map(\.owner) == [6])
        #expect(victims.map(\.policy?.name) == ["default"])
        #expect(closed?.reason == .reload)
    }

    @Test("The rate holds across reloads")
    func rateAcrossReloads() {
        var ledger = Ledger(policySet: set([policy("default")]))
        ledger.fill(100, stream(.ann))
        let lowered = set([policy("default", perUser: 0)], perSecond: 10)

        let closed = (0..<50).map { step in
            _ = ledger.apply(lowered, now: .milliseconds(step * 20))
            return ledger.tick(now: .milliseconds(step * 20)).count
        }

        #expect(closed.reduce(0, +) == 10)
    }

    @Test("Raising the cap calls off what has not left yet")
    func raised() {
        var ledger = Ledger(policySet: set([policy("default", perUser: 5)]))
        ledger.fill(5, stream(.ann))
        _ = ledger.apply(set([policy("default", perUser: 1)], perSecond: 1), now: .zero)
        let first = ledger.tick(now: .zero).ids

        let applied = ledger.apply(set([policy("default", perUser: 5)]), now: .zero)

        #expect(first == [1])
        #expect(applied.surplus == 0)
        let (hasSurplus, due, count) = (ledger.hasSurplus, ledger.surplusDue, ledger.count)
        #expect(!hasSurplus)
        #expect(due == nil)
        #expect(count == 4)
        #expect(ledger.tick(now: .seconds(100)).isEmpty)
    }

    @Test("Streams that end by themselves are surplus no more")
    func endsByItself() {
        var ledger = Ledger(policySet: set([policy("default", perUser: 3)]))
        ledger.fill(3, stream(.ann))
        _ = ledger.apply(set([policy("default", perUser: 2)]), now: .zero)

        _ = ledger.close(StreamID(rawValue: 3), reason: .clientClosed, now: .zero)

        let hasSurplus = ledger.hasSurplus
        #expect(!hasSurplus)
        #expect(ledger.tick(now: .seconds(1)).isEmpty)
    }

    @Test("reject_newest as well gives way to a lowered cap")
    func rejectNewest() {
        var ledger = Ledger(policySet: set([policy("default", perUser: 3)]))
        ledger.fill(3, stream(.ann))

        _ = ledger.apply(
            set([policy("default", perUser: 1, onExcess: .rejectNewest)]), now: .zero)

        #expect(ledger.drained() == [1, 2])
    }

    @Test("Streams that may not be closed stay above a lowered cap")
    func notEvictable() {
        var ledger = Ledger(policySet: set([policy("default")]))
        ledger.fill(3, stream(.ann, "x", .post))
        ledger.fill(1, stream(.ann))

        let applied = ledger.apply(set([policy("default", perUser: 1)]), now: .zero)

        #expect(applied.surplus == 1)
        #expect(ledger.drained() == [4])
    }

    @Test("An address above its lowered cap loses nothing")
    func address() {
        var ledger = Ledger(policySet: set([policy("default", perAddress: 5)]))
        ledger.fill(5, stream(.somewhere))

        let applied = ledger.apply(set([policy("default", perAddress: 1)]), now: .zero)

        #expect(applied.surplus == 0)
        #expect(ledger.drained() == [])
    }

    @Test(
        "A lowered global limit is reached by the global strategy",
        arguments: [
            (GlobalPolicy.Excess.closeOldest, [1, 2, 3] as [UInt64]),
            (.rejectNewest, [1, 2, 3]),
            (.closeOldestOfHeaviest, [3, 4, 5]),
        ])
    func global(excess: GlobalPolicy.Excess, expected: [UInt64]) {
        var ledger = Ledger(policySet: set([]))
        ledger.fill(2, stream(.bob))
        ledger.fill(5, stream(.ann))

        let applied = ledger.apply(set([], max: 4, global: excess), now: .zero)

        #expect(applied.surplus == 3)
        #expect(ledger.drained() == expected)
    }

    @Test("Nobody at the fair share loses a stream to a lowered global limit")
    func globalFairShare() {
        var ledger = Ledger(policySet: set([]))
        ledger.fill(6, stream(.ann, "x", .post))
        ledger.fill(2, stream(.bob))

        _ = ledger.apply(set([], max: 4), now: .zero)

        let hasSurplus = ledger.hasSurplus
        #expect(!hasSurplus, "Two is the fair share of four among two.")
    }

    @Test("A victim tells of the limit that was lowered: its user's, or the global one")
    func bills() {
        var ledger = Ledger(policySet: set([policy("default")]))
        ledger.fill(3, stream(.ann))
        ledger.fill(1, stream(.bob))

        _ = ledger.apply(
            set([policy("default", perUser: 2)], max: 2, global: .closeOldest), now: .zero)
        let victims = ledger.tick(now: .seconds(1))

        #expect(victims.ids == [1, 2])
        #expect(
            victims.bills == [
                NaiveLedger.Bill(count: 2, limit: 2), NaiveLedger.Bill(count: 2, limit: 2),
            ])
    }

    @Test("What users lose counts towards the global limit")
    func both() {
        var ledger = Ledger(policySet: set([policy("default")]))
        ledger.fill(1, stream(.bob))
        ledger.fill(5, stream(.ann))

        let applied = ledger.apply(
            set([policy("default", perUser: 2)], max: 4, global: .closeOldest), now: .zero)

        #expect(applied.surplus == 3)
        #expect(ledger.drained() == [2, 3, 4])
    }

    @Test("S14: a plan that governs anew moves the counts in one step")
    func moves() {
        let premium = Match(host: nil, path: nil, methods: [], claims: ["plan": ["premium"]])
        var ledger = Ledger(policySet: set([policy("default", perUser: 2)]))
        ledger.fill(2, stream(.ann, claims: ["plan": "premium"]))
        ledger.fill(2, stream(.bob))

        let applied = ledger.apply(
            set(
                [policy("premium", perUser: 5, match: premium), policy("default", perUser: 1)],
                generation: 2),
            now: .zero)

        #expect(applied == Applied(live: 4, moved: 2, surplus: 1))
        let name = ledger.policy(of: StreamID(rawValue: 1))?.name
        #expect(name == "premium")
        let verdict = ledger.admit(
            stream(.ann, claims: ["plan": "premium"]), owner: 0, now: .zero)
        #expect(verdict.admission?.count == 3)
        #expect(verdict.admission?.limit == 5)
        #expect(verdict.admission?.generation == 2)
        ledger.checkInvariants()
    }

    @Test("A set without policies governs nobody and closes nobody")
    func emptySet() {
        var ledger = Ledger(policySet: set([policy("default", perUser: 2)]))
        ledger.fill(2, stream(.ann))

        let applied = ledger.apply(set([]), now: .zero)

        #expect(applied == Applied(live: 2, moved: 2, surplus: 0))
        let policy = ledger.policy(of: StreamID(rawValue: 1))
        #expect(policy == nil)
        ledger.checkInvariants()
    }

    @Test("A condemned stream is told of in the words of the present set, and counts nowhere")
    func condemned() {
        var ledger = Ledger(policySet: set([policy("default", perUser: 1)]))
        ledger.fill(2, stream(.ann, "a"))

        let applied = ledger.apply(set([policy("a", perUser: 4)], generation: 2), now: .zero)
        let closed = ledger.close(StreamID(rawValue: 1), reason: .error, now: .zero)

        #expect(applied == Applied(live: 1, moved: 1, surplus: 0))
        #expect(closed?.reason == .evictedUserCap)
        #expect(closed?.policy?.name == "a")
        #expect(closed?.generation == 2)
        #expect(closed?.count == 1)
        #expect(closed?.limit == 4)
    }

    @Test("P16: a thousand reloads of the same policies change nothing")
    func thousandTimes() {
        var ledger = Ledger(policySet: set([policy("default", perUser: 3)]))
        ledger.fill(3, stream(.ann))
        ledger.fill(2, stream(.bob))

        for generation in 2...1000 as ClosedRange<UInt64> {
            let applied = ledger.apply(
                set([policy("default", perUser: 3)], generation: generation), now: .zero)
            #expect(applied == Applied(live: 5, moved: 0, surplus: 0))
        }

        ledger.checkInvariants()
        let generation = ledger.generation
        #expect(generation == 1000)
    }
}
