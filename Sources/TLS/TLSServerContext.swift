/// The server side of one listener: a context per certificate, and the table that picks one by the
/// name a client asks for. Immutable once made; a reload makes another and leaves this one to the
/// sessions that still use it (T17: a session never sees a mix).
///
/// `@unchecked Sendable`: it is shared by all workers, and the compiler cannot see that an
/// `SSL_CTX` is reference counted and safe to use from several threads once it is configured.
package final class TLSServerContext: @unchecked Sendable {
    /// Hand them to the context that a reload makes, so that clients can go on resuming.
    package let ticketKeys: TLSTicketKeys

    let protocols: ProtocolPreference
    /// Whether clients are asked for certificates.
    let verifiesClients: Bool
    private let contexts: [ContextHandle]
    private let names: ServerNames
    /// What each certificate stands for; empty when there is only one.
    private let scopes: [CertificateScope]

    /// Loads the certificates. Nothing is read from a file after this.
    package init(
        _ settings: TLSServerSettings, ticketKeys: TLSTicketKeys
    ) throws(TLSSetupError) {
        if settings.certificates.isEmpty {
            throw TLSSetupError("TLS needs a certificate: give a chain file and a key file")
        }
        var contexts: [ContextHandle] = []
        var names = ServerNames()
        var hostNamesOf: [[HostName]] = []
        for (index, files) in settings.certificates.enumerated() {
            let context = try ContextHandle(
                .server, minVersion: settings.minVersion, maxVersion: .tls13)
            let hostNames = try context.install(files)
            if let verification = settings.clientVerification {
                try context.verifyClients(verification)
            }
            hostNamesOf.append(hostNames)
            // All are added: one that is taken already does not keep out the next.
            let added = hostNames.filter { names.add($0, index: index) }
            if index > 0 && added.isEmpty {
                throw TLSSetupError(
                    "no client would ever get the certificate in \(files.chain): it names no host "
                        + "that an earlier certificate does not name; remove one of them")
            }
            contexts.append(context)
        }
        self.contexts = contexts
        self.names = names
        let all = names
        scopes = hostNamesOf.count > 1 ? hostNamesOf.map { CertificateScope($0, among: all) } : []
        self.ticketKeys = ticketKeys
        protocols = try ProtocolPreference(settings.applicationProtocols)
        verifiesClients = settings.clientVerification != nil
        for context in contexts { try context.serve(self) }
    }

    /// A context with ticket keys of its own, for a listener that replaces no other.
    package convenience init(_ settings: TLSServerSettings) throws(TLSSetupError) {
        try self.init(settings, ticketKeys: TLSTicketKeys())
    }

    /// To be called every `TLSTicketKeys.rotationPeriod`, on any thread.
    package func rotateTicketKeys() throws(TLSSetupError) { try ticketKeys.rotate() }

    /// What a session begins with, before the client has named a host.
    var initial: ContextHandle { contexts[0] }

    /// For what the certificate stands that a client gets who names this host; `nil` when there is
    /// only one certificate, and for a client that names none: it has no way to get another.
    package func scope(for serverName: String?) -> CertificateScope? {
        guard let serverName else { return nil }
        let name = HostName(serverName.utf8, allowsWildcard: false)
        let index = name.flatMap { names.index(for: $0) } ?? 0
        return index < scopes.count ? scopes[index] : nil
    }

    /// The context for a host name; `nil` leaves the client with the default certificate.
    func context(for name: HostName) -> ContextHandle? {
        names.index(for: name).map { contexts[$0] }
    }
}
