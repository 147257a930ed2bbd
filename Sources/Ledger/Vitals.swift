/// How the client of a live stream is doing. The ledger asks when it has a choice of victims.
///
/// It is asked inside the ledger's critical section, so an answer never blocks and never calls the
/// ledger. A stream's vitals are held from its admission until its close.
package protocol Vitals: AnyObject, Sendable {
    var condition: Condition { get }
    /// When the last event passed that is no heartbeat; at first the time of the admission.
    var lastEvent: Duration { get }
}

/// What there is to see of a client.
package enum Condition: Sendable {
    case well
    /// It does not take what is written.
    case stalled
    /// Its host has given no sign: what was sent is not acknowledged.
    case unacknowledged
}
