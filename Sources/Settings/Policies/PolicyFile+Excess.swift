import Policy

extension PolicyFile {
    /// The keys of a policy that say how many streams there may be, and what becomes of the rest.
    struct Excess {
        let userMax: Int?
        let addressMax: Int?
        let response: Policy.Excess
        let budget: Policy.EvictionBudget?
        let retryAfter: ClosedRange<Duration>?
    }

    /// The keys of a policy that say which streams may be closed for others, and what is said then.
    struct Eviction {
        let after: Policy.AfterEviction
        let clients: Policy.ClientKind
        let methods: Set<String>
        let isWork: Bool
    }
}

extension PolicyFile.Excess {
    init(_ section: inout Section) {
        userMax = section.optional(
            "max_streams_per_user", .wholeNumber(PolicyFile.Global.streamsRange),
            absence: "no limit", "How many live streams one user may have under this policy.")
        addressMax = section.optional(
            "max_streams_per_address", .wholeNumber(PolicyFile.Global.streamsRange),
            absence: "no limit",
            "How many live streams without a token one client address may have. An address is no "
                + "identity, so above this limit the newcomer is refused and nobody closed.")
        response = section.value(
            "on_excess", .word(later: ["park_oldest", "share"]), default: .closeOldest,
            "What happens above `max_streams_per_user`: `close_oldest` closes the user's oldest "
                + "stream, `close_idlest` the one whose last event, heartbeats aside, is longest "
                + "ago, `reject_newest` turns the newcomer away.")
        budget = section.groupOrOff(
            "eviction_budget",
            "How often streams of one user may be closed to make room for that user's newcomers. "
                + "When it is used up, newcomers are refused for a while, and what is there stays: "
                + "two clients that both reconnect at once do not fight for ever. A stream that "
                + "its own client closed costs nothing, so a reload is never punished. `off` in "
                + "place of the keys is no limit."
        ) { Policy.EvictionBudget(reading: &$0) }
        retryAfter = section.optional(
            "retry_after", .durations(.seconds(1)...Duration.seconds(3600)),
            absence: "1s-5s for work, 30s-60s for other streams",
            "When a newcomer that a limit has turned away is told to come back, in `Retry-After`. "
                + "Of two durations, such as `1s-5s`, each newcomer is told another moment between "
                + "them, so that those who were turned away together do not come back together. "
                + "An empty eviction budget says by itself how long it lasts.")
    }

    /// A policy that says it closes streams, and may close none of those it governs.
    static func check(_ policy: Policy, in section: Section) {
        if policy.isWork, section.isWritten("evictable_methods") {
            section.report(
                "evictable_methods",
                "name what may be closed, and work never is; remove the key, or write work: false")
        }
        guard section.isWritten("on_excess"), policy.onExcess != .rejectNewest else { return }
        guard !policy.isWork else {
            return section.report(
                "on_excess",
                "\(policy.onExcess.rawValue) can close nothing here, for work is never closed to "
                    + "make room; write reject_newest, or work: false")
        }
        guard !policy.match.methods.isEmpty,
            policy.match.methods.isDisjoint(with: policy.evictableMethods)
        else { return }
        let methods = policy.match.methods.sorted().alternatives
        section.report(
            "on_excess",
            "\(policy.onExcess.rawValue) can close nothing here, for evictable_methods does not "
                + "name \(methods); name it there, or write reject_newest")
    }
}

extension Policy.EvictionBudget {
    fileprivate init(reading section: inout Section) {
        self.init(
            burst: section.value(
                "burst", .wholeNumber(1...1000), default: Self.standard.burst,
                "How many evictions a full budget holds: as many as a page that opens all of its "
                    + "streams at once may need."),
            refill: section.value(
                "refill", .duration(.milliseconds(100)...Duration.seconds(3600)),
                default: Self.standard.refill, "In how long one eviction comes back."))
    }
}

extension PolicyFile.Eviction {
    init(_ section: inout Section) {
        isWork = section.value(
            "work", .boolean, default: false,
            "Whether the streams are work that somebody waits for, such as an answer being "
                + "generated, whatever their method. Work is never closed to make room. A request "
                + "that the policy governs is taken to ask for a stream, whatever it accepts: when "
                + "its refusal is certain, the gateway is not asked. Without it, streams of methods "
                + "that `evictable_methods` leaves out are work, and a request asks for one if "
                + "`match.method` names its method.")
        after = section.value(
            "after_eviction", .word(), default: .standby,
            "What a client that was closed for another stream is told when it comes back by "
                + "itself: `standby` to wait for a free slot, `stop` never to come back by "
                + "itself, `nothing` makes it a newcomer like any other, which may close a "
                + "stream in its turn.")
        clients = section.value(
            "clients", .word(), default: .auto,
            "What kind of client the streams have, and so what one that was closed understands: "
                + "`eventsource` is a browser's own or works like it, `fetch` reads the stream by "
                + "itself, `mcp` speaks the Model Context Protocol. `auto` looks at the request.")
        methods = Set(
            section.values(
                "evictable_methods", .method, countMax: 5, absence: "GET",
                "Streams of these methods may be closed to make room; all others are only ever "
                    + "refused. A POST stream is most often work that somebody pays for.")
                ?? ["GET"])
    }
}
