import TestRandom
import Testing

@testable import Ledger
@testable import Policy

@Suite("The end of a stream")
struct CloseTests {
    @Test("is recorded once, with what is left")
    func once() throws {
        var ledger = Ledger(policySet: set([policy("default", perUser: 5)], generation: 3))
        ledger.fill(2, stream(.bob))
        let verdict = ledger.admit(stream(.bob), owner: 0, now: .seconds(10))
        let id = try #require(verdict.admission?.id)

        let first = ledger.close(id, reason: .gatewayClosed, now: .seconds(25))
        let second = ledger.close(id, reason: .clientClosed, now: .seconds(26))

        let closed = try #require(first)
        #expect(closed.id == id)
        #expect(closed.reason == .gatewayClosed)
        #expect(closed.user == .bob)
        #expect(closed.policy?.name == "default")
        #expect(closed.generation == 3)
        #expect(closed.count == 2)
        #expect(closed.limit == 5)
        #expect(closed.admittedAt == .seconds(10))
        #expect(closed.lifetime == .seconds(15))
        #expect(second == nil)
    }

    @Test("A stream that was never admitted has no end")
    func unknown() {
        var ledger = Ledger(policySet: set([]))

        #expect(ledger.close(StreamID(rawValue: 1), reason: .drain, now: .zero) == nil)
        #expect(ledger.close(StreamID(rawValue: 0), reason: .drain, now: .zero) == nil)
    }

    @Test("A condemned stream keeps the reason of its eviction, whatever its worker reports")
    func condemned() {
        var ledger = Ledger(policySet: set([policy("default", perUser: 1)]))
        ledger.fill(2, stream(.ann))

        let closed = ledger.close(StreamID(rawValue: 1), reason: .clientClosed, now: .zero)

        #expect(closed?.reason == .evictedUserCap)
        #expect(closed?.count == 1)
        let count = ledger.count
        #expect(count == 1)
    }

    @Test("A condemned stream has left the counts and is not evicted again")
    func condemnedOnce() {
        var ledger = Ledger(policySet: set([policy("default", perUser: 1)]))
        ledger.fill(2, stream(.ann))

        let verdict = ledger.admit(stream(.ann), owner: 0, now: .zero)

        #expect(verdict.victims == [2])
    }

    @Test("S16: after 100,000 streams with random ends nothing is left behind")
    func nothingLeft() {
        var random = SeededRandom.forTest()
        var ledger = Ledger(policySet: set([policy("default", perUser: 2)], max: 40))
        var open: [StreamID] = []
        for _ in 0..<100_000 {
            let user = User.claim(String(Int.random(in: 0..<30, using: &random)))
            if let admission = ledger.admit(stream(user), owner: 0, now: .zero).admission {
                open.append(admission.id)
            }
            while open.count > 60 {
                let index = Int.random(in: 0..<open.count, using: &random)
                open.swapAt(index, open.count - 1)
                #expect(ledger.close(open.removeLast(), reason: .idle, now: .zero) != nil)
            }
        }
        for id in open { #expect(ledger.close(id, reason: .drain, now: .zero) != nil) }

        ledger.checkInvariants()
        let left = [
            ledger.count, ledger.records.count, ledger.users.count, ledger.groups.count,
            ledger.slotOfStream.count, ledger.slotOfUser.count, ledger.slotOfGroup.count,
        ]
        #expect(left == Array(repeating: 0, count: 7))
        let slots = ledger.records.capacity
        #expect(slots <= 61, "Slots are used again.")
    }

    @Test("R12: ids pass 2^32 and stay in order")
    func ids() {
        var ledger = Ledger(policySet: set([policy("default", perUser: 1)]))
        ledger.lastID = StreamID(rawValue: UInt64(UInt32.max) - 1)
        ledger.fill(2, stream(.ann))

        let verdict = ledger.admit(stream(.ann), owner: 0, now: .zero)

        #expect(verdict.victims == [UInt64(UInt32.max) + 1])
        #expect(verdict.admission?.id.text == "s-100000001")
    }
}
