import TestRandom
import Testing

@testable import Ledger
@testable import Policy

@Suite("What holds after every verdict, whoever asks")
struct PropertyTests {
    private static let users: [User] = [.ann, .bob, .cid, .token("ann"), .somewhere]

    @Test(
        "limits hold, victims are their own user's oldest, and each stream ends once",
        arguments: GlobalPolicy.Excess.allCases)
    func properties(excess: GlobalPolicy.Excess) throws {
        var random = SeededRandom.forTest()
        var ledger = Ledger(
            policySet: set(
                [policy("a", perUser: 2, perAddress: 1), policy("b", perUser: 3)], max: 10,
                global: excess))
        var open: [StreamID: User] = [:]
        var condemned: Set<StreamID> = []
        var ends = 0

        for _ in 0..<5000 {
            let user = try #require(Self.users.randomElement(using: &random))
            let name = try #require(["a", "b", "c"].randomElement(using: &random))
            if let admission = ledger.admit(stream(user, name), owner: 0, now: .zero).admission {
                if let limit = admission.limit { #expect(admission.count <= limit) }
                let ownVictims = admission.victims.filter { $0.reason == .evictedUserCap }
                #expect(ownVictims.allSatisfy { $0.user == user })
                #expect(ownVictims.map(\.id) == ownVictims.map(\.id).sorted())
                for victim in admission.victims {
                    #expect(open[victim.id] == victim.user)
                    #expect(condemned.insert(victim.id).inserted, "Evicted once at most.")
                }
                #expect(open.updateValue(user, forKey: admission.id) == nil)
            }
            if open.count > 12, let id = open.keys.randomElement(using: &random) {
                open[id] = nil
                let closed = ledger.close(id, reason: .idle, now: .zero)
                #expect(closed != nil)
                #expect((closed?.reason == .idle) == !condemned.contains(id))
                ends += 1
            }
            ledger.checkInvariants()
            let (count, sum) = (ledger.count, Self.users.reduce(0) { $0 + ledger.count(of: $1) })
            #expect(count <= 10)
            #expect(sum == count)
        }

        for id in open.keys {
            #expect(ledger.close(id, reason: .drain, now: .zero) != nil)
            #expect(ledger.close(id, reason: .drain, now: .zero) == nil)
            ends += 1
        }
        #expect(UInt64(ends) == ledger.lastID.rawValue, "As many ends as admissions.")
    }
}
