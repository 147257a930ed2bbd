package import Ledger

extension CloseReason {
    package var meaning: String {
        switch self {
        case .clientClosed: "the client closed its connection"
        case .gatewayClosed: "the gateway ended the response"
        case .evictedUserCap: "a newer stream of the same user took its place"
        case .evictedGlobalCap: "a newer stream took its place under the limit of all streams"
        case .idle: "`idle_timeout` was over without a sign of life, as `idle_clock` defines it"
        case .maxAge: "it reached `max_age`"
        case .tokenExpired: "its token is no longer valid"
        case .slowConsumer: "the client did not read what was sent"
        case .killed: "an operator closed it"
        case .reload: "it was surplus under the limits of a reload"
        case .drain: "Sluice is stopping; work is cut only when `drain.timeout` is over"
        case .error: "something failed; an `error` line with the same `stream` says what"
        }
    }

    /// The reasons for which a stream loses its place to others.
    static let evictions: [CloseReason] = [.evictedUserCap, .evictedGlobalCap, .reload]
}

extension Refusal.Reason {
    package var meaning: String {
        switch self {
        case .userCap: "the user has `max_streams_per_user` streams and none may be closed"
        case .addressCap: "the address has `max_streams_per_address` streams without a token"
        case .globalCap: "there are `max_streams` streams and none may be closed"
        case .budget: "`eviction_budget` is empty: nobody is evicted for this user for a while"
        case .standby:
            "it was evicted, came back by itself, and there is no room yet: "
                + "200 tells it to wait on; 204, 405 and 409 end it"
        }
    }
}

extension LogEvent.StreamRefused {
    /// Who turned a newcomer away, and why.
    package enum Reason: CaseIterable, Sendable {
        case ledger(Refusal.Reason)
        /// It waited for `admission_wait` and its turn did not come. The gateway never saw it.
        case admission

        package static let allCases = Refusal.Reason.allCases.map(Self.ledger) + [.admission]

        /// As the log has it.
        package var rawValue: String {
            switch self {
            case .ledger(let reason): reason.rawValue
            case .admission: "admission"
            }
        }

        package var meaning: String {
            switch self {
            case .ledger(let reason): reason.meaning
            case .admission:
                "too many came at once: it was held back before the gateway for `admission_wait`"
            }
        }

        /// Whether the line only adds to an episode of which a `flap` line tells: the budget
        /// refuses nobody outside of one.
        var isToldByFlap: Bool {
            switch self {
            case .ledger(.budget): true
            case .ledger(.userCap), .ledger(.addressCap), .ledger(.globalCap), .ledger(.standby),
                .admission:
                false
            }
        }
    }
}

extension Choice {
    package var meaning: String {
        switch self {
        case .oldest: "it was opened first"
        case .idlest: "its last event is the longest ago"
        case .heaviest: "the oldest of the user with the most streams"
        case .anonymous: "the oldest without a token, of the address with the most"
        case .stalled: "its client does not take what is written"
        case .unacknowledged: "its client's network does not acknowledge what was sent"
        case .onlyHeartbeats: "it brought only heartbeats since the user opened a younger one"
        case .surplus: "the oldest above a limit that a reload has lowered"
        }
    }
}
