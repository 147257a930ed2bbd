private import COpenSSL

/// One `SSL_CTX`: what all sessions made from it share. The owner gives up its reference; sessions
/// hold their own, so a context that was replaced lives until its last session ends.
///
/// It is a class because the table of contexts is an array, and arrays cannot hold owners yet.
@safe final class ContextHandle {
    enum Side { case server, client }

    /// For the calls of this module that hand it to OpenSSL while `self` is alive.
    let pointer: OpaquePointer

    /// AEAD with forward secrecy only. AES-128 first: it is as good here, and cheaper than AES-256;
    /// a client that puts ChaCha20 first has no AES in hardware, and gets it.
    private static let ciphers12 =
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
        + "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
        + "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
    private static let ciphers13 =
        "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
    /// No finite-field groups: they let a client buy much of our time for little of its own.
    private static let groups = "X25519:P-256:P-384"

    /// A context with the settings that both sides share.
    init(
        _ side: Side, minVersion: TLSVersion, maxVersion: TLSVersion
    ) throws(TLSSetupError) {
        ErrorQueue.clear()
        let method =
            switch side {
            case .server: unsafe TLS_server_method()
            case .client: unsafe TLS_client_method()
            }
        // SAFETY: methods are constants of the library; the new context is ours.
        guard let context = unsafe SSL_CTX_new(method) else {
            throw TLSSetupError("OpenSSL makes no TLS context: \(ErrorQueue.takeReason())")
        }
        unsafe pointer = context

        let isReady =
            unsafe (sluice_SSL_CTX_set_min_proto_version(context, minVersion.code) == 1
            && sluice_SSL_CTX_set_max_proto_version(context, maxVersion.code) == 1
            && SSL_CTX_set_cipher_list(context, Self.ciphers12) == 1
            && SSL_CTX_set_ciphersuites(context, Self.ciphers13) == 1
            && sluice_SSL_CTX_set1_groups_list(context, Self.groups) == 1)
        if !isReady {
            throw TLSSetupError("OpenSSL refuses our TLS settings: \(ErrorQueue.takeReason())")
        }
        unsafe SSL_CTX_set_options(
            context,
            sluice_SSL_OP_NO_RENEGOTIATION() | sluice_SSL_OP_NO_COMPRESSION()
                | sluice_SSL_OP_CIPHER_SERVER_PREFERENCE() | sluice_SSL_OP_PRIORITIZE_CHACHA())
        // An idle session holds no buffer; a write takes what fits; the bytes of a write that has
        // to be repeated may stand elsewhere then. The chain is sent as the file has it, and not
        // completed from the system's store at every handshake.
        unsafe sluice_SSL_CTX_set_mode(
            context,
            UInt32(
                SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE
                    | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN))
        // One `read` per record instead of two (its header, then its body). The price is that
        // OpenSSL may hold bytes the kernel no longer reports: see `TLSSession.hasPending`.
        unsafe sluice_SSL_CTX_set_read_ahead(context, 1)
        // Nothing is kept per session: resumption lives in tickets alone (T12).
        unsafe sluice_SSL_CTX_set_session_cache_mode(context, Int(SSL_SESS_CACHE_OFF))
    }

    deinit {
        // SAFETY: we own one reference, and this is the only place that gives it up.
        unsafe SSL_CTX_free(pointer)
    }
}

extension TLSVersion {
    /// OpenSSL's number for the version.
    fileprivate var code: CInt {
        switch self {
        case .tls12: TLS1_2_VERSION
        case .tls13: TLS1_3_VERSION
        }
    }
}
