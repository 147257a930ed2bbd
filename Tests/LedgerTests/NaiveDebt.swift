@testable import Ledger
@testable import Policy

/// What a user of the naive ledger owes. It is never dropped.
struct NaiveDebt {
    private var budget: Policy.EvictionBudget?
    private var paidUntil = Duration.zero
    private(set) var evictions = 0
    private var episode: Episode?

    private struct Episode {
        var refusals = 0
        var coolDown: Duration
        var coolUntil: Duration
    }

    var hasEpisode: Bool { episode != nil }

    /// Whether an eviction is refused, for how long, and whether an episode begins with it.
    mutating func refuse(
        _ budget: Policy.EvictionBudget, now: Duration, chance: Double
    ) -> (wait: Duration, isNew: Bool)? {
        if var old = episode, now < old.coolUntil {
            old.refusals += 1
            episode = old
            return (old.coolUntil - now, false)
        }
        let wait = paidUntil - budget.refill * (budget.burst - 1) - now
        guard wait > .zero else { return nil }
        var coolDown = max(wait, budget.refill)
        if let episode, now < episode.coolUntil + episode.coolDown {
            coolDown = max(coolDown, min(episode.coolDown * 2, .seconds(600)))
        }
        let coolUntil = now + max(wait, coolDown * (0.5 + chance))
        let isNew = episode == nil
        episode = Episode(
            refusals: (episode?.refusals ?? 0) + 1, coolDown: coolDown, coolUntil: coolUntil)
        paidUntil = max(paidUntil, coolUntil + budget.refill * (budget.burst - 1))
        return (coolUntil - now, isNew)
    }

    /// Another budget than before is another coin.
    mutating func adopt(_ budget: Policy.EvictionBudget, now: Duration) {
        defer { self.budget = budget }
        guard let old = self.budget, old != budget else { return }
        paidUntil = min(paidUntil, now)
        episode?.coolDown = budget.refill
        if let coolUntil = episode?.coolUntil { episode?.coolUntil = min(coolUntil, now) }
    }

    mutating func charge(_ budget: Policy.EvictionBudget, now: Duration) {
        if paidUntil <= now, episode == nil { evictions = 0 }
        evictions += 1
        paidUntil = max(paidUntil, now) + budget.refill
    }

    mutating func refund(_ budget: Policy.EvictionBudget, now: Duration) {
        paidUntil = max(paidUntil - budget.refill, min(paidUntil, now))
    }

    /// Evictions and refusals of the episode if it is over.
    func counts(endedBy now: Duration) -> [Int]? {
        episode.flatMap { $0.coolUntil + $0.coolDown <= now ? [evictions, $0.refusals] : nil }
    }

    mutating func forgetEpisode() {
        episode = nil
        evictions = 0
    }
}
