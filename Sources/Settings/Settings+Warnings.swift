import Identity

/// What is allowed, but probably not meant.
extension Settings {
    static func warnings(
        listeners: [Listener], identity: IdentityRules, in section: Section
    ) -> [Problem] {
        var warnings: [Problem] = []
        if identity.places.isEmpty {
            warnings.append(
                Problem(
                    at: section.place(of: "identity"),
                    "tokens: none, so every stream counts for its client address and none is "
                        + "closed for a newer one; name the place that the gateway reads, such as "
                        + "bearer (--token)"))
        }
        if identity.places.contains(.certificate),
            !listeners.contains(where: { $0.tls?.clientCertificates != nil })
        {
            warnings.append(
                Problem(
                    at: section.place(of: "identity"),
                    "tokens: certificate, but no listener asks for one; write "
                        + "tls: {client_certificates: {authorities: clients.pem}}"))
        }
        if identity.places.count(where: { $0 != .certificate }) > 1 {
            warnings.append(
                Problem(
                    at: section.place(of: "identity"),
                    "tokens: several places, and nothing verifies tokens: a client with a valid "
                        + "token in one place and a forged one in another would count for the "
                        + "forged user; name only the place that the gateway reads"))
        }
        for listener in listeners where listener.tls == nil && !listener.address.isLocal {
            warnings.append(
                Problem(
                    at: section.place(of: "listen"),
                    "listen: \(listener.address.text.shown) speaks plain HTTP, so tokens cross the "
                        + "network for all to read; add tls (--cert and --key)"))
        }
        return warnings
    }

    /// Looks at the files that hold secrets. What is not there is the matter of whoever loads it.
    func secretWarnings() -> [Problem] {
        let keys = listeners.flatMap { $0.tls?.certificates ?? [] }.map(\.key)
        let paths = Set(keys + [hashKeyFile, streams.tombstoneKeyFile].compactMap(\.self))
        return paths.sorted().compactMap { path in
            guard SourceFile.version(of: path)?.isReadableByOthers == true else { return nil }
            return Problem(
                at: .file(path),
                "holds a secret, and every user of this machine can read it; run chmod o-r on it")
        }
    }
}

extension Address {
    /// Whether only this machine can reach it.
    fileprivate var isLocal: Bool {
        switch self {
        case .unix: true
        case .tcp(let host, _): host.hasPrefix("127.") || host == "::1"
        }
    }
}
