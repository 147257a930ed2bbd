extension LogEvent {
    /// Clients of one user keep closing each other's streams, or have stopped to.
    ///
    /// An episode has one line when it begins and one when it ends, however many attempts it sees.
    package struct Flap: Sendable {
        package let phase: Phase
        /// The user or a keyed hash of the token; never the token.
        package let user: String
        /// `nil` when no policy matches.
        package let policy: String?
        /// Of the policies that judged; `nil` when none is to be named.
        package let generation: UInt64?
        /// The user's streams evicted so far, with those that emptied the budget.
        package let evictions: Int
        /// Newcomers refused so far.
        package let refusals: Int

        /// Which of its two lines this is.
        package enum Phase: Sendable {
            case begin
            /// After so long since the line of the begin.
            case end(after: Duration)
        }

        package init(
            phase: Phase, user: String, policy: String?, generation: UInt64?, evictions: Int,
            refusals: Int
        ) {
            self.phase = phase
            self.user = user
            self.policy = policy
            self.generation = generation
            self.evictions = evictions
            self.refusals = refusals
        }
    }
}

extension LogEvent.Flap.Phase {
    var text: String {
        switch self {
        case .begin: "begin"
        case .end: "end"
        }
    }

    var level: LogLevel {
        switch self {
        case .begin: .warning
        case .end: .notice
        }
    }
}

extension LogEvent.Flap {
    func write(to line: inout JSONLine) {
        line.add("phase", phase.text)
        line.add("user", user)
        line.add("policy", policy)
        line.add("generation", generation)
        line.add("evictions", evictions)
        line.add("refusals", refusals)
        if case .end(let duration) = phase { line.add("duration_ms", milliseconds: duration) }
    }

    static var reference: RecordReference {
        RecordReference(
            when: "A user's eviction budget is empty, so its streams stay and newcomers are "
                + "refused; later, that this has come to rest. One `begin` and one `end` for each "
                + "episode; the refusals in between are `stream_refused` lines at level debug.",
            level: "warning at the begin, notice at the end",
            fields: [
                .init("phase", "`begin` or `end`"),
                .init("user", "whose streams they are, or a keyed hash of the token"),
                .init("policy", "the one that governs them, if any matches", isOptional: true),
                .init("generation", "of the policies that judged", isOptional: true),
                .init("evictions", "streams evicted so far, with those that emptied the budget"),
                .init("refusals", "newcomers refused so far"),
                .init("duration_ms", "at the end: since the begin", isOptional: true),
            ],
            example: .flap(
                Self(
                    phase: .end(after: .milliseconds(214_500)), user: "alice", policy: "default",
                    generation: 1, evictions: 12, refusals: 61)))
    }
}
