/// The tokens that the gateway has accepted of late, by a keyed hash of token and user. Whoever brings
/// one is known and goes first (`AdmissionQueue`): for a bounded number of streams at a time, so that
/// no single one takes the place of all others.
///
/// Only an event stream proves acceptance. A page that the gateway shows to everybody says nothing
/// about the token that came with the request.
package struct AcceptedTokens: Sendable {
    /// When all the turns that the token has taken will have come back to it.
    private var fullAgain: RecentTable<Duration>

    /// How many tokens are remembered; the oldest are forgotten.
    package static let capacity = 32_768
    /// How many streams one token may open ahead of strangers at once, and after how long it may open
    /// one more.
    package static let turnsMax = 100
    package static let turnPeriod = Duration.milliseconds(100)

    package init(capacity: Int = AcceptedTokens.capacity) {
        fullAgain = RecentTable(capacity: capacity, filler: .zero)
    }

    package func contains(_ key: UInt64) -> Bool { fullAgain.value(of: key) != nil }

    /// The gateway has accepted the token, now or until now.
    package mutating func insert(_ key: UInt64, now: Duration) {
        fullAgain.put(fullAgain.value(of: key) ?? now, for: key)
    }

    /// The gateway accepts it no longer.
    package mutating func remove(_ key: UInt64) { fullAgain.remove(key) }

    /// Whether the token is known and may go first this time.
    package mutating func takeTurn(_ key: UInt64, now: Duration) -> Bool {
        guard let time = fullAgain.value(of: key) else { return false }
        let next = max(time, now) + Self.turnPeriod
        guard next - now <= Self.turnPeriod * Self.turnsMax else { return false }
        fullAgain.put(next, for: key)
        return true
    }
}
