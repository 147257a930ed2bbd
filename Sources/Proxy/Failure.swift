import HTTP1
import HTTP2
import HTTPModel
import Identity
import Ledger
import Reactor
import TLS
import Telemetry

/// Why a request could not be served: whose fault it is, what the client is told, and what the log
/// says. The only place where a failure becomes a status.
enum Failure: Error {
    case malformed(HTTP1Error)
    /// A request of HTTP/2 that breaks its rules; its stream has been reset.
    case malformedHTTP2
    /// A connection of HTTP/2 cannot go on.
    case session(SessionFailure)
    case identity(IdentityError)
    /// The host is one for which another certificate stands, so the request is for another
    /// connection.
    case misdirected
    case headTimeout
    case bodyTimeout
    /// The client left, or cut its connection, before the answer was complete.
    case clientGone
    /// The stream of HTTP/2 ended by this code before the answer was complete.
    case clientReset(ErrorCode)
    /// The client did not read what it was sent.
    case clientStalled
    /// Nothing has passed a tunnel for too long.
    case tunnelIdle
    case gatewayUnreachable(SystemCallError)
    case gatewayConnectTimeout
    case gatewayResponseTimeout
    case gatewayMalformed(HTTP1Error)
    /// A `101` that nobody asked for, interim responses without end, or a success without the tunnel
    /// that was asked for.
    case gatewayUnasked
    /// The connection ended before the response did.
    case gatewayClosed
    case gatewayReset(SystemCallError)
    /// The gateway is not who it should be, or speaks another TLS.
    case gatewayTLS(TLSFailure)
    case gatewayTLSSetup(TLSSetupError)
    /// The process or the machine has no descriptors left.
    case exhausted(SystemCallError)
    /// Held back too long, or too many were held back already.
    case admission
    case draining
    /// The process holds as much memory as it may.
    case memory
    /// There are as many connections to gateways as there may be, and none ended in time.
    case gatewayConnectionsMax
    /// The connection, or all of them together, hold as much of requests as they may.
    case pendingBytes

    var fault: Fault {
        switch self {
        case .malformed, .malformedHTTP2, .identity, .misdirected, .headTimeout, .bodyTimeout,
            .clientGone, .clientReset, .clientStalled, .tunnelIdle:
            .client
        case .session(let failure): failure.isClients ? .client : .sluice
        case .gatewayUnreachable, .gatewayConnectTimeout, .gatewayResponseTimeout,
            .gatewayMalformed, .gatewayUnasked, .gatewayClosed, .gatewayReset, .gatewayTLS,
            .gatewayTLSSetup:
            .gateway
        case .exhausted, .admission, .draining, .memory, .gatewayConnectionsMax, .pendingBytes:
            .sluice
        }
    }

    /// Whether a connect that fails so says something of the gateway, not of what we are short of.
    var isGatewaysDoing: Bool {
        switch self {
        case .gatewayTLSSetup: false
        case .gatewayUnreachable(let error), .gatewayReset(let error): !error.isExhaustion
        case _: fault == .gateway
        }
    }

    /// The status for a client that has not been sent one yet; `nil` when nobody is left to tell.
    var status: Int? {
        switch self {
        case .malformed(let error): error.status
        case .identity: 400
        case .misdirected: 421
        case .headTimeout, .bodyTimeout: 408
        case .clientGone, .clientReset, .clientStalled, .tunnelIdle, .malformedHTTP2, .session: nil
        case .gatewayConnectTimeout, .gatewayResponseTimeout: 504
        case .gatewayUnreachable, .gatewayMalformed, .gatewayUnasked, .gatewayClosed,
            .gatewayReset, .gatewayTLS, .gatewayTLSSetup:
            502
        case .exhausted, .admission, .draining, .memory, .gatewayConnectionsMax, .pendingBytes:
            503
        }
    }

