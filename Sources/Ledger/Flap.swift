package import Policy

/// An episode in which a user's clients kept evicting each other, until the budget was empty.
package struct Flap: Sendable {
    package let user: User
    /// The policy under which the budget ran out; `nil` when none governed.
    package let policy: Policy?
    /// The policies of that moment.
    package let generation: UInt64
    /// The first refusal of the episode.
    package let begin: Duration
    /// Evictions that were charged, those that emptied the budget included.
    package let evictions: Int
    /// Newcomers that were refused because of the budget.
    package let refusals: Int
    /// How long evictions were refused when the budget was empty last, before jitter.
    package let coolDown: Duration
    /// When it comes to rest if nobody is refused until then, or did.
    package let end: Duration
}
