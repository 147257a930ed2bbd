/// The ends of a list. What is between them stands in a `LinkTable`.
package struct LinkedList: Sendable {
    package fileprivate(set) var first: Int?
    package fileprivate(set) var last: Int?
    package fileprivate(set) var count = 0

    package init() {}

    package var isEmpty: Bool { count == 0 }
}

/// The links of lists over the slots of a slab. A slot is in one list of a table at most, so a
/// stream that is in three lists has its links in three tables.
///
/// Every operation is O(1), and none allocates once the table is as long as the slab.
package struct LinkTable: Sendable {
    private var links: [Link] = []

    package init() {}

    private struct Link {
        /// The neighbour in a list that has none on this side.
        static let end: Int32 = -1
        /// Both neighbours of a slot that is in no list.
        static let absent: Int32 = -2

        var previous = absent
        var next = absent
    }

    /// Takes every slot out of its list, and keeps the memory.
    mutating func removeAll() { links.removeAll(keepingCapacity: true) }

    package func contains(_ slot: Int) -> Bool {
        slot < links.count && links[slot].next != Link.absent
    }

    package func next(after slot: Int) -> Int? {
        neighbour(links[slot].next)
    }

    package func previous(before slot: Int) -> Int? {
        neighbour(links[slot].previous)
    }

    /// The slots of `list` from first to last.
    package func slots(of list: LinkedList) -> some Sequence<Int> {
        sequence(state: list.first) { next in
            let slot = next
            next = slot.flatMap { self.next(after: $0) }
            return slot
        }
    }

    package mutating func append(_ slot: Int, to list: inout LinkedList) {
        insert(slot, after: list.last, in: &list)
    }

    /// Puts `slot` behind `place`, or first when there is none.
    package mutating func insert(_ slot: Int, after place: Int?, in list: inout LinkedList) {
        precondition(!contains(slot), "Slot \(slot) is in a list already.")
        while links.count <= slot { links.append(Link()) }
        let follower = if let place { next(after: place) } else { list.first }
        links[slot] = Link(previous: packed(place), next: packed(follower))
        if let place { links[place].next = Int32(slot) } else { list.first = slot }
        if let follower { links[follower].previous = Int32(slot) } else { list.last = slot }
        list.count += 1
    }

    package mutating func remove(_ slot: Int, from list: inout LinkedList) {
        precondition(contains(slot), "Slot \(slot) is in no list.")
        let (previous, next) = (previous(before: slot), next(after: slot))
        if let previous { links[previous].next = packed(next) } else { list.first = next }
        if let next { links[next].previous = packed(previous) } else { list.last = previous }
        links[slot] = Link()
        list.count -= 1
    }

    package mutating func moveToEnd(_ slot: Int, of list: inout LinkedList) {
        remove(slot, from: &list)
        append(slot, to: &list)
    }

    private func neighbour(_ link: Int32) -> Int? {
        link == Link.end ? nil : Int(link)
    }

    private func packed(_ slot: Int?) -> Int32 {
        slot.map { Int32($0) } ?? Link.end
    }
}
