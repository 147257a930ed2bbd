private import COpenSSL

/// What a client may send when it is asked for certificates (T18).
enum ClientCertificateLimits {
    /// All of its chain: a dozen certificates with RSA keys. With it the rest of the handshake must be
    /// within ``ReadAllowance/handshakeBytesMax``, so that OpenSSL is the one to refuse it.
    static let listBytesMax = 49_152
    /// Authorities between the client's own certificate and one that we know.
    static let chainDepthMax: CInt = 8
    /// The name that is taken from it.
    static let nameBytesMax = 256
}

extension ContextHandle {
    /// Asks clients for certificates, and believes those of the authorities.
    func verifyClients(
        _ verification: TLSServerSettings.ClientVerification
    ) throws(TLSSetupError) {
        ErrorQueue.clear()
        let path = verification.authorities
        // SAFETY: the path is a string that lives across the calls; the list becomes the context's.
        guard let names = unsafe SSL_load_client_CA_file(path),
            unsafe SSL_CTX_load_verify_file(pointer, path) == 1
        else {
            throw TLSSetupError(
                "cannot use the authorities in \(path): \(ErrorQueue.takeReason()); it must "
                    + "hold certificates in PEM form")
        }
        unsafe SSL_CTX_set_client_CA_list(pointer, names)
        let mode = SSL_VERIFY_PEER | (verification.isRequired ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0)
        unsafe SSL_CTX_set_verify(pointer, mode, nil)
        unsafe SSL_CTX_set_verify_depth(pointer, ClientCertificateLimits.chainDepthMax)
    }

    /// Gives out no tickets and takes none.
    func resumeNothing() {
        unsafe SSL_CTX_set_options(pointer, sluice_SSL_OP_NO_TICKET())
        unsafe SSL_CTX_set_num_tickets(pointer, 0)
    }
}

extension TLSSession {
    /// The name in the peer's certificate; `nil` without one, without a name, and with one that no
    /// log or message could carry.
    package var certificateName: String? {
        // SAFETY: `self` owns the session; the certificate is a reference of ours.
        guard unsafe SSL_get_verify_result(session) == Int(X509_V_OK),
            let pointer = unsafe SSL_get1_peer_certificate(session)
        else { return nil }
        return Certificate(adopting: pointer).clientName
    }

    /// Why the peer's certificate is not believed, in OpenSSL's words; `nil` when it is.
    package var certificateProblem: String? {
        // SAFETY: `self` owns the session; the text is a constant of the library.
        let result = unsafe SSL_get_verify_result(session)
        guard result != Int(X509_V_OK) else { return nil }
        return unsafe X509_verify_cert_error_string(result).map { unsafe String(cString: $0) }
    }
}