    /// What went wrong in one constant word, for logs and for the body of the answer.
    var reason: String {
        switch self {
        case .malformed(let error): error.reason
        case .malformedHTTP2: "h2_malformed_request"
        case .session(let failure): failure.reason
        case .identity(let error): error.reason
        case .misdirected: "misdirected"
        case .headTimeout: "head_timeout"
        case .bodyTimeout: "body_timeout"
        case .clientGone, .clientReset: "client_closed"
        case .clientStalled: "slow_consumer"
        case .tunnelIdle: "tunnel_idle"
        case .gatewayUnreachable: "gateway_unreachable"
        case .gatewayConnectTimeout: "gateway_connect_timeout"
        case .gatewayResponseTimeout: "gateway_response_timeout"
        case .gatewayMalformed: "gateway_malformed"
        case .gatewayUnasked: "gateway_unasked"
        case .gatewayClosed: "gateway_closed"
        case .gatewayReset: "gateway_reset"
        case .gatewayTLS, .gatewayTLSSetup: "gateway_tls"
        case .exhausted: "exhausted"
        case .admission: "admission"
        case .draining: "draining"
        case .memory: "memory_max"
        case .gatewayConnectionsMax: "gateway_connections_max"
        case .pendingBytes: "pending_bytes"
        }
    }

    /// The particulars, for a person.
    var detail: String? {
        switch self {
        case .gatewayUnreachable(let error), .gatewayReset(let error), .exhausted(let error):
            error.message
        case .gatewayMalformed(let error): error.reason
        case .gatewayTLS(let failure):
            "\(failure.reason): \(failure.detail)"
        case .gatewayTLSSetup(let error): error.message
        case .gatewayClosed: "the connection ended before the response did"
        case .clientReset(let code): "the stream ended: \(code.word)"
        case .session(.library(let code)): "nghttp2 error \(code)"
        case .identity(.doubtful(let doubt)): doubt.text
        case .malformed, .malformedHTTP2, .session, .identity, .misdirected, .headTimeout,
            .bodyTimeout, .clientGone, .clientStalled, .tunnelIdle, .gatewayConnectTimeout,
            .gatewayResponseTimeout, .gatewayUnasked, .admission, .draining, .memory,
            .gatewayConnectionsMax, .pendingBytes:
            nil
        }
    }

    /// How loud the log line is: what only the client can mend is no warning.
    var level: LogLevel {
        switch fault {
        case .client: .info
        case .gateway, .sluice: .warning
        }
    }

    /// Why a stream closes that runs into it.
    var closeReason: CloseReason {
        switch self {
        case .clientGone, .clientReset: .clientClosed
        case .clientStalled: .slowConsumer
        case .malformed, .malformedHTTP2, .session, .identity, .misdirected, .headTimeout,
            .bodyTimeout, .tunnelIdle, .gatewayUnreachable, .gatewayConnectTimeout,
            .gatewayResponseTimeout,
            .gatewayMalformed, .gatewayUnasked, .gatewayClosed, .gatewayReset, .gatewayTLS,
            .gatewayTLSSetup, .exhausted, .admission, .draining, .memory,
            .gatewayConnectionsMax, .pendingBytes:
            .error
        }
    }

    /// Whether the client's connection is still in a state that both sides agree on.
    var allowsKeepAlive: Bool {
        switch self {
        case .identity, .misdirected, .gatewayUnreachable, .gatewayConnectTimeout,
            .gatewayResponseTimeout, .gatewayMalformed, .gatewayUnasked, .gatewayClosed,
            .gatewayReset, .gatewayTLS, .gatewayTLSSetup, .exhausted, .admission, .memory,
            .gatewayConnectionsMax, .pendingBytes:
            true
        case .malformed, .malformedHTTP2, .session, .headTimeout, .bodyTimeout, .clientGone,
            .clientReset, .clientStalled, .tunnelIdle, .draining:
            false
        }
    }

    /// The answer of ours that says so.
    var answer: Answer? {
        status.map { status in
            let seconds = Int.random(in: 2...4)
            if let message = messageForLater {
                return .refusal(
                    status, code: reason, message: message, retryAfter: seconds)
            }
            return Answer(
                status: status, body: #"{"error":"\#(reason)","fault":"\#(fault.rawValue)"}"#,
                fields: status == 503 ? [(.retryAfter, String(seconds))] : [])
        }
    }

    /// For a person, where the request was turned away only for now.
    private var messageForLater: String? {
        switch self {
        case .admission: "Too many streams open at this moment; try again in a few seconds."
        case .draining: "This server is about to stop; try again in a few seconds."
        case .memory: "This server is at its limit; try again in a few seconds."
        default: nil
        }
    }
}
