import Ledger

/// Rows of requests that wait. The rows take turns, however long each of them is.
///
/// Invariant: no row is empty, each has one place in the order of turns, and `lengths` knows how long
/// each is.
struct AdmissionLane: Sendable {
    private struct Line: Sendable {
        let key: UInt64
        /// First come, first served.
        var waiters = LinkedList()
    }

    private var lines = Slab<Line>()
    private var lineOfKey: [UInt64: Int] = [:]
    private var turns = LinkedList()
    private var turnLinks = LinkTable()
    private var waiterLinks = LinkTable()
    private var lengths = WeightBuckets()
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }
    /// How many rows there are.
    var lineCount: Int { lines.count }

    func length(of key: UInt64) -> Int {
        lineOfKey[key].map { lines[$0].waiters.count } ?? 0
    }

    /// The length of the longest row.
    var longest: Int { lengths.heaviest(except: nil)?.weight ?? 0 }

    /// Who has come last to the longest row.
    var newestOfLongest: Int? {
        lengths.heaviest(except: nil).flatMap { lines[$0.user].waiters.last }
    }

    /// Puts a waiter at the end of its row.
    ///
    /// - Returns: the row's number.
    mutating func append(_ waiter: Int, to key: UInt64) -> Int {
        let line = lineOfKey[key] ?? open(key)
        waiterLinks.append(waiter, to: &lines[line].waiters)
        lengths.place(line, at: lines[line].waiters.count)
        count += 1
        return line
    }

    mutating func remove(_ waiter: Int, from line: Int) {
        waiterLinks.remove(waiter, from: &lines[line].waiters)
        count -= 1
        let length = lines[line].waiters.count
        lengths.place(line, at: length > 0 ? length : nil)
        if length == 0 { close(line) }
    }

    /// Who is next. The row's turn is over then.
    mutating func next() -> Int? {
        guard let line = turns.first else { return nil }
        turnLinks.moveToEnd(line, of: &turns)
        return lines[line].waiters.first
    }

    private mutating func open(_ key: UInt64) -> Int {
        let line = lines.insert(Line(key: key))
        lineOfKey[key] = line
        turnLinks.append(line, to: &turns)
        return line
    }

    private mutating func close(_ line: Int) {
        lineOfKey[lines[line].key] = nil
        turnLinks.remove(line, from: &turns)
        lines.remove(line)
    }
}
