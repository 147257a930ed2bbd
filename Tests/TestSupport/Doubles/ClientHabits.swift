/// How a client library behaves where it matters to a proxy that closes streams: what it asks with,
/// and what it does once a response is over.
///
/// One value stands for one page or program and may govern several of its stream objects. Its times
/// are real ones: whoever makes it has divided the library's own by the scale of the test. What
/// `retry` tells is taken as it comes.
package protocol ClientHabits: Sendable {
    /// Where the token goes.
    var tokenPlace: TokenPlace { get }
    /// What each request says beside `Last-Event-ID`.
    var fields: [(String, String)] { get }
    /// Whether an id on an event without data is forgotten.
    var dropsIDsWithoutData: Bool { get }

    /// A stream was accepted: `onopen`.
    mutating func opened(_ source: inout StreamSource)
    /// A response is over, or none came.
    mutating func ended(_ outcome: Outcome, _ source: inout StreamSource) -> NextStep
    /// How long the library waits when it is told `retry: milliseconds`.
    func wait(toldToRetryAfter milliseconds: Int) -> Duration
}

/// Where a client puts its token.
package enum TokenPlace: Sendable {
    /// `?access_token=`: a native EventSource can set no field.
    case query
    /// `Authorization: Bearer`.
    case bearer
}

/// One stream object, such as an EventSource, over all of its connections.
package struct StreamSource: Sendable {
    /// Sent with the next connect unless it is empty.
    package var lastEventID = ""
    /// What the latest `retry` told.
    package var told: Duration?
    /// Connects since the last that was worth something; what that is, the library knows.
    package var failures = 0

    package init() {}
}

/// How a response came to its end.
package enum Outcome: Equatable, Sendable {
    /// A stream with status 200 that ended as it should.
    case cleanEnd
    /// The connection went in the midst of it, or there was none.
    case cut
    case noContent
    case refused(status: Int, isEventStream: Bool)
}

/// What happens after the end of a response.
package struct NextStep: Equatable, Sendable {
    /// After how long the same object connects again; `nil` is never.
    package var again: Duration?
    /// After how long the page makes a new object, which knows nothing of the old one's ids.
    package var replacement: Duration?
    /// Whether the page asks for a new token first. Doubles keep the one that they have.
    package var asksForToken = false

    package init(
        again: Duration? = nil, replacement: Duration? = nil, asksForToken: Bool = false
    ) {
        self.again = again
        self.replacement = replacement
        self.asksForToken = asksForToken
    }

    package static let stop = NextStep()
    package static func again(after wait: Duration) -> NextStep { NextStep(again: wait) }
    package static func replacement(after wait: Duration) -> NextStep {
        NextStep(replacement: wait)
    }
}

extension ClientHabits {
    package var dropsIDsWithoutData: Bool { false }
    package mutating func opened(_ source: inout StreamSource) {}
    package func wait(toldToRetryAfter milliseconds: Int) -> Duration {
        .milliseconds(milliseconds)
    }
}
