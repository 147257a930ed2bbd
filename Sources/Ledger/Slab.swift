/// Elements in numbered slots. A slot keeps its number while it is taken, and is used again after.
///
/// It never shrinks: it holds as many slots as were ever taken at one time.
package struct Slab<Element: Sendable>: Sendable {
    private var elements: [Element?] = []
    private var vacant: [Int] = []

    package init() {}

    package var count: Int { elements.count - vacant.count }

    /// The most elements there ever were at one time.
    package var capacity: Int { elements.count }

    /// The numbers of the taken slots, in no meaningful order.
    package var slots: some Sequence<Int> {
        elements.indices.lazy.filter { elements[$0] != nil }
    }

    // swift-format-ignore: NeverForceUnwrap
    package subscript(slot: Int) -> Element {
        // Lent and not copied: a record holds a dozen references. `!` stops the program at a vacant
        // slot as a precondition would, and is the one way to lend what is inside an optional.
        _read { yield elements[slot]! }
        _modify { yield &elements[slot]! }
    }

    /// Whether the slot is taken.
    package func contains(_ slot: Int) -> Bool {
        elements.indices.contains(slot) && elements[slot] != nil
    }

    /// Takes a slot for `element` and says which.
    package mutating func insert(_ element: Element) -> Int {
        if let slot = vacant.popLast() {
            elements[slot] = element
            return slot
        }
        elements.append(element)
        return elements.count - 1
    }

    /// Vacates every slot, and keeps the memory for as many again.
    mutating func removeAll() {
        elements.removeAll(keepingCapacity: true)
        vacant.removeAll(keepingCapacity: true)
    }

    package mutating func remove(_ slot: Int) {
        precondition(elements[slot] != nil, "Slot \(slot) is vacant.")
        elements[slot] = nil
        vacant.append(slot)
    }
}
