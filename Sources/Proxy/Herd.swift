/// How many clients have been sent away together, and so over how long a time they should come
/// back: as fast as the gateway is meant to get new streams, and no faster.
///
/// A leaky bucket: each close fills it, and it runs out at the rate of admission.
struct Herd {
    private var level = 0.0
    private var lastClose = Duration.zero

    /// The time over which those who are under way still come back; `rate` of them per second.
    func spread(at now: Duration, rate: Double) -> Duration {
        .seconds(level(at: now, rate: rate) / rate)
    }

    private func level(at now: Duration, rate: Double) -> Double {
        max(level - max((now - lastClose) / .seconds(1), 0) * rate, 0)
    }

    /// Counts one close more.
    /// `rate` is how many may come back per second.
    ///
    /// - Returns: the time over which this one's client should be spread.
    mutating func count(at now: Duration, rate: Double) -> Duration {
        level = level(at: now, rate: rate) + 1
        lastClose = now
        return .seconds(level / rate)
    }
}
