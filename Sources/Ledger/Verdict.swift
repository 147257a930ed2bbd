package import Policy

/// The ledger's answer to a stream that asks to be let in.
package enum Verdict: Sendable {
    case admitted(Admission)
    case refused(Refusal)
}

/// The stream is in. Whom it cost a place is already out of the ledger's counts; the caller
/// carries the news to the workers that own them.
package struct Admission: Sendable {
    package let id: StreamID
    /// `nil` when no policy governs the stream.
    package let policy: Policy?
    package let generation: UInt64
    /// Live streams of this user under this policy, this one included.
    package let count: Int
    /// The most there may be of them; `nil` is no limit.
    package let limit: Int?
    /// Streams that must close now: those of the user rule in the order in which they were chosen,
    /// then the one of the global rule.
    package let victims: [Victim]
    /// Under a policy that only observes: what `victims` would have been. Nothing happens to them.
    package let observed: [Victim]
    /// Under a policy that only observes: why the stream would have been refused.
    package let wouldRefuse: Refusal.Reason?
}

/// The newcomer must go. Nobody else is affected.
package struct Refusal: Sendable {
    package let reason: Reason
    /// `nil` when no policy governs the stream.
    package let policy: Policy?
    package let generation: UInt64
    /// Live streams that count for the limit that was reached.
    package let count: Int
    package let limit: Int
    /// For a budget that is empty, what is left of the cool-down.
    package let retryAfter: Duration?
    /// Present when an episode begins with this refusal.
    package let flap: Flap?

    /// Which limit was reached.
    package enum Reason: String, CaseIterable, Sendable {
        case userCap = "user_cap"
        case addressCap = "address_cap"
        case globalCap = "global_cap"
        /// Room could be made, but the user has had too many evictions.
        case budget = "eviction_budget"
        /// There is no free slot, and one that was evicted before takes no other.
        case standby
    }
}

/// A stream that has lost its place and must close.
package struct Victim: Sendable {
    package let id: StreamID
    /// The worker that carries the stream.
    package let owner: UInt32
    package let reason: CloseReason
    /// Why this one.
    package let choice: Choice
    package let facts: StreamFacts
    /// `nil` when no policy governs the stream.
    package let policy: Policy?
    package let generation: UInt64
    /// Live streams that count for the limit which the victim pays for, after the verdict.
    package let count: Int
    package let limit: Int?

    package var user: User { facts.user }
}

/// The end of a stream's record.
package struct Closed: Sendable {
    package let id: StreamID
    /// The ledger's own reason for a stream that it condemned, the caller's for any other.
    package let reason: CloseReason
    package let user: User
    /// `nil` when no policy governs the stream.
    package let policy: Policy?
    package let generation: UInt64
    /// Live streams of this user under this policy that are left.
    package let count: Int
    /// The most there may be of them; `nil` is no limit.
    package let limit: Int?
    package let admittedAt: Duration
    /// From admission to this close.
    package let lifetime: Duration
}

/// What a reload did to the live streams.
package struct Applied: Equatable, Sendable {
    /// Live streams, all of them matched anew.
    package let live: Int
    /// How many of them are governed by a policy of another name than before.
    package let moved: Int
    /// How many are above a limit now and will leave, one by one, through `tick`.
    package let surplus: Int
}
