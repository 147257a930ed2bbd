import HTTPModel
import Testing

@testable import Ledger
@testable import Policy

@Suite("The limit of one user under one policy")
struct UserLimitTests {
    @Test("close_oldest: the oldest goes, and the newcomer is told of")
    func closesOldest() throws {
        var ledger = Ledger(policySet: set([policy("default", perUser: 2)], generation: 7))
        ledger.fill(2, stream(.ann))

        let verdict = ledger.admit(stream(.ann), owner: 3, now: .seconds(5))

        let admission = try #require(verdict.admission)
        #expect(admission.victims.ids == [1])
        #expect(admission.victims.first?.reason == .evictedUserCap)
        #expect(admission.victims.first?.user == .ann)
        #expect(admission.victims.first?.policy?.name == "default")
        #expect(admission.id.rawValue == 3)
        #expect(admission.id.text == "s-3")
        #expect(admission.count == 2)
        #expect(admission.limit == 2)
        #expect(admission.generation == 7)
        #expect(admission.policy?.name == "default")
        #expect(admission.observed.isEmpty)
        let (count, ofAnn) = (ledger.count, ledger.count(of: .ann))
        #expect(count == 2)
        #expect(ofAnn == 2)
    }

    @Test("A victim tells the count and the limit that cost it its place")
    func bills() {
        var ledger = Ledger(policySet: set([policy("default", perUser: 2)]))
        ledger.fill(2, stream(.ann))
        ledger.fill(1, stream(.bob))

        let verdict = ledger.admit(stream(.ann), owner: 0, now: .zero)

        #expect(verdict.admission?.victims.bills == [NaiveLedger.Bill(count: 2, limit: 2)])
    }

    @Test("The victim's owner is the worker that brought it")
    func ownerOfVictim() {
        var ledger = Ledger(policySet: set([policy("default", perUser: 1)]))
        _ = ledger.admit(stream(.ann), owner: 4, now: .zero)

        let verdict = ledger.admit(stream(.ann), owner: 9, now: .zero)

        #expect(verdict.admission?.victims.map(\.owner) == [4])
    }

    @Test("reject_newest: the newcomer goes")
    func rejectsNewest() throws {
        var ledger = Ledger(
            policySet: set([policy("default", perUser: 1, onExcess: .rejectNewest)]))
        ledger.fill(1, stream(.ann))

        let refusal = try #require(ledger.admit(stream(.ann), owner: 0, now: .zero).refusal)

        #expect(refusal.reason == .userCap)
        #expect(refusal.policy?.name == "default")
        #expect(refusal.count == 1)
        #expect(refusal.limit == 1)
        let count = ledger.count
        #expect(count == 1)
    }

    @Test("A limit of zero refuses everyone", arguments: Policy.Excess.allCases)
    func zero(excess: Policy.Excess) {
        var ledger = Ledger(policySet: set([policy("default", perUser: 0, onExcess: excess)]))

        let verdict = ledger.admit(stream(.ann), owner: 0, now: .zero)

        #expect(verdict.refusal?.reason == .userCap)
        let count = ledger.count
        #expect(count == 0)
    }

    @Test("Nobody is evicted by someone who is not them")
    func othersAreSafe() {
        var ledger = Ledger(policySet: set([policy("default", perUser: 1)]))
        let names = [User.ann, .bob, .token("ann"), .cid, .address("ann")]
        for user in names { ledger.admitted(stream(user)) }

        let victims = names.prefix(4).compactMap { user in
            ledger.admit(stream(user), owner: 0, now: .zero).admission?.victims.map(\.user)
        }

        #expect(victims == names.prefix(4).map { [$0] })
    }

    @Test("One user's streams under another policy are counted apart")
    func policiesAreApart() {
        var ledger = Ledger(
            policySet: set([policy("a", perUser: 1), policy("default", perUser: 1)]))
        ledger.admitted(stream(.ann, "a"))

        let verdict = ledger.admit(stream(.ann, "b"), owner: 0, now: .zero)

        #expect(verdict.victims == [])
        #expect(verdict.admission?.count == 1)
    }

