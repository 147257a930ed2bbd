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
    /// How often the streams of one user may replace each other; `nil` is no limit.
    package let evictionBudget: EvictionBudget?
    package let idleTimeout: Duration?
    package let idleClock: IdleClock
    package let heartbeats: [Heartbeat]
    /// Before jitter of plus or minus ten percent.
    package let maxAge: Duration?
    /// Whether a stream ends when the `exp` claim of its accepted token passes.
    package let endsWithToken: Bool
    /// After how much silence towards the client a comment is put at an event boundary. It never
    /// counts as life. `nil` puts none.
    package let keepAlive: Duration?
    package let afterEviction: AfterEviction
    package let clients: ClientKind
    package let mode: Mode
    /// Streams of these methods may be closed to make room; all others are only ever refused.
    package let evictableMethods: Set<String>
    /// Whether its streams are work that somebody waits for: none is closed to make room, whatever
    /// its method, and a request that the policy governs asks for one.
    package let isWork: Bool
    /// When a newcomer that one of the limits has turned away is told to come back; `nil` leaves it
    /// to the kind of the stream.
    package let retryAfter: ClosedRange<Duration>?

    /// What happens to a stream above `maxStreamsPerUser`.
    package enum Excess: String, CaseIterable, Sendable {
        case closeOldest = "close_oldest"
        /// The one whose last event, heartbeats aside, is longest ago.
        case closeIdlest = "close_idlest"
        case rejectNewest = "reject_newest"
    }

    /// A token bucket of evictions for each user. An empty one refuses newcomers instead.
    package struct EvictionBudget: Equatable, Sendable {
        /// At least 1: how many evictions a full bucket holds.
        package let burst: Int
        /// More than zero: the time in which one eviction comes back.
        package let refill: Duration

        /// A page that opens five streams at once is no war.
        package static let standard = EvictionBudget(burst: 10, refill: .seconds(30))

        package init(burst: Int, refill: Duration) {
            self.burst = burst
            self.refill = refill
        }
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

    /// What an evicted client is told when it comes back by itself.
    package enum AfterEviction: String, CaseIterable, Sendable {
        /// To wait, and ask again, until a slot is free.
        case standby
        /// To stay away.
        case stop
        /// Nothing: it gets no tombstone and brings none that counts, so it is a newcomer.
        case nothing
    }

    /// What kind of client has the streams, and so what an evicted one understands.
    package enum ClientKind: String, CaseIterable, Sendable {
        /// The request tells.
        case auto
        /// A browser's own EventSource, or a library that does as it does.
        case eventSource = "eventsource"
        /// A program that reads streams by `fetch` and reconnects by its own rules.
        case fetch
        /// A client of the Model Context Protocol.
        case mcp
    }

    /// Whether verdicts are carried out or only logged.
    package enum Mode: String, CaseIterable, Sendable {
        case enforce, observe
    }

    package init(
        name: String, match: Match, maxStreamsPerUser: Int?, maxStreamsPerAddress: Int?,
        onExcess: Excess, evictionBudget: EvictionBudget?, idleTimeout: Duration?,
        idleClock: IdleClock, heartbeats: [Heartbeat], maxAge: Duration?, endsWithToken: Bool,
        keepAlive: Duration?, afterEviction: AfterEviction, clients: ClientKind, mode: Mode,
        evictableMethods: Set<String>, isWork: Bool = false,
        retryAfter: ClosedRange<Duration>? = nil
    ) {
        self.name = name
        self.match = match
        self.maxStreamsPerUser = maxStreamsPerUser
        self.maxStreamsPerAddress = maxStreamsPerAddress
        self.onExcess = onExcess
        self.evictionBudget = evictionBudget
        self.idleTimeout = idleTimeout
        self.idleClock = idleClock
        self.heartbeats = heartbeats
        self.maxAge = maxAge
        self.endsWithToken = endsWithToken
        self.keepAlive = keepAlive
        self.afterEviction = afterEviction
        self.clients = clients
        self.mode = mode
        self.evictableMethods = evictableMethods
        self.isWork = isWork
        self.retryAfter = retryAfter
    }
}
