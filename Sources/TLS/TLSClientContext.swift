private import COpenSSL

/// What we need to speak TLS as a client: to a gateway behind https, and in tests.
package struct TLSClientSettings: Sendable {
    /// Whom we believe to be the server we asked for.
    package enum Trust: Sendable {
        /// The authorities in a PEM file.
        case authorities(path: String)
        /// The authorities that the system trusts.
        case system
        /// Anyone. For tests: with it, TLS hides bytes from bystanders and proves nothing.
        case anyone
    }

    package var trust: Trust
    package var minVersion: TLSVersion
    package var maxVersion: TLSVersion
    /// What we offer by ALPN; with none, ALPN is not used.
    package var applicationProtocols: [String]
    /// What is shown to a server that asks for a certificate.
    package var certificate: TLSServerSettings.CertificateFiles?

    package init(
        trust: Trust, minVersion: TLSVersion, maxVersion: TLSVersion,
        applicationProtocols: [String], certificate: TLSServerSettings.CertificateFiles? = nil
    ) {
        self.trust = trust
        self.minVersion = minVersion
        self.maxVersion = maxVersion
        self.applicationProtocols = applicationProtocols
        self.certificate = certificate
    }
}

/// The client side of TLS, shared by all sessions with one set of settings.
///
/// `@unchecked Sendable` for the reason that `TLSServerContext` gives.
package final class TLSClientContext: @unchecked Sendable {
    let context: ContextHandle

    package init(_ settings: TLSClientSettings) throws(TLSSetupError) {
        context = try ContextHandle(
            .client, minVersion: settings.minVersion, maxVersion: settings.maxVersion)
        try context.trust(settings.trust)
        let protocols = try ProtocolPreference(settings.applicationProtocols)
        if !protocols.isEmpty { try context.offer(protocols) }
        if let files = settings.certificate { _ = try context.install(files) }
    }
}

extension ContextHandle {
    fileprivate func trust(_ trust: TLSClientSettings.Trust) throws(TLSSetupError) {
        ErrorQueue.clear()
        switch trust {
        case .authorities(let path):
            // SAFETY: the path is a string that lives across the call.
            guard unsafe SSL_CTX_load_verify_file(pointer, path) == 1 else {
                throw TLSSetupError(
                    "cannot use the authorities in \(path): \(ErrorQueue.takeReason()); it must "
                        + "hold certificates in PEM form")
            }
        case .system:
            guard unsafe SSL_CTX_set_default_verify_paths(pointer) == 1 else {
                throw TLSSetupError(
                    "the system's certificate authorities are unreadable: "
                        + ErrorQueue.takeReason())
            }
        case .anyone:
            return unsafe SSL_CTX_set_verify(pointer, SSL_VERIFY_NONE, nil)
        }
        unsafe SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, nil)
    }

    fileprivate func offer(_ protocols: ProtocolPreference) throws(TLSSetupError) {
        let list = protocols.wireFormat
        // SAFETY: OpenSSL copies the list. This function, unlike its kind, answers 0 for success.
        guard unsafe SSL_CTX_set_alpn_protos(pointer, list, UInt32(list.count)) == 0 else {
            throw TLSSetupError("OpenSSL refuses the application protocols to offer")
        }
    }
}

/// Asks the server for a host's certificate, and makes the handshake fail with another. An IP
/// address is compared too but never sent (RFC 6066, section 3).
///
/// - Returns: whether the name is one that can be asked for.
func expect(_ serverName: String, on session: OpaquePointer) -> Bool {
    ErrorQueue.clear()
    defer { ErrorQueue.clear() }  // "No IP address" is an answer here, not a failure.
    // SAFETY: the caller owns the session; OpenSSL copies the strings.
    if let parameters = unsafe SSL_get0_param(session),
        unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, serverName) == 1
    {
        return true
    }
    guard HostName(serverName.utf8, allowsWildcard: false) != nil else { return false }
    return unsafe SSL_set1_host(session, serverName) == 1
        && sluice_SSL_set_tlsext_host_name(session, serverName) == 1
}
