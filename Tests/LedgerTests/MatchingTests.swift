import Testing

@testable import Ledger
@testable import Policy

@Suite("Item 21: a reload is prepared while verdicts go on")
struct MatchingTests {
    private static let first = set([policy("default", perUser: 3)])
    private static let second = set(
        [policy("a", perUser: 2), policy("default", perUser: 1)], generation: 2)

    @Test("What opens and closes after the matching is judged by the new set all the same")
    func meanwhile() {
        var ledger = Ledger(policySet: Self.first)
        ledger.fill(3, stream(.ann, "a"))
        ledger.fill(1, stream(.bob))
        var matching = ledger.matching(Self.second)
        _ = ledger.close(StreamID(rawValue: 2), reason: .idle, now: .zero)
        // Takes the slot that has become free.
        ledger.fill(1, stream(.cid, "a"))
        ledger.match(&matching)
        ledger.fill(1, stream(.bob))

        let applied = ledger.apply(matching, now: .zero)

        #expect(applied == Applied(live: 5, moved: 3, surplus: 1))
        let names = [1, 3, 4, 5, 6].map { ledger.policy(of: StreamID(rawValue: $0))?.name }
        #expect(names == ["a", "a", "default", "a", "default"])
        ledger.checkInvariants()
        #expect(ledger.drained() == [4])
    }

    @Test("The old set judges until the new one is in force")
    func oldUntilThen() {
        var ledger = Ledger(policySet: Self.first)
        ledger.fill(2, stream(.ann, "a"))
        let matching = ledger.matching(Self.second)

        let before = ledger.admit(stream(.ann, "a"), owner: 0, now: .zero).admission
        _ = ledger.apply(matching, now: .zero)
        let after = ledger.admit(stream(.ann, "a"), owner: 0, now: .zero).admission

        #expect((before?.generation, before?.limit, before?.victims.ids) == (1, 3, []))
        #expect((after?.generation, after?.limit, after?.victims.ids) == (2, 2, [1, 2]))
    }

    @Test("Of two reloads that are prepared at once each is applied whole")
    func superseded() {
        var ledger = Ledger(policySet: Self.first)
        ledger.fill(3, stream(.ann, "a"))
        let (one, other) = (ledger.matching(Self.second), ledger.matching(set([], generation: 3)))

        _ = ledger.apply(one, now: .zero)
        let applied = ledger.apply(other, now: .zero)

        #expect(applied == Applied(live: 3, moved: 3, surplus: 0))
        let (generation, hasSurplus) = (ledger.generation, ledger.hasSurplus)
        #expect(generation == 3)
        #expect(!hasSurplus)
        ledger.checkInvariants()
    }

    @Test("Pieces are small, and bring each stream once")
    func pieces() {
        var ledger = Ledger(policySet: set([]))
        for _ in 0..<1200 { _ = ledger.admit(stream(.ann), owner: 0, now: .zero) }

        var (seen, sizes, next): ([UInt64], [Int], Int?) = ([], [], 0)
        while let slot = next {
            let piece = ledger.unmatched(
                fromSlot: slot, after: StreamID(rawValue: 100), upTo: StreamID(rawValue: 1100))
            seen += piece.streams.map(\.id.rawValue)
            sizes.append(piece.streams.count)
            next = piece.next
        }

        #expect(seen.sorted() == Array(101...1100))
        #expect(sizes.allSatisfy { $0 <= Ledger.sliceMax })
    }
}