    @Test("A stream without a policy has no limit of its own")
    func ungoverned() {
        var ledger = Ledger(policySet: set([policy("a", perUser: 1)]))
        ledger.fill(50, stream(.ann, "b"))

        let verdict = ledger.admit(stream(.ann, "b"), owner: 0, now: .zero)

        #expect(verdict.admission?.policy == nil)
        #expect(verdict.admission?.limit == nil)
        #expect(verdict.admission?.count == 51)
    }

    @Test("S07: of fifty connects in the same moment the newest survives, each one a victim once")
    func fiftyAtOnce() {
        var ledger = Ledger(policySet: set([policy("default", perUser: 1)]))

        let victims = (0..<50).flatMap { _ in
            ledger.admit(stream(.ann), owner: 0, now: .zero).victims ?? []
        }

        #expect(victims == Array(1...49))
        let count = ledger.count
        #expect(count == 1)
    }

    @Test("A stream that may not be closed is passed over, and a younger one goes")
    func passesOver() {
        var ledger = Ledger(policySet: set([policy("default", perUser: 3)]))
        ledger.admitted(stream(.ann, "x", .post))
        ledger.fill(2, stream(.ann))

        #expect(ledger.admit(stream(.ann), owner: 0, now: .zero).victims == [2])
    }

    @Test("When nothing may be closed the newcomer is refused, whatever its method")
    func nothingEvictable() {
        var ledger = Ledger(policySet: set([policy("default", perUser: 1)]))
        ledger.admitted(stream(.ann, "x", .post))

        let verdict = ledger.admit(stream(.ann), owner: 0, now: .zero)

        #expect(verdict.refusal?.reason == .userCap)
    }

    @Test("A policy may name other methods as evictable")
    func otherMethods() {
        var ledger = Ledger(
            policySet: set([policy("default", perUser: 1, evictable: ["POST"])]))
        ledger.admitted(stream(.ann, "x", .post))

        #expect(ledger.admit(stream(.ann), owner: 0, now: .zero).victims == [1])
        #expect(ledger.admit(stream(.ann), owner: 0, now: .zero).victims == nil)
    }

    @Test("When too few may be closed nobody is")
    func tooFew() {
        var ledger = Ledger(policySet: set([policy("default", perUser: nil)]))
        ledger.fill(2, stream(.ann, "x", .post))
        ledger.fill(1, stream(.ann))
        _ = ledger.apply(set([policy("default", perUser: 2)], perSecond: 1), now: .zero)

        let verdict = ledger.admit(stream(.ann), owner: 0, now: .zero)

        #expect(verdict.refusal?.count == 3)
        let count = ledger.count
        #expect(count == 3)
    }

    @Test("A newcomer takes as many as stand above the limit")
    func takesAllAbove() {
        var ledger = Ledger(policySet: set([policy("default", perUser: 5)]))
        ledger.fill(5, stream(.ann))
        _ = ledger.apply(set([policy("default", perUser: 2)]), now: .zero)

        let verdict = ledger.admit(stream(.ann), owner: 0, now: .zero)

        #expect(verdict.victims == [1, 2, 3, 4])
        let hasSurplus = ledger.hasSurplus
        #expect(!hasSurplus)
    }

    @Test("An address has a limit of its own and evicts nobody", arguments: Policy.Excess.allCases)
    func addresses(excess: Policy.Excess) throws {
        var ledger = Ledger(
            policySet: set([policy("default", perUser: 1, perAddress: 2, onExcess: excess)]))
        ledger.fill(2, stream(.somewhere))

        let verdict = ledger.admit(stream(.somewhere), owner: 0, now: .zero)

        let refusal = try #require(verdict.refusal)
        #expect(refusal.reason == .addressCap)
        #expect(refusal.count == 2)
        #expect(refusal.limit == 2)
    }
}
