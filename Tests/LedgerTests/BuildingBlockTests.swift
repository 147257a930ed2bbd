import Testing

@testable import Ledger

@Suite("What the ledger is built of")
struct BuildingBlockTests {
    @Test("A slab uses vacant slots again before it grows")
    func slab() {
        var slab = Slab<String>()
        let (one, two) = (slab.insert("one"), slab.insert("two"))
        slab.remove(one)

        let three = slab.insert("three")

        #expect(three == one)
        #expect(slab[two] == "two")
        #expect(slab.count == 2)
        #expect(Array(slab.slots) == [0, 1])
    }

    @Test("A vacant slot cannot be read")
    func vacantSlot() async {
        await #expect(processExitsWith: .failure) {
            var slab = Slab<Int>()
            slab.remove(slab.insert(1))
            _ = slab[0]
        }
    }

    @Test("A list keeps its order whatever leaves it")
    func list() {
        var links = LinkTable()
        var list = LinkedList()
        for slot in [4, 0, 2, 7] { links.append(slot, to: &list) }
        links.insert(9, after: 0, in: &list)
        links.insert(1, after: nil, in: &list)

        for slot in [2, 1, 7] { links.remove(slot, from: &list) }

        #expect(Array(links.slots(of: list)) == [4, 0, 9])
        #expect((list.first, list.last, list.count) == (4, 9, 3))
        #expect(links.previous(before: 9) == 0)
        #expect(!links.contains(2))
        #expect(!links.contains(100))
    }

    @Test("A slot cannot be in two lists of one table")
    func twoLists() async {
        await #expect(processExitsWith: .failure) {
            var links = LinkTable()
            var (one, other) = (LinkedList(), LinkedList())
            links.append(3, to: &one)
            links.append(3, to: &other)
        }
    }

    @Test("The heaviest user is who reached the weight first, and may be left out")
    func heaviest() throws {
        var weights = WeightBuckets()
        for (user, weight) in [(0, 1), (1, 5), (2, 3), (3, 5), (4, 3)] {
            weights.place(user, at: weight)
        }
        weights.place(2, at: nil)
        weights.place(2, at: 3)

        weights.checkInvariants()
        var order: [Int] = []
        while let heaviest = weights.heaviest(except: 3) {
            order.append(heaviest.user)
            weights.place(heaviest.user, at: nil)
            weights.checkInvariants()
        }
        #expect(order == [1, 4, 2, 0])
        #expect(weights.heaviest(except: nil)?.user == 3)
        #expect(weights.heaviest(except: nil)?.weight == 5)
        #expect(weights.count == 1)
    }
}
