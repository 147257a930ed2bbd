/// Somebody who asked to be woken.
package protocol TimerHandler: AnyObject {
    /// The time asked for has come. Answers when to be woken next, `nil` for never.
    ///
    /// Lazy re-arming lives here: activity only stores a time, and the handler answers with the
    /// deadline that follows from it.
    func timerFired(now: Duration) -> Duration?
}

/// Names one timer of a wheel. Stale once the timer has ended.
package struct TimerID: Equatable, Sendable {
    let index: Int32
    let generation: UInt32
}

/// A hashed timing wheel: arming, moving and ending a timer are O(1).
///
/// Terms: a *tick* is 16 ms; a bucket holds the timers whose tick is its number modulo the number of
/// buckets. A timer further away than one revolution (65 s) is looked at once per revolution.
/// Timers fire at their deadline or up to one tick later, never before.
///
/// Invariants: a live entry stands in exactly the bucket of its `tick`; a bit of `occupied` is set
/// exactly while its bucket is not empty; no live entry's tick is behind `currentTick`.
package struct TimerWheel: ~Copyable {
    private struct Entry {
        var handler: (any TimerHandler)?
        var deadline: Duration = .zero
        var tick: Int64 = 0
        var next: Int32 = none
        var previous: Int32 = none
        var generation: UInt32 = 0
    }

    private static let none: Int32 = -1
    private static let bucketCount = 4096
    private static let tickMilliseconds: Int64 = 16

    private var entries: [Entry] = []
    private var free: Int32 = none
    private var buckets = [Int32](repeating: none, count: bucketCount)
    private var occupied = [UInt64](repeating: 0, count: bucketCount / 64)
    /// Every tick before this one has been looked at.
    private var currentTick: Int64
    package private(set) var count = 0

    package init(now: Duration) {
        currentTick = now.wholeMilliseconds / Self.tickMilliseconds
    }

    /// Wakes `handler` at `deadline`.
    package mutating func schedule(_ handler: any TimerHandler, at deadline: Duration) -> TimerID {
        let index = takeEntry()
        entries[Int(index)].handler = handler
        place(index, deadline: deadline)
        count += 1
        return TimerID(index: index, generation: entries[Int(index)].generation)
    }

    /// Makes sure the timer fires no later than `deadline`. A later one costs nothing: the handler
    /// will say so when it is woken.
    package mutating func hasten(_ id: TimerID, to deadline: Duration) {
        guard isLive(id), deadline < entries[Int(id.index)].deadline else { return }
        unlink(id.index)
        place(id.index, deadline: deadline)
    }

    /// Ends the timer. One that has ended already is none of our business.
    package mutating func cancel(_ id: TimerID) {
        guard isLive(id) else { return }
        unlink(id.index)
        end(id.index)
    }

    /// The next moment at which a bucket wants a look, `nil` without timers.
    package func nextLook() -> Duration? {
        guard count > 0 else { return nil }
        let start = bucket(of: currentTick)
        for step in 0...occupied.count {
            let word = (start / 64 + step) % occupied.count
            var bits = occupied[word]
            if step == 0 { bits &= ~0 << UInt64(start % 64) }
            if step == occupied.count { bits &= (1 << UInt64(start % 64)) - 1 }
            guard bits != 0 else { continue }
            let found = word * 64 + bits.trailingZeroBitCount
            let distance = (found - start + Self.bucketCount) % Self.bucketCount
            return .milliseconds((currentTick + Int64(distance) + 1) * Self.tickMilliseconds)
        }
        return nil
    }

    /// A timer whose deadline has come, and who waits for it.
    package struct Due {
        package let id: TimerID
        package let handler: any TimerHandler
    }

    /// All timers whose deadline has come. Each is to be settled, unless it has ended meanwhile.
    package mutating func takeDue(now: Duration) -> [Due] {
        let nowTick = now.wholeMilliseconds / Self.tickMilliseconds
        guard nowTick > currentTick else { return [] }
        var due: [Due] = []
        // A jump of more than a revolution looks at each bucket once.
        for tick in max(currentTick, nowTick - Int64(Self.bucketCount))..<nowTick {
            collectDue(bucket: bucket(of: tick), before: nowTick, into: &due)
        }
        currentTick = nowTick
        return due
    }

    /// Gives a due timer its next deadline, or ends it.
    package mutating func settle(_ id: TimerID, next deadline: Duration?) {
        guard isLive(id) else { return }
        unlink(id.index)
        if let deadline {
            place(id.index, deadline: deadline)
        } else {
            end(id.index)
        }
    }

    private func collectDue(bucket: Int, before nowTick: Int64, into due: inout [Due]) {
        var index = buckets[bucket]
        while index != Self.none {
            let entry = entries[Int(index)]
            if entry.tick < nowTick, let handler = entry.handler {
                let id = TimerID(index: index, generation: entry.generation)
                due.append(Due(id: id, handler: handler))
            }
            index = entry.next
        }
    }

    /// Whether the timer has not ended.
    package func isLive(_ id: TimerID) -> Bool {
        entries.indices.contains(Int(id.index))
            && entries[Int(id.index)].generation == id.generation
            && entries[Int(id.index)].handler != nil
    }

    private func bucket(of tick: Int64) -> Int { Int(tick % Int64(Self.bucketCount)) }

    private mutating func takeEntry() -> Int32 {
        guard free != Self.none else {
            entries.append(Entry())
            return Int32(entries.count - 1)
        }
        let index = free
        free = entries[Int(index)].next
        return index
    }

    private mutating func place(_ index: Int32, deadline: Duration) {
        let tick = max(deadline.wholeMilliseconds / Self.tickMilliseconds, currentTick)
        let bucket = bucket(of: tick)
        let head = buckets[bucket]
        entries[Int(index)].deadline = deadline
        entries[Int(index)].tick = tick
        entries[Int(index)].previous = Self.none
        entries[Int(index)].next = head
        if head != Self.none { entries[Int(head)].previous = index }
        buckets[bucket] = index
        occupied[bucket / 64] |= 1 << UInt64(bucket % 64)
    }

    private mutating func unlink(_ index: Int32) {
        let entry = entries[Int(index)]
        let bucket = bucket(of: entry.tick)
        if entry.previous != Self.none {
            entries[Int(entry.previous)].next = entry.next
        } else {
            buckets[bucket] = entry.next
            if entry.next == Self.none { occupied[bucket / 64] &= ~(1 << UInt64(bucket % 64)) }
        }
        if entry.next != Self.none { entries[Int(entry.next)].previous = entry.previous }
    }

    private mutating func end(_ index: Int32) {
        entries[Int(index)].handler = nil
        entries[Int(index)].generation &+= 1
        entries[Int(index)].next = free
        free = index
        count -= 1
    }
}

extension Duration {
    /// Rounded down.
    package var wholeMilliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
