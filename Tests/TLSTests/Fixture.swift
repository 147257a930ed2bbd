import Testing

@testable import TLS

/// An authority, and a folder of certificates that it has signed.
struct Fixture: ~Copyable {
    let folder: TemporaryFolder
    private let authority: SelfSignedAuthority
    var authorityPath: String { folder.path + "/ca.pem" }

    init() throws {
        let folder = try TemporaryFolder()
        let authority = try SelfSignedAuthority()
        try authority.pem().write(to: folder.path + "/ca.pem", mode: 0o644)
        self.folder = folder
        self.authority = authority
    }

    /// Issues a certificate for names, into files that begin with `file`.
    func issue(
        _ file: String, names: [String], validity: CertificateDraft.Validity = .thirtyDays
    ) throws -> TLSServerSettings.CertificateFiles {
        let files = TLSServerSettings.CertificateFiles(
            chain: "\(folder.path)/\(file).pem", key: "\(folder.path)/\(file).key")
        try authority.issue(names: names, validity: validity)
            .write(chain: files.chain, key: files.key)
        return files
    }

    /// A server with one certificate, for `localhost`.
    func server(
        minVersion: TLSVersion = .tls12, protocols: [String] = ["http/1.1"]
    ) throws -> TLSServerContext {
        let files = try issue("localhost", names: ["localhost"])
        return try TLSServerContext(
            TLSServerSettings(
                certificates: [files], minVersion: minVersion, applicationProtocols: protocols))
    }

    /// A client that trusts the authority and no other.
    func client(
        maxVersion: TLSVersion = .tls13, protocols: [String] = []
    ) throws -> TLSClientContext {
        try TLSClientContext(
            TLSClientSettings(
                trust: .authorities(path: authorityPath), minVersion: .tls12,
                maxVersion: maxVersion, applicationProtocols: protocols))
    }
}
