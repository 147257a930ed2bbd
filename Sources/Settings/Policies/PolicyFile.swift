import Policy

/// One policy file, as read: its rules, and the places that messages about several files need.
struct PolicyFile {
    let global: Global?
    let policies: [Entry]

    /// The rules for all streams, and where they stand.
    struct Global {
        let policy: GlobalPolicy
        let place: Place
        let limitPlace: Place
    }

    /// A policy, and where it stands.
    struct Entry {
        let policy: Policy
        let place: Place
        let userLimitPlace: Place
        let addressLimitPlace: Place
        /// Whether its match could be read. One that could not is compared with no other.
        let hasSoundMatch: Bool
    }

    /// More are not written by hand, and every stream that opens looks at them in turn.
    static let policiesMax = 1000

    init(_ section: inout Section) {
        _ = section.required(
            "version", .formatVersion, example: "version: 1 on the first line",
            "The version of this format. Stands once in every file.")
        global = section.optionalGroup(
            "global",
            "The rules for all streams of this instance together. Stands once over all files."
        ) { [place = section.place(of: "global")] in Global(&$0, at: place) }
        policies = section.groups(
            "policies", countMax: Self.policiesMax,
            "The policies. The first one whose match fits a stream governs it, over all files in "
                + "the order of their names. A stream that none matches counts for `global` alone."
        ) { Entry(&$0) }
        if !section.isWritten("global"), !section.isWritten("policies") {
            section.reading.report(
                section.place, "holds neither global nor policies; is the file complete?")
        }
    }
}

extension PolicyFile.Global {
    static let streamsRange = 1...1_000_000

    init(_ section: inout Section, at place: Place) {
        self.place = place
        policy = GlobalPolicy(
            maxStreams: section.optional(
                "max_streams", .wholeNumber(Self.streamsRange), absence: "no limit",
                "How many streams this instance carries at once."),
            onExcess: section.value(
                "on_excess", .word(), default: .closeOldestOfHeaviest,
                "What happens above `max_streams`. A stream without a token never closes another, "
                    + "and those that are there go first, of the address with the most. Then "
                    + "`close_oldest_of_heaviest` is fair: the user with the most streams pays. "
                    + "`close_oldest` closes the oldest of all. `reject_newest` turns every "
                    + "newcomer away."),
            reloadClosesPerSecond: section.value(
                "reload_closes_per_second", .wholeNumber(1...10_000), default: 100,
                "How many surplus streams a reload with a lower limit closes per second, so that "
                    + "their clients do not all come back at once."))
        limitPlace = section.place(of: "max_streams")
    }
}

extension PolicyFile.Entry {
    init(_ section: inout Section) {
        let name = section.required(
            "name", .policyName, example: "name: default",
            "What logs, metrics and messages call the policy. Unique over all files.")
        let problemCount = section.reading.problems.count
        let match = section.group(
            "match",
            "Which streams the policy governs: all that is written here must fit. "
                + "Without it, every stream."
        ) { Match(reading: &$0) }
        hasSoundMatch = section.reading.problems.count == problemCount
        let idle = Idle(&section)
        let excess = PolicyFile.Excess(&section)
        let maxAge = section.optional(
            "max_age", .duration(.seconds(1)...Duration.policyMax), absence: "no limit",
            "How long a stream may live, plus or minus ten percent, so that streams that opened "
                + "together do not end together.")
        let until = section.optional(
            "until", Kind<End>.word(), absence: "no such end",
            "With `token_expiry` a stream ends when the `exp` claim of its token passes, and its "
                + "client comes back with a fresh one. A token without that claim ends nothing.")
        let keepAlive = section.optional(
            "keep_alive", .duration(.seconds(1)...Duration.policyMax), absence: "no comments",
            "After how much silence towards the client a comment is put between two events, so "
                + "that nothing on the way takes the connection for dead. Such a comment never "
                + "counts as life.")
        let eviction = PolicyFile.Eviction(&section)
        policy = Policy(
            name: name ?? "", match: match, maxStreamsPerUser: excess.userMax,
            maxStreamsPerAddress: excess.addressMax, onExcess: excess.response,
            evictionBudget: excess.budget, idleTimeout: idle.timeout, idleClock: idle.clock,
            heartbeats: idle.heartbeats, maxAge: maxAge, endsWithToken: until == .tokenExpiry,
            keepAlive: keepAlive, afterEviction: eviction.after, clients: eviction.clients,
            mode: section.value(
                "mode", .word(), default: .enforce,
                "`enforce`, or `observe` to log what would happen and touch nothing."),
            evictableMethods: eviction.methods, isWork: eviction.isWork,
            retryAfter: excess.retryAfter)
        section.notInThisVersion("make_room")
        place = section.place(of: "name")
        userLimitPlace = section.place(of: "max_streams_per_user")
        addressLimitPlace = section.place(of: "max_streams_per_address")
        PolicyFile.Excess.check(policy, in: section)
    }
}

