import Policy

/// What one user owes for the evictions it has caused under one policy.
///
/// The debt is one point in time (the generic cell rate algorithm): each eviction moves it on by
/// the budget's `refill`, and may do so while it is at most `burst - 1` of them ahead.
struct Account: Sendable {
    let key: Key
    /// By which it was charged last.
    private(set) var budget: Policy.EvictionBudget
    /// When everything is paid.
    var paidUntil: Duration
    /// Evictions charged since nothing was owed last.
    var evictions = 0
    /// Present from the refusal that begins an episode until its end is told.
    var episode: Episode?

    /// Whose account it is, under the policy of that name, or under none.
    struct Key: Hashable, Sendable {
        let user: User
        let policy: String?
    }

    init(_ key: Key, budget: Policy.EvictionBudget, now: Duration) {
        self.key = key
        self.budget = budget
        paidUntil = now
    }

    /// A reload may have changed the budget. Then the user starts afresh: a debt in the old coin
    /// says nothing in the new one.
    mutating func adopt(_ budget: Policy.EvictionBudget, now: Duration) {
        guard budget != self.budget else { return }
        self.budget = budget
        paidUntil = now
        guard let episode else { return }
        self.episode?.coolDown = budget.refill
        self.episode?.coolUntil = min(episode.coolUntil, now)
    }

    /// A time of too many evictions.
    struct Episode: Sendable {
        let policy: Policy?
        let generation: UInt64
        let begin: Duration
        var refusals = 0
        /// Doubled each time the budget is empty again.
        var coolDown: Duration
        /// Until then no eviction is allowed.
        var coolUntil: Duration

        /// From then on the episode is over, if nobody was refused in between.
        var rest: Duration { coolUntil + coolDown }
    }

    /// The longest that doubling makes a cool-down.
    static let coolDownMax = Duration.seconds(600)

    func isPaid(_ now: Duration) -> Bool { paidUntil <= now && episode == nil }

    /// How long until the next eviction is allowed; zero when it is now.
    func wait(under budget: Policy.EvictionBudget, now: Duration) -> Duration {
        let owed = max(paidUntil - now - budget.refill * (budget.burst - 1), .zero)
        return max(owed, episode.map { $0.coolUntil - now } ?? .zero)
    }

    mutating func charge(_ budget: Policy.EvictionBudget, now: Duration) {
        if isPaid(now) { evictions = 0 }
        paidUntil = max(paidUntil, now) + budget.refill
        evictions += 1
    }

    mutating func refund(_ budget: Policy.EvictionBudget, now: Duration) {
        guard paidUntil > now else { return }
        paidUntil = max(paidUntil - budget.refill, now)
    }

    /// Notes a refusal and gives what is left of the cool-down. `wait` is the answer of the
    /// function of that name; `chance` from 0 up to 1 moves the end of a new cool-down.
    mutating func refuse(
        for wait: Duration, under policy: Policy?, generation: UInt64,
        budget: Policy.EvictionBudget, now: Duration, chance: Double
    ) -> Duration {
        let isCooling = episode.map { now < $0.coolUntil } ?? false
        if !isCooling {
            let shortest = max(budget.refill, wait)
            let coolDown: Duration =
                if let episode, now < episode.rest {
                    max(shortest, min(episode.coolDown * 2, Self.coolDownMax))
                } else {
                    shortest
                }
            let coolUntil = now + max(wait, coolDown * (0.5 + chance))
            episode =
                episode
                ?? Episode(
                    policy: policy, generation: generation, begin: now, coolDown: coolDown,
                    coolUntil: coolUntil)
            episode?.coolDown = coolDown
            episode?.coolUntil = coolUntil
            // The time of a cool-down earns one eviction, not all that its length would give:
            // otherwise a war would go on at the pace of the refill.
            paidUntil = max(paidUntil, coolUntil + budget.refill * (budget.burst - 1))
        }
        episode?.refusals += 1
        return (episode?.coolUntil ?? now) - now
    }

    /// What is told of the episode, `nil` when there is none.
    var flap: Flap? {
        episode.map {
            Flap(
                user: key.user, policy: $0.policy, generation: $0.generation, begin: $0.begin,
                evictions: evictions, refusals: $0.refusals, coolDown: $0.coolDown,
                end: $0.rest)
        }
    }
}
