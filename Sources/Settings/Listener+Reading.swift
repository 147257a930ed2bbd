/// Listeners come from the file, from flags, or from both.
extension Settings.Listener {
    /// `--listen` replaces the addresses, `--cert` and `--key` the certificates of every listener.
    ///
    /// An address from a flag keeps the TLS settings of the file's first listener: to move a port
    /// must not turn encryption off.
    static func all(_ section: inout Section) -> [Self] {
        var listeners = section.groups(
            "listen", countMax: 64,
            "The addresses to accept connections on. `--listen` replaces all of them."
        ) { Self(&$0) }
        let flags = section.reading.flags
        if !flags[.listen].isEmpty {
            let tls = listeners.first?.tls
            listeners = flags[.listen].compactMap { text in
                section.read(.listenAddress, from: text, .listen).map {
                    Self(address: $0, tls: tls)
                }
            }
        } else if !section.isWritten("listen") {
            section.reportMissing("listen", example: "listen: [{address: ...}]", flag: .listen)
        }
        if let certificate = Settings.Certificate.fromFlags(section) {
            listeners = listeners.map { $0.replacing(certificate) }
        }
        reportDuplicates(among: listeners, in: section)
        return listeners
    }

    private init?(_ section: inout Section) {
        let address = section.required(
            "address", .listenAddress, example: "address: 0.0.0.0:8443",
            "`IPV4:PORT`, `[IPV6]:PORT`, or `unix:/PATH` for a socket in the file system.")
        tls = section.optionalGroup(
            "tls", "How the listener encrypts. Without it, it speaks plain HTTP."
        ) { Settings.TLS(&$0) }
        let balancers = section.groupOrOff(
            "proxy_protocol",
            "Whether connections begin with a PROXY header, version 1 or 2, that names the client. "
                + "Write the key `from`, or `off`, which is the default."
        ) { Self.proxyNetworks(&$0) }
        if balancers?.isEmpty == true, section.isWritten("proxy_protocol") {
            section.report("proxy_protocol", "missing; write from: [10.0.0.0/8]")
        }
        proxyProtocolFrom = balancers ?? []
        redirectsToPort = section.optional(
            "redirect_to_port", .port, absence: "none",
            "Set, every request is answered 308: the same host and path, with https, at this port.")
        connectionsMax = section.optional(
            "connections_max", .wholeNumber(1...1_000_000), absence: "those of limits",
            "Client connections of this listener.")
        if redirectsToPort != nil, tls != nil {
            section.report("redirect_to_port", "this listener has tls already; remove one of them")
        }
        guard let address else { return nil }
        self.address = address
    }

    private static func proxyNetworks(_ section: inout Section) -> [Network] {
        section.values(
            "from", .network, countMax: 64, absence: "none",
            "The networks of the balancers that write the header. Every connection from there must "
                + "begin with one, and connections from elsewhere are closed.") ?? []
    }

    private func replacing(_ certificate: Settings.Certificate) -> Self {
        Self(
            address: address,
            tls: redirectsToPort != nil && tls == nil
                ? nil
                : Settings.TLS(
                    certificates: [certificate],
                    minVersion: tls?.minVersion ?? Settings.TLS.minVersionDefault,
                    offersHTTP2: tls?.offersHTTP2 ?? true,
                    clientCertificates: tls?.clientCertificates),
            proxyProtocolFrom: proxyProtocolFrom, redirectsToPort: redirectsToPort,
            connectionsMax: connectionsMax)
    }

    private static func reportDuplicates(among listeners: [Self], in section: Section) {
        var seen: Set<Address> = []
        for listener in listeners where !seen.insert(listener.address).inserted {
            // Port 0 asks the system for a free one, and can do so twice.
            if case .tcp(_, 0) = listener.address { continue }
            section.report(
                "listen", "\(listener.address.text.shown) stands twice; keep one of them")
        }
    }
}

extension Settings.TLS {
    fileprivate static let minVersionDefault = Version.tls12

    fileprivate init(_ section: inout Section) {
        if !section.isWritten("certificates") {
            section.reportMissing(
                "certificates", example: "certificates: [{chain: chain.pem, key: key.pem}]",
                flag: .cert)
        }
        certificates = section.groups(
            "certificates", countMax: 256,
            "One for each server name; the first also serves all other names. `--cert` and "
                + "`--key` replace all of them."
        ) { Settings.Certificate(&$0) }
        minVersion = section.value(
            "min_version", .word(), default: Self.minVersionDefault,
            "The oldest version of TLS that is spoken.")
        offersHTTP2 = section.value(
            "http2", .boolean, default: true,
            "Whether HTTP/2 is offered. Without it a browser opens at most six connections.")
        clientCertificates = section.optionalGroup(
            "client_certificates", "Asks clients for a certificate (mutual TLS)."
        ) { Settings.ClientCertificates(&$0) }
    }
}

extension Settings.ClientCertificates {
    fileprivate init?(_ section: inout Section) {
        let authorities = section.required(
            "authorities", .path, example: "authorities: clients.pem",
            "A PEM file: the authorities that sign the certificates of clients.")
        isRequired = section.value(
            "required", .boolean, default: true,
            "Whether a client without a certificate is turned away.")
        guard let authorities else { return nil }
        self.authorities = authorities
    }
}

extension Settings.Certificate {
    init?(_ section: inout Section) {
        let chain = section.required(
            "chain", .path, example: "chain: chain.pem",
            "A PEM file: the certificate, and then those that lead to the authority.")
        let key = section.required(
            "key", .path, example: "key: key.pem", "A PEM file: the certificate's private key.")
        guard let chain, let key else { return nil }
        self.init(chain: chain, key: key)
    }

    fileprivate static func fromFlags(_ section: Section) -> Self? {
        let flags = section.reading.flags
        switch (flags[.cert].last, flags[.key].last) {
        case (nil, nil): return nil
        case (_?, nil): section.reading.report(.flag(.cert), "needs --key beside it")
        case (nil, _?): section.reading.report(.flag(.key), "needs --cert beside it")
        case (let chain?, let key?):
            let chain = section.read(.path, from: chain, .cert)
            let key = section.read(.path, from: key, .key)
            guard let chain, let key else { return nil }
            return Self(chain: chain, key: key)
        }
        return nil
    }
}