/// What may end a stream besides its age.
private enum End: String, CaseIterable {
    case tokenExpiry = "token_expiry"
}

/// The keys of a policy that say when a stream is idle.
private struct Idle {
    let timeout: Duration?
    let clock: Policy.IdleClock
    let heartbeats: [Policy.Heartbeat]

    init(_ section: inout Section) {
        timeout = section.optional(
            "idle_timeout", .duration(.seconds(1)...Duration.policyMax), absence: "no limit",
            "After how long without life a stream is closed. `idle_clock` says what life is.")
        clock = section.value(
            "idle_clock", .word(), default: .frames,
            "What counts as life: `bytes` is any byte, `frames` leaves comments out, `events` "
                + "leaves comments and heartbeats out.")
        heartbeats = section.groups(
            "heartbeats", countMax: Policy.Heartbeat.countMax,
            "Events that say no more than \"still here\". Only `idle_clock: events` looks at them."
        ) { Policy.Heartbeat(&$0) }
        if section.isWritten("heartbeats"), clock != .events {
            section.report(
                "heartbeats",
                "have no effect while idle_clock is \(clock.rawValue); write idle_clock: events")
        }
    }
}

extension Policy.Heartbeat {
    // As many as a stream has room for, and as long as the scanner reads them: a test holds the two
    // together.
    static let countMax = 16
    static let eventBytesMax = 64
    static let dataBytesMax = 1024

    fileprivate init?(_ section: inout Section) {
        self.init(
            event: section.optional(
                "event", .text("an event name", lengthMax: Self.eventBytesMax),
                absence: "any event",
                "The name of the event."),
            dataContains: section.optional(
                "data_contains", .text("a text", lengthMax: Self.dataBytesMax),
                absence: "any data",
                "Text that stands in the event's data. In single quotes, a JSON text needs no "
                    + "further care."))
        guard !section.isWritten("event"), !section.isWritten("data_contains") else { return }
        section.reading.report(
            section.place,
            "heartbeats: one that says nothing would make every event a heartbeat; write event, "
                + "data_contains or both")
        return nil
    }
}

extension Match {
    fileprivate init(reading section: inout Section) {
        self.init(
            host: section.optional(
                "host", .hostPattern, absence: "every host",
                "The host that the client asked for, without its port: `example.com`, or "
                    + "`*.example.com` for every name below it."),
            path: section.optional(
                "path", .pathPattern, absence: "every path",
                "The path without its query: exact, with `*` for a part of one segment, or with "
                    + "`/**` at the end for everything below."),
            methods: Set(
                section.values(
                    "method", .method, countMax: 5, absence: "every method",
                    "The request's method.") ?? []),
            claims: section.dictionary(
                "claims", keys: .exactText("the path of a claim", lengthMax: 256),
                .exactText("the value of a claim", lengthMax: 256), countMax: 16, valuesMax: 64,
                "Claims of the token by their dotted path (`plan`, `user.role`), each with the "
                    + "value that it must have, or a list of them. Values are compared as text. A "
                    + "claim is believed once the gateway has accepted the token."))
    }
}
