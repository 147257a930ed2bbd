/// What was seen of late, by key, in a memory that never grows: rows of a few places each, in each
/// row the latest first. A row that is full forgets its oldest.
///
/// Every operation looks at one row and allocates nothing. Keys are keyed hashes, so that nobody can
/// aim at a row; two that are the same by chance are taken for one.
package struct RecentTable<Value: BitwiseCopyable & Sendable>: Sendable {
    private struct Entry {
        /// 0 is a place that is free.
        var key: UInt64
        var value: Value
    }

    private var entries: [Entry]
    private let rowMask: Int
    private let vacant: Entry

    /// How many places a row has.
    package static var ways: Int { 8 }

    /// `capacity` is rounded up to a power of two. `filler` stands where nothing stands.
    package init(capacity: Int, filler: Value) {
        var rows = 1
        while rows * Self.ways < capacity { rows *= 2 }
        rowMask = rows - 1
        vacant = Entry(key: 0, value: filler)
        entries = Array(repeating: vacant, count: rows * Self.ways)
    }

    package var capacity: Int { entries.count }

    /// What was last put under `key`, unless it is forgotten by now.
    package func value(of key: UInt64) -> Value? {
        place(of: Self.stored(key)).map { entries[$0].value }
    }

    /// Puts `value` under `key`, as the latest of its row.
    package mutating func put(_ value: Value, for key: UInt64) {
        let key = Self.stored(key)
        let first = row(of: key)
        var free = place(of: key) ?? first + Self.ways - 1
        while free > first {
            entries[free] = entries[free - 1]
            free -= 1
        }
        entries[first] = Entry(key: key, value: value)
    }

    package mutating func remove(_ key: UInt64) {
        let key = Self.stored(key)
        guard var place = place(of: key) else { return }
        let last = row(of: key) + Self.ways - 1
        while place < last {
            entries[place] = entries[place + 1]
            place += 1
        }
        entries[last] = vacant
    }

    private static func stored(_ key: UInt64) -> UInt64 { key == 0 ? 1 : key }

    private func row(of key: UInt64) -> Int {
        Int(truncatingIfNeeded: key) & rowMask &* Self.ways
    }

    private func place(of key: UInt64) -> Int? {
        let first = row(of: key)
        return (first..<first + Self.ways).first { entries[$0].key == key }
    }
}
