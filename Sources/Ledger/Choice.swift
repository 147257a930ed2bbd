/// Why a victim was chosen and no other. The raw values are those of the log.
package enum Choice: String, CaseIterable, Sendable {
    /// It was the first in the order of admission.
    case oldest
    /// No other has waited longer for an event.
    case idlest
    /// It was the oldest of the user with the most streams.
    case heaviest
    /// It was the oldest without a token, of the address with the most.
    case anonymous
    /// Its client does not take what is written.
    case stalled
    /// The host of its client gives no sign.
    case unacknowledged
    /// A younger stream of its group has got events, and this one none since that opened.
    case onlyHeartbeats = "only_heartbeats"
    /// It was above a limit that a reload has lowered.
    case surplus
}
