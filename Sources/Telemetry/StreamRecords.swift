package import Ledger

extension LogEvent {
    /// The ledger has let a stream in.
    package struct StreamOpened: Sendable {
        package let context: StreamContext

        package init(_ context: StreamContext) { self.context = context }
    }

    /// A stream that was let in has ended. There is exactly one for every `StreamOpened`.
    package struct StreamClosed: Sendable {
        package let context: StreamContext
        package let reason: CloseReason
        package let duration: Duration
        package let events: UInt64
        package let comments: UInt64
        /// Of the body, as the gateway sent it.
        package let bytes: UInt64

        package init(
            _ context: StreamContext, reason: CloseReason, duration: Duration, events: UInt64,
            comments: UInt64, bytes: UInt64
        ) {
            self.context = context
            self.reason = reason
            self.duration = duration
            self.events = events
            self.comments = comments
            self.bytes = bytes
        }
    }

    /// A newcomer was turned away.
    package struct StreamRefused: Sendable {
        package let context: StreamContext
        package let reason: Reason
        package let verdict: Verdict

        /// Whether a policy's verdict was carried out.
        package enum Verdict: Sendable {
            /// The client was answered with this status.
            case enforced(status: UInt16)
            /// The policy only observes: the stream was let in.
            case observed
        }

        package init(_ context: StreamContext, reason: Reason, verdict: Verdict) {
            self.context = context
            self.reason = reason
            self.verdict = verdict
        }
    }

    /// A stream has to leave for another one, or for a new limit.
    package struct Evict: Sendable {
        /// The victim.
        package let context: StreamContext
        package let reason: CloseReason
        package let cause: Cause
        /// Why this one had to be the victim.
        package let choice: Choice
        /// The policy only observes: the victim stays.
        package let isObserved: Bool

        /// What made the victim one too many.
        package enum Cause: Sendable {
            case newcomer(stream: String)
            case reload

            var text: String {
                switch self {
                case .newcomer(let stream): stream
                case .reload: "reload"
                }
            }
        }

        package init(
            _ context: StreamContext, reason: CloseReason, cause: Cause, choice: Choice,
            isObserved: Bool
        ) {
            self.context = context
            self.reason = reason
            self.cause = cause
            self.choice = choice
            self.isObserved = isObserved
        }
    }
}

extension LogEvent.StreamOpened {
    func write(to line: inout JSONLine) {
        context.write(to: &line)
    }

    static var reference: RecordReference {
        RecordReference(
            when: "The gateway has answered with an event stream, and it was let in.",
            level: "info",
            fields: StreamContext.fields(isAdmitted: true),
            example: .streamOpened(Self(.example(stream: "s-2", count: 1))))
    }
}

extension LogEvent.StreamClosed {
    func write(to line: inout JSONLine) {
        context.write(to: &line)
        line.add("reason", reason.rawValue)
        line.add("duration_ms", milliseconds: duration)
        line.add("events", events)
        line.add("comments", comments)
        line.add("bytes", bytes)
    }

    static var reference: RecordReference {
        RecordReference(
            when: "A stream has ended. Every `stream_opened` has exactly one `stream_closed`.",
            level: "info",
            fields: StreamContext.fields(isAdmitted: true) + [
                .init("reason", "why, see [Reasons](#reasons)"),
                .init("duration_ms", "from the verdict to the end"),
                .init("events", "events relayed; 0 for an encoded response, which is not read"),
                .init("comments", "comments relayed"),
                .init("bytes", "of the body, as the gateway sent it"),
            ],
            example: .streamClosed(
                Self(
                    .example(stream: "s-1", count: 1), reason: .evictedUserCap,
                    duration: .milliseconds(8_231), events: 12, comments: 3, bytes: 4_096)))
    }
}

extension LogEvent.StreamRefused {
    func write(to line: inout JSONLine) {
        context.write(to: &line)
        line.add("reason", reason.rawValue)
        switch verdict {
        case .enforced(let status):
            line.add("status", status)
            line.add("observed", false)
        case .observed:
            line.add("observed", true)
        }
    }

    static var reference: RecordReference {
        RecordReference(
            when: "A newcomer was turned away, "
                + "or would have been if its policy did more than observe.",
            level: "info; debug for `eviction_budget`, of which `flap` tells",
            fields: StreamContext.fields(isAdmitted: false) + [
                .init("reason", "why, see [Reasons](#reasons)"),
                .init("status", "what the client was answered", isOptional: true),
                .init("observed", "true when the policy only observes: the stream was let in"),
            ],
            example: .streamRefused(
                Self(
                    .example(stream: nil, count: 1), reason: .ledger(.userCap),
                    verdict: .enforced(status: 429))))
    }
}

extension LogEvent.Evict {
    func write(to line: inout JSONLine) {
        context.write(to: &line)
        line.add("reason", reason.rawValue)
        line.add("cause", cause.text)
        line.add("choice", choice.rawValue)
        line.add("observed", isObserved)
    }

    static var reference: RecordReference {
        RecordReference(
            when: "A stream has to leave so that a limit holds. "
                + "Its `stream_closed` follows, unless the policy only observes.",
            level: "info",
            fields: StreamContext.fields(isAdmitted: true) + [
                .init("reason", "which limit, see [Reasons](#reasons)"),
                .init("cause", "the newcomer's `stream`, or `reload` when a limit was lowered"),
                .init("choice", "why this stream and no other, see [Reasons](#reasons)"),
                .init("observed", "true when the policy only observes: the stream stays"),
            ],
            example: .evict(
                Self(
                    .example(stream: "s-1", count: 1), reason: .evictedUserCap,
                    cause: .newcomer(stream: "s-2"), choice: .oldest, isObserved: false)))
    }
}
