import Policy
import Reactor
import Settings

/// How fast clients come back. The rates are the process's: whatever other workers have sent away
/// counts here too.
extension Worker {
    /// How fast requests for streams go to the gateway, so also how fast clients come back.
    private var streamsPerSecond: Double {
        Double(running.settings.gateway.streamsPerSecond)
    }

    /// Counts a stream of `user` that ends: over how long its client, with those of other users that
    /// have just ended as well, should come back.
    func countClose(of user: User) -> Duration {
        shared.pacing.countClose(of: user, now: reactor.sharedNow, rate: streamsPerSecond)
    }

    /// Milliseconds from `base` on, over half of it or over `spread`, whichever is longer.
    func jittered(_ base: Duration, over spread: Duration) -> Int {
        let extra = max(base / 2, spread) * Double.random(in: 0...1)
        return Int(((base + extra) / .milliseconds(1)).rounded())
    }

    /// How long an evicted client of `user` waits, in milliseconds: by half longer in every round, up
    /// to a limit, before jitter.
    func evictedRetry(round: Int, of user: User) -> Int {
        let streams = running.settings.streams
        var base = streams.evictedRetry
        for _ in 0..<min(round, 64) where base < streams.evictedRetryMax { base = base * 3 / 2 }
        let spread = shared.pacing.spread(for: user, now: reactor.sharedNow, rate: streamsPerSecond)
        return jittered(min(base, streams.evictedRetryMax), over: spread)
    }
}
