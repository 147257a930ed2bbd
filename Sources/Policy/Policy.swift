/// One named rule set. The first policy of a `PolicySet` whose match fits a stream governs it.
///
/// A class, because every live stream refers to the policy that governs it and none owns it.
package final class Policy: Sendable {
    package let name: String
    package let match: Match
    /// Live streams of one user under this policy; `nil` is no limit.
    package let maxStreamsPerUser: Int?
    /// Live streams of one client address, for streams without a token; `nil` is no limit. An
    /// address is no identity, so at this limit the newcomer is refused and nobody evicted.
    package let maxStreamsPerAddress: Int?
    package let onExcess: Excess
    package let idleTimeout: Duration?
    package let idleClock: IdleClock
    package let heartbeats: [Heartbeat]
    /// Before jitter of plus or minus ten percent.
    package let maxAge: Duration?
    package let afterEviction: AfterEviction
    package let mode: Mode
    /// Streams of these methods may be closed to make room; all others are only ever refused.
    package let evictableMethods: Set<String>

    /// What happens to a stream above `maxStreamsPerUser`.
    package enum Excess: String, CaseIterable, Sendable {
        case closeOldest = "close_oldest"
        case rejectNewest = "reject_newest"
    }

    /// What counts as life on a stream. Each one is stricter than the one before.
    package enum IdleClock: String, CaseIterable, Sendable {
        /// Any byte.
        case bytes
        /// Comments do not count.
        case frames
        /// Comments and heartbeats do not count.
        case events
    }

    /// An event that says no more than "still here".
    package struct Heartbeat: Equatable, Sendable {
        /// The event's name; `nil` fits any.
        package let event: String?
        /// Text that stands in the event's data; `nil` fits any.
        package let dataContains: String?

        package init(event: String?, dataContains: String?) {
            self.event = event
            self.dataContains = dataContains
        }
    }

    /// What an evicted native EventSource is told when it comes back.
    package enum AfterEviction: String, CaseIterable, Sendable {
        case standby, stop
    }

    /// Whether verdicts are carried out or only logged.
    package enum Mode: String, CaseIterable, Sendable {
        case enforce, observe
    }

    package init(
        name: String, match: Match, maxStreamsPerUser: Int?, maxStreamsPerAddress: Int?,
        onExcess: Excess, idleTimeout: Duration?, idleClock: IdleClock, heartbeats: [Heartbeat],
        maxAge: Duration?, afterEviction: AfterEviction, mode: Mode, evictableMethods: Set<String>
    ) {
        self.name = name
        self.match = match
        self.maxStreamsPerUser = maxStreamsPerUser
        self.maxStreamsPerAddress = maxStreamsPerAddress
        self.onExcess = onExcess
        self.idleTimeout = idleTimeout
        self.idleClock = idleClock
        self.heartbeats = heartbeats
        self.maxAge = maxAge
        self.afterEviction = afterEviction
        self.mode = mode
        self.evictableMethods = evictableMethods
    }
}
