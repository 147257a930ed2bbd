private import COpenSSL
private import Glibc

/// A certificate authority for an afternoon: for `sluice demo` and for tests, never for a service.
/// Its key lives in memory and is gone with it, so what it has signed is all it will ever sign.
package struct SelfSignedAuthority: ~Copyable {
    private let certificate: Certificate
    private let key: PrivateKey

    /// Makes a new authority, and a server certificate of it for `names` (host names, wildcards
    /// and IP addresses). Writes `ca.pem`, `chain.pem` and `key.pem`, the last for its owner only.
    package static func write(
        to directory: String, names: [String]
    ) throws(TLSSetupError) {
        let authority = try SelfSignedAuthority()
        let issued = try authority.issue(names: names, validity: .thirtyDays)
        try makeDirectory(directory)
        try authority.pem().write(to: directory + "/ca.pem", mode: 0o644)
        try issued.write(chain: directory + "/chain.pem", key: directory + "/key.pem")
    }

    init() throws(TLSSetupError) {
        let key = try PrivateKey.generated()
        let draft = try CertificateDraft(
            subject: "Sluice demo authority", key: key, validity: .thirtyDays)
        try draft.add(NID_subject_key_identifier, "hash", issuer: draft.certificate)
        try draft.add(
            NID_basic_constraints, "critical,CA:TRUE,pathlen:0", issuer: draft.certificate)
        try draft.add(NID_key_usage, "critical,keyCertSign,cRLSign", issuer: draft.certificate)
        certificate = try draft.signed(by: key)
        self.key = key
    }

    /// The authority's own certificate, for clients that are to trust it.
    func pem() throws(TLSSetupError) -> PEMText { try PEMText(certificate) }

    /// A certificate for servers, with a key of its own.
    func issue(
        names: [String], validity: CertificateDraft.Validity
    ) throws(TLSSetupError) -> IssuedCertificate {
        let serverKey = try PrivateKey.generated()
        let draft = try CertificateDraft(
            subject: "Sluice demo server", key: serverKey, validity: validity)
        try draft.setIssuer(certificate)
        try draft.add(NID_basic_constraints, "critical,CA:FALSE", issuer: certificate)
        try draft.add(NID_key_usage, "critical,digitalSignature", issuer: certificate)
        try draft.add(NID_ext_key_usage, "serverAuth", issuer: certificate)
        try draft.add(NID_authority_key_identifier, "keyid", issuer: certificate)
        try draft.add(
            NID_subject_alt_name, Self.alternativeNames(names), issuer: certificate)
        let signed = try draft.signed(by: key)
        return IssuedCertificate(chain: try PEMText(signed), key: try PEMText(serverKey))
    }

    /// The names as OpenSSL reads them, such as `DNS:localhost,IP:127.0.0.1`. Each is checked
    /// first: a comma in one would add another.
    private static func alternativeNames(_ names: [String]) throws(TLSSetupError) -> String {
        if names.isEmpty { throw TLSSetupError("a certificate needs at least one name") }
        var parts: [String] = []
        for name in names {
            if isIPAddress(name) {
                parts.append("IP:" + name)
            } else if HostName(name.utf8, allowsWildcard: true) != nil {
                parts.append("DNS:" + name)
            } else {
                throw TLSSetupError("\"\(name)\" is no host name and no IP address")
            }
        }
        return parts.joined(separator: ",")
    }

    private static func isIPAddress(_ text: String) -> Bool {
        defer { ErrorQueue.clear() }
        // SAFETY: the text lives across the call; what is returned is ours to free.
        guard let address = unsafe a2i_IPADDRESS(text) else { return false }
        unsafe ASN1_OCTET_STRING_free(address)
        return true
    }
}

/// A certificate with its chain and its key, as text for files.
struct IssuedCertificate {
    let chain: PEMText
    let key: PEMText

    func write(chain chainPath: String, key keyPath: String) throws(TLSSetupError) {
        try chain.write(to: chainPath, mode: 0o644)
        try key.write(to: keyPath, mode: 0o600)
    }
}

private func makeDirectory(_ path: String) throws(TLSSetupError) {
    // SAFETY: the path is a string that lives across the call.
    if unsafe mkdir(path, 0o755) != 0 && errno != EEXIST {
        throw TLSSetupError("cannot make the directory \(path): \(systemErrorText(errno))")
    }
}

extension PrivateKey {
    /// A new P-256 key: what every client can verify, and cheap to sign with.
    fileprivate static func generated() throws(TLSSetupError) -> PrivateKey {
        ErrorQueue.clear()
        // SAFETY: the curve's name is a constant; the key is ours.
        guard let key = unsafe sluice_EVP_EC_gen("P-256") else {
            throw TLSSetupError("OpenSSL makes no key: \(ErrorQueue.takeReason())")
        }
        return PrivateKey(adopting: key)
    }
}
