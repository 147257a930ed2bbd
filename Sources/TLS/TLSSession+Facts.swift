private import COpenSSL

/// What was agreed in the handshake. Text is made on demand: these are for logs and decisions, not
/// for the byte path.
extension TLSSession {
    /// The protocol that ALPN settled on, or `nil` if it was not used.
    package var negotiatedProtocol: String? {
        var start: UnsafePointer<UInt8>?
        var count: CUnsignedInt = 0
        // SAFETY: `self` owns the session, which owns the name that it lends.
        unsafe SSL_get0_alpn_selected(session, &start, &count)
        guard let start = unsafe start, count > 0 else { return nil }
        return unsafe String(
            decoding: UnsafeBufferPointer(start: start, count: Int(count)), as: UTF8.self)
    }

    /// The host that the client named, as it wrote it: at most 255 bytes, and not to be trusted.
    package var serverName: String? {
        // SAFETY: as above; OpenSSL keeps the name as a C string and refuses one with a NUL.
        guard let name = unsafe SSL_get_servername(session, TLSEXT_NAMETYPE_host_name) else {
            return nil
        }
        return unsafe String(cString: name)
    }

    /// For example `TLSv1.3`.
    package var version: String {
        // SAFETY: a constant of the library.
        unsafe String(cString: SSL_get_version(session))
    }

    /// For example `TLS_AES_128_GCM_SHA256`; `nil` before the handshake is done.
    package var cipher: String? {
        // SAFETY: a constant of the library.
        guard let cipher = unsafe SSL_get_current_cipher(session) else { return nil }
        return unsafe SSL_CIPHER_get_name(cipher).map { unsafe String(cString: $0) }
    }

    /// Whether the handshake was a short one, with a ticket from an earlier session.
    package var isResumed: Bool {
        // SAFETY: `self` owns the session.
        unsafe SSL_session_reused(session) == 1
    }
}
