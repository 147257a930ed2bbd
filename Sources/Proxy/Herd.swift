/// How many clients have been sent away together, and so over how long a time they should come
/// back: as fast as the gateway is meant to get new streams, and no faster.
///
/// A leaky bucket: each close fills it, and it runs out at the rate of admission.
struct Herd {
    private var level = 0.0
    private var lastClose = Duration.zero

    /// The time over which those are spread that have been counted, as of the last one.
    func spread(_ rate: Double) -> Duration { .seconds(level / rate) }

    /// Counts one close more.
    /// `rate` is how many may come back per second.
    ///
    /// - Returns: the time over which this one's client should be spread.
    mutating func count(at now: Duration, rate: Double) -> Duration {
        let drained = (now - lastClose) / .seconds(1) * rate
        level = max(level - max(drained, 0), 0) + 1
        lastClose = now
        return spread(rate)
    }
}
