internal import Glibc

/// The system's clocks. Only the reactor reads them, once per turn; everybody else is handed time.
package enum Clock {
    /// Since an arbitrary point, never jumping.
    package static func monotonic() -> Duration {
        let time = read(CLOCK_MONOTONIC)
        return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }

    /// The time of day: seconds since 1970 UTC, and nanoseconds. Only logs want it.
    package static func timeOfDay() -> (seconds: Int64, nanoseconds: Int32) {
        let time = read(CLOCK_REALTIME)
        return (Int64(time.tv_sec), Int32(time.tv_nsec))
    }

    /// Lets the calling thread sleep. Never on a reactor.
    package static func pause(_ duration: Duration) {
        _ = usleep(UInt32(clamping: duration.wholeMilliseconds * 1000))
    }

    private static func read(_ clock: clockid_t) -> timespec {
        var time = timespec()
        // SAFETY: the kernel fills the structure it is lent.
        _ = unsafe clock_gettime(clock, &time)
        return time
    }
}
