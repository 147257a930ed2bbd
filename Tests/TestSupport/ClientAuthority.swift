import TLS

/// An authority for the certificates of clients, made with the `openssl` command: it can issue what
/// no sound authority would.
package final class ClientAuthority: Sendable {
    private let folder: TemporaryFolder
    package var path: String { folder.path + "/ca.pem" }

    package init(_ name: String = "Clients") async throws {
        folder = try TemporaryFolder()
        try await run(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-days", "30", "-subj", "/CN=\(name)", "-keyout", folder.path + "/ca.key", "-out", path)
    }

    /// A certificate for `subject`, such as `/CN=alice`. `extensions` are those of `x509v3_config(5)`.
    package func issue(
        _ file: String, subject: String, extensions: [String] = [], by issuer: String = "ca"
    ) async throws -> TLSServerSettings.CertificateFiles {
        let base = folder.path + "/" + file
        try await run(
            ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
                + ["-days", "30", "-subj", subject, "-keyout", base + ".key"]
                + ["-CA", folder.path + "/\(issuer).pem", "-CAkey", folder.path + "/\(issuer).key"]
                + extensions.flatMap { ["-addext", $0] } + ["-out", base + ".pem"])
        return TLSServerSettings.CertificateFiles(chain: base + ".pem", key: base + ".key")
    }

    /// A certificate that was good for one day in 2020.
    package func expired(subject: String) async throws -> TLSServerSettings.CertificateFiles {
        let base = folder.path + "/expired"
        try folder.write("", to: "index.txt")
        let config = try folder.write(
            """
            [ca]
            default_ca = one
            [one]
            database = \(folder.path)/index.txt
            new_certs_dir = \(folder.path)
            rand_serial = yes
            default_md = sha256
            policy = any
            [any]
            commonName = supplied
            """, to: "ca.conf")
        try await run(
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", subject, "-keyout", base + ".key", "-out", base + ".csr")
        try await run(
            "ca", "-batch", "-notext", "-config", config, "-cert", path, "-keyfile",
            folder.path + "/ca.key", "-startdate", "20200101000000Z", "-enddate",
            "20200102000000Z", "-in", base + ".csr", "-out", base + ".pem")
        return TLSServerSettings.CertificateFiles(chain: base + ".pem", key: base + ".key")
    }

    /// A certificate that vouches for itself.
    package func selfSigned() async throws -> TLSServerSettings.CertificateFiles {
        let base = folder.path + "/self"
        try await run(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", "/CN=alice", "-keyout", base + ".key", "-out", base + ".pem")
        return TLSServerSettings.CertificateFiles(chain: base + ".pem", key: base + ".key")
    }

    /// The same certificate, with others behind it in its file.
    package func chain(
        _ files: TLSServerSettings.CertificateFiles, behind others: [String], as name: String
    ) throws -> TLSServerSettings.CertificateFiles {
        let texts = try ([files.chain] + others).map { path in
            try folder.read(String(path.dropFirst(folder.path.utf8.count + 1)))
        }
        return TLSServerSettings.CertificateFiles(
            chain: try folder.write(texts.joined(), to: name + ".pem"), key: files.key)
    }

    /// Puts another authority into the file of this one.
    package func replace(by other: ClientAuthority) throws {
        try folder.write(try other.folder.read("ca.pem"), to: "ca.pem")
    }

    /// Leaves nothing in the file that could be read.
    package func damage() throws { try folder.write("no certificate", to: "ca.pem") }

    private func run(_ arguments: String...) async throws { try await run(arguments) }

    private func run(_ arguments: [String]) async throws {
        let child = try ChildProcess(["openssl"] + arguments)
        let exit = try await child.waitForExit()
        guard exit == .code(0) else { throw Failed(errors: child.errors) }
    }

    private struct Failed: Error { let errors: String }
}
