/// Over how long a time those who have been sent away together should come back: as fast as the gateway
/// is meant to get new streams, and no faster.
///
/// Two leaky buckets that run out at the rate of admission. One is everybody's and counts users: a
/// user who is in it already adds nothing, so nobody's short streams send others away for longer. The
/// other is each user's own and counts the streams of that user, and makes only that user wait.
package struct ReconnectSpread: Sendable {
    private struct Entry: BitwiseCopyable, Sendable {
        /// Which user of all it is.
        var number: Double
        /// How many streams of the user are on their way back, when the last was counted.
        var streams: Double
        var countedAt: Duration
    }

    /// Users counted so far, and how many of them have come back.
    private var counted = 0.0
    private var returned = 0.0
    private var lastLook = Duration.zero
    private var users: RecentTable<Entry>

    /// How many users are known again while they are on their way. Beyond that many, one may be
    /// counted twice.
    package static let capacity = 8192

    package init(capacity: Int = ReconnectSpread.capacity) {
        let nobody = Entry(number: 0, streams: 0, countedAt: .zero)
        users = RecentTable(capacity: capacity, filler: nobody)
    }

    /// Counts one stream that ends, of `user`; `rate` is how many may come back per second.
    ///
    /// - Returns: the time over which its client should be spread.
    package mutating func count(_ user: UInt64, at now: Duration, rate: Double) -> Duration {
        drain(until: now, rate: rate)
        var entry =
            users.value(of: user) ?? Entry(number: returned, streams: 0, countedAt: now)
        if entry.number <= returned {
            counted += 1
            entry.number = counted
        }
        entry.streams = ownStreams(entry, at: now, rate: rate) + 1
        entry.countedAt = max(entry.countedAt, now)
        users.put(entry, for: user)
        return .seconds(max(counted - returned, entry.streams) / rate)
    }

    /// The same without counting anything.
    package mutating func spread(for user: UInt64, at now: Duration, rate: Double) -> Duration {
        drain(until: now, rate: rate)
        let own = users.value(of: user).map { ownStreams($0, at: now, rate: rate) } ?? 0
        return .seconds(max(counted - returned, own) / rate)
    }

    private mutating func drain(until now: Duration, rate: Double) {
        guard now > lastLook else { return }
        returned = min(returned + (now - lastLook) / .seconds(1) * rate, counted)
        lastLook = now
    }

    private func ownStreams(_ entry: Entry, at now: Duration, rate: Double) -> Double {
        max(entry.streams - max((now - entry.countedAt) / .seconds(1), 0) * rate, 0)
    }
}
