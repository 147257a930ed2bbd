/// Where the health of one live stream's client can be asked for.
///
/// The ledger never asks: that may take a system call, and it works under a lock. It names the
/// candidates (`Ledger.candidates`), the caller asks them outside, and the answers come in as
/// values. A stream's vitals are held from its admission until its close.
package protocol Vitals: AnyObject, Sendable {
    func health(by patience: Patience) -> Health
}

/// How long a client must have been silent before somebody else may take its place.
package struct Patience: Equatable, Sendable {
    /// For one that has taken nothing while bytes wait for it.
    package let stalled: Duration
    /// For one whose host, as the kernel has found, gives no sign.
    package let unacknowledged: Duration

    package init(stalled: Duration, unacknowledged: Duration) {
        self.stalled = stalled
        self.unacknowledged = unacknowledged
    }
}

/// How the client of a live stream was doing when it was asked.
package struct Health: Sendable {
    package let condition: Condition
    /// Whether it has been in this condition for so long that its place may go to a stranger. A
    /// second of silence is no death: only the streams of one user make room for each other by the
    /// condition alone.
    package let isLost: Bool
    /// When the last event passed that is no heartbeat; at first the time of the admission.
    package let lastEvent: Duration

    package init(_ condition: Condition, isLost: Bool, lastEvent: Duration) {
        self.condition = condition
        self.isLost = isLost
        self.lastEvent = lastEvent
    }
}

/// What there is to see of a client.
package enum Condition: Sendable {
    case well
    /// It does not take what is written.
    case stalled
    /// Its host has given no sign: what was sent is not acknowledged.
    case unacknowledged
}

/// What was seen of the candidates before a verdict. One that nobody has asked counts as well: it
/// came, or became a candidate, after they were named.
package struct Examination: Sendable {
    package static let none = Examination()
    private var healths: [StreamID: Health] = [:]

    package init() {}

    /// Asks every candidate.
    package init(of candidates: [Ledger.Candidate], by patience: Patience) {
        for candidate in candidates {
            healths[candidate.id] = candidate.vitals.health(by: patience)
        }
    }

    subscript(id: StreamID) -> Health? { healths[id] }
}
