private import COpenSSL
private import Glibc

/// Why a session is over before its time: what kind of failure, and OpenSSL's own words for it.
///
/// It is four words on the stack; text is made only when somebody asks for it.
package struct TLSFailure: Error, Sendable {
    package enum Kind: Sendable, CaseIterable {
        /// What came is no TLS at all, for example plain HTTP (T01).
        case notTLS
        /// No version in common (T05).
        case version
        /// No cipher, group or signature in common (T06).
        case noSharedCipher
        /// ALPN was used and nothing in it is ours (T07).
        case noApplicationProtocol
        /// A record that is damaged, forged or malformed (T14).
        case badRecord
        /// The peer gave up and said so with an alert.
        case peerAlert
        /// The connection broke: reset, or ended in the middle.
        case peerClosed
        /// A try to renegotiate (T09).
        case renegotiation
        /// Too many records that carry no data (T04, T10).
        case flood
        /// The peer's certificate is not one that we trust.
        case certificate
        case other
    }

    package let kind: Kind
    private let code: UInt
    private let systemError: CInt

    /// The stable name of the kind, for logs.
    package var reason: StaticString {
        switch kind {
        case .notTLS: "tls_not_tls"
        case .version: "tls_version"
        case .noSharedCipher: "tls_no_shared_cipher"
        case .noApplicationProtocol: "tls_no_application_protocol"
        case .badRecord: "tls_bad_record"
        case .peerAlert: "tls_peer_alert"
        case .peerClosed: "tls_peer_closed"
        case .renegotiation: "tls_renegotiation"
        case .flood: "tls_flood"
        case .certificate: "tls_certificate"
        case .other: "tls_other"
        }
    }

    /// OpenSSL's short reason or the system's, in the singular words of its author; may be empty.
    package var detail: String {
        if code != 0 { return OpenSSLError(code: code).text }
        if systemError != 0 { return systemErrorText(systemError) }
        return isExcess ? "more than is read of what carries no data" : ""
    }

    /// Whether it was we who read no further, and not OpenSSL.
    var isExcess: Bool { kind == .flood && code == 0 }
}

extension TLSFailure {
    init(_ kind: Kind) {
        self.kind = kind
        code = 0
        systemError = 0
    }

    /// An entry of the error queue, sorted into its kind.
    init(_ error: OpenSSLError) {
        kind = error.isFromTLS ? Kind(reason: error.reason) : .other
        code = error.code
        systemError = 0
    }

    /// A system call under OpenSSL failed; 0 stands for an end of the connection without a word.
    init(systemError: CInt) {
        kind =
            switch systemError {
            case 0, ECONNRESET, EPIPE, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, ECONNREFUSED:
                .peerClosed
            default: .other
            }
        code = 0
        self.systemError = systemError
    }
}

extension TLSFailure.Kind {
    /// Sorts OpenSSL's reasons (`sslerr.h`) into the few that an operator acts upon differently.
    init(reason: CInt) {
        switch reason {
        // A first record with a version that never existed is no record. OpenSSL looks for the
        // common methods and gives them a reason of their own; `PATCH /` or `SSH-2.0` is the other.
        case SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST, SSL_R_WRONG_VERSION_NUMBER:
            self = .notTLS
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW, SSL_R_VERSION_TOO_HIGH,
            SSL_R_UNKNOWN_PROTOCOL, SSL_R_NO_PROTOCOLS_AVAILABLE, SSL_R_WRONG_SSL_VERSION,
            SSL_R_UNSUPPORTED_SSL_VERSION, SSL_R_UNKNOWN_SSL_VERSION,
            SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
            self = .version
        case SSL_R_NO_SHARED_CIPHER, SSL_R_NO_SHARED_GROUPS, SSL_R_NO_SUITABLE_KEY_SHARE,
            SSL_R_NO_SUITABLE_GROUPS, SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS,
            SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, SSL_R_NO_CIPHERS_SPECIFIED,
            SSL_R_NO_CIPHERS_AVAILABLE:
            self = .noSharedCipher
        case SSL_R_NO_APPLICATION_PROTOCOL, SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
            self = .noApplicationProtocol
        case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, SSL_R_BAD_RECORD_TYPE,
            SSL_R_UNEXPECTED_RECORD, SSL_R_RECORD_LENGTH_MISMATCH, SSL_R_PACKET_LENGTH_TOO_LONG,
            SSL_R_DATA_LENGTH_TOO_LONG, SSL_R_ENCRYPTED_LENGTH_TOO_LONG, SSL_R_LENGTH_TOO_SHORT,
            SSL_R_NOT_ON_RECORD_BOUNDARY:
            self = .badRecord
        case SSL_R_RECORD_TOO_SMALL, SSL_R_TOO_MANY_WARN_ALERTS, SSL_R_TOO_MANY_KEY_UPDATES,
            SSL_R_TOO_MUCH_EARLY_DATA, SSL_R_EXCESSIVE_MESSAGE_SIZE:
            // The floods that OpenSSL bounds by itself: 32 empty records or 5 warnings in a row.
            self = .flood
        case SSL_R_NO_RENEGOTIATION, SSL_R_TLSV1_ALERT_NO_RENEGOTIATION,
            SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED, SSL_R_RENEGOTIATION_MISMATCH:
            self = .renegotiation
        case SSL_R_CERTIFICATE_VERIFY_FAILED, SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
            self = .certificate
        case SSL_R_UNEXPECTED_EOF_WHILE_READING: self = .peerClosed
        case SSL_AD_REASON_OFFSET...: self = .peerAlert
        default: self = .other  // OpenSSL's list, not ours: it is open.
        }
    }
}
