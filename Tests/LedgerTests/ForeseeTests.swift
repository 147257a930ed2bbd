import Testing

@testable import Ledger
@testable import Policy

@Suite("Refusals that are certain before the gateway is asked")
struct ForeseeTests {
    private static func foresee(
        _ ledger: inout Ledger, _ facts: StreamFacts, isReturning: Bool = false
    ) -> Refusal? {
        ledger.foresee(facts, isReturning: isReturning, now: .zero, chance: 0.5)
    }

    @Test("A token on a live stream of the same user is known, and no other")
    func known() {
        var ledger = Ledger(
            policySet: set([policy("default", perUser: 1, onExcess: .rejectNewest)]))
        ledger.fill(1, stream(.ann, tag: 7))
        ledger.fill(1, stream(.bob, tag: 8))

        let reasons = [
            stream(.ann, tag: 7), stream(.ann, tag: 8), stream(.ann, tag: 9), stream(.ann),
            stream(.cid, tag: 7),
        ].map { Self.foresee(&ledger, $0)?.reason }
        _ = ledger.close(StreamID(rawValue: 1), reason: .idle, now: .zero)
        ledger.fill(1, stream(.ann, tag: 9))
        let later = Self.foresee(&ledger, stream(.ann, tag: 7))

        #expect(reasons == [.userCap, nil, nil, nil, nil])
        #expect(later == nil, "The stream that vouched for it is gone.")
    }

    @Test("A token that was accepted before is known without a live stream")
    func accepted() {
        var ledger = Ledger(
            policySet: set([policy("default", perUser: 1, onExcess: .rejectNewest)]))
        ledger.fill(1, stream(.ann, tag: 7))

        let foreseen = ledger.foresee(
            stream(.ann, tag: 8), isReturning: false, isAccepted: true, now: .zero, chance: 0.5)

        #expect(foreseen?.reason == .userCap)
        #expect(Self.foresee(&ledger, stream(.ann, tag: 8)) == nil)
    }

    @Test("S12: a full instance that rejects the newest says so to everyone it would refuse")
    func full() {
        var ledger = Ledger(
            policySet: set([policy("default", perUser: 1)], max: 2, global: .rejectNewest))
        ledger.fill(1, stream(.ann))
        let before = Self.foresee(&ledger, stream(.cid))
        ledger.fill(1, stream(.bob))

        #expect(before == nil)
        #expect(Self.foresee(&ledger, stream(.cid))?.reason == .globalCap)
        #expect(Self.foresee(&ledger, stream(.ann)) == nil, "Ann's older stream makes room.")
    }

    @Test("A full instance that closes the oldest asks the gateway")
    func fullButCloses() {
        var ledger = Ledger(policySet: set([], max: 1, global: .closeOldest))
        ledger.fill(1, stream(.ann))

        #expect(Self.foresee(&ledger, stream(.cid)) == nil)
    }

    @Test("A budget's refusal is foreseen, and counts in the episode")
    func budget() {
        var ledger = Ledger(
            policySet: set([
                policy("default", perUser: 1, budget: .init(burst: 1, refill: .seconds(30)))
            ]))
        ledger.fill(2, stream(.ann, tag: 7))

        let foreseen = Self.foresee(&ledger, stream(.ann, tag: 7))
        let unknown = Self.foresee(&ledger, stream(.ann, tag: 8))
        let judged = ledger.admit(stream(.ann, tag: 8), owner: 0, now: .zero).refusal
        let ended = ledger.endedFlaps(now: .seconds(60))

        #expect(foreseen?.reason == .budget)
        #expect(foreseen?.retryAfter == .seconds(30))
        #expect(foreseen?.flap != nil)
        #expect(unknown == nil)
        #expect(judged?.reason == .budget)
        #expect(judged?.flap == nil)
        #expect(ended.map(\.refusals) == [2])
    }

    @Test("One that returns waits whenever there is no room, and takes a free slot uncharged")
    func returning() {
        var ledger = Ledger(
            policySet: set([
                policy("default", perUser: 1, budget: .init(burst: 1, refill: .seconds(30)))
            ]))
        ledger.fill(1, stream(.ann))

        let waits = Self.foresee(&ledger, stream(.ann), isReturning: true)
        let judged = ledger.admit(
            stream(.ann), owner: 0, vitals: FixedVitals(), isReturning: true, now: .zero,
            chance: 0.5)
        let accounts = ledger.accounts.count
        _ = ledger.close(StreamID(rawValue: 1), reason: .gatewayClosed, now: .zero)
        let free = Self.foresee(&ledger, stream(.ann), isReturning: true)

        #expect(waits?.reason == .standby)
        #expect((waits?.count, waits?.limit) == (1, 1))
        #expect(judged.refusal?.reason == .standby)
        #expect(accounts == 0)
        #expect(free == nil)
    }

    @Test(
        "One that returns takes no place that the global limit would have to make",
        arguments: GlobalPolicy.Excess.allCases)
    func returningToFull(excess: GlobalPolicy.Excess) {
        var ledger = Ledger(policySet: set([policy("a")], max: 3, global: excess))
        ledger.fill(3, stream(.ann))

        let refusal = Self.foresee(&ledger, stream(.bob, "a"), isReturning: true)

        #expect(refusal?.reason == .standby)
        #expect((refusal?.count, refusal?.limit) == (3, 3))
    }
}
