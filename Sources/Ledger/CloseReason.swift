/// Why a stream ended. The raw values are those of the log.
package enum CloseReason: String, CaseIterable, Sendable {
    case clientClosed = "client_closed"
    case gatewayClosed = "gateway_closed"
    case evictedUserCap = "evicted_user_cap"
    case evictedGlobalCap = "evicted_global_cap"
    case idle
    case maxAge = "max_age"
    case tokenExpired = "token_expired"
    case slowConsumer = "slow_consumer"
    case killed
    case reload
    case drain
    case error
}
