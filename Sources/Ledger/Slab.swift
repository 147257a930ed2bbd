/// Elements in numbered slots. A slot keeps its number while it is taken, and is used again after.
///
/// It never shrinks: it holds as many slots as were ever taken at one time.
struct Slab<Element: Sendable>: Sendable {
    private var elements: [Element?] = []
    private var vacant: [Int] = []

    var count: Int { elements.count - vacant.count }

    /// The most elements there ever were at one time.
    var capacity: Int { elements.count }

    /// The numbers of the taken slots, in no meaningful order.
    var slots: some Sequence<Int> {
        elements.indices.lazy.filter { elements[$0] != nil }
    }

    subscript(slot: Int) -> Element {
        get {
            guard let element = elements[slot] else {
                preconditionFailure("Slot \(slot) is vacant.")
            }
            return element
        }
        set {
            precondition(elements[slot] != nil, "Slot \(slot) is vacant.")
            elements[slot] = newValue
        }
    }

    /// Takes a slot for `element` and says which.
    mutating func insert(_ element: Element) -> Int {
        if let slot = vacant.popLast() {
            elements[slot] = element
            return slot
        }
        elements.append(element)
        return elements.count - 1
    }

    mutating func remove(_ slot: Int) {
        precondition(elements[slot] != nil, "Slot \(slot) is vacant.")
        elements[slot] = nil
        vacant.append(slot)
    }
}
