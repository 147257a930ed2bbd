/// The tokens that the gateway has accepted of late, by a keyed hash of token and user. Whoever brings
/// one is known and goes first (`AdmissionQueue`): each user for a bounded number of streams at a time,
/// by however many tokens, so that no single one takes the place of all others.
///
/// Only an event stream proves acceptance. A page that the gateway shows to everybody says nothing
/// about the token that came with the request.
package struct AcceptedTokens: Sendable {
    private var known: RecentTable<UInt8>
    /// When all the turns that the user has taken will have come back to that user.
    private var fullAgain: RecentTable<Duration>

    /// How many tokens are remembered; the oldest are forgotten.
    package static let capacity = 32_768
    /// How many streams one user may open ahead of strangers at once, and after how long one more.
    package static let turnsMax = 100
    package static let turnPeriod = Duration.milliseconds(100)

    package init(capacity: Int = AcceptedTokens.capacity) {
        known = RecentTable(capacity: capacity, filler: 0)
        fullAgain = RecentTable(capacity: capacity, filler: .zero)
    }

    package func contains(_ key: UInt64) -> Bool { known.value(of: key) != nil }

    /// The gateway has accepted the token, now or until now.
    package mutating func insert(_ key: UInt64) { known.put(0, for: key) }

    /// The gateway accepts it no longer.
    package mutating func remove(_ key: UInt64) { known.remove(key) }

    /// Whether the token is known and its user may go first this time.
    package mutating func takeTurn(_ key: UInt64, of user: UInt64, now: Duration) -> Bool {
        guard contains(key) else { return false }
        let next = max(fullAgain.value(of: user) ?? now, now) + Self.turnPeriod
        guard next - now <= Self.turnPeriod * Self.turnsMax else { return false }
        fullAgain.put(next, for: user)
        return true
    }
}
