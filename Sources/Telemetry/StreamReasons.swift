internal import Ledger

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
        case .drain: "Sluice is stopping"
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
        }
    }
}
