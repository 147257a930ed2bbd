/// What one listener needs to speak TLS: its certificates, and what it offers to clients.
package struct TLSServerSettings: Sendable {
    /// A certificate and its key, as paths of PEM files. The chain file holds the server's own
    /// certificate first and the intermediate ones after it.
    package struct CertificateFiles: Sendable, Equatable {
        package var chain: String
        package var key: String

        package init(chain: String, key: String) {
            self.chain = chain
            self.key = key
        }
    }

    /// The first is the default; the others are picked by the name that a client asks for.
    package var certificates: [CertificateFiles]
    package var minVersion: TLSVersion
    /// The protocols we offer by ALPN, the preferred one first. With none, ALPN is not answered.
    package var applicationProtocols: [String]
    /// Whether clients show certificates; `nil` asks for none.
    package var clientVerification: ClientVerification?

    /// Whose certificates of clients are believed.
    package struct ClientVerification: Sendable, Equatable {
        /// A PEM file.
        package var authorities: String
        /// Whether a client without a certificate is turned away.
        package var isRequired: Bool

        package init(authorities: String, isRequired: Bool) {
            self.authorities = authorities
            self.isRequired = isRequired
        }
    }

    package init(
        certificates: [CertificateFiles], minVersion: TLSVersion, applicationProtocols: [String],
        clientVerification: ClientVerification? = nil
    ) {
        self.clientVerification = clientVerification
        self.certificates = certificates
        self.minVersion = minVersion
        self.applicationProtocols = applicationProtocols
    }
}
