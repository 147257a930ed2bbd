import COpenSSL
import Testing

@testable import TLS

@Suite("What failures are called")
struct FailureTests {
    @Test func `every kind has a name of its own for the log`() {
        let names = TLSFailure.Kind.allCases.map { "\(TLSFailure($0).reason)" }

        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy { $0.hasPrefix("tls_") })
        #expect(names.allSatisfy { $0.allSatisfy { $0.isLowercase || $0 == "_" } })
    }

    @Test func `no number from OpenSSL is without a kind`() {
        for reason in 0...CInt(2000) { _ = TLSFailure.Kind(reason: reason) }

        #expect(TLSFailure.Kind(reason: SSL_R_HTTP_REQUEST) == .notTLS)
        #expect(TLSFailure.Kind(reason: SSL_R_TLSV1_ALERT_UNKNOWN_CA) == .peerAlert)
        #expect(TLSFailure.Kind(reason: SSL_R_BAD_LENGTH) == .other)
    }
}

/// Puts an entry into this thread's error queue, and leaves it there.
func leaveErrorBehind() {
    let context = SSL_CTX_new(TLS_client_method())
    _ = SSL_CTX_load_verify_file(context, "/nowhere")
    SSL_CTX_free(context)
}
