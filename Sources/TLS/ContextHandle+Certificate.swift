private import COpenSSL

extension ContextHandle {
    /// Reads a chain and its key, and makes the context answer with them. What a handshake would
    /// otherwise find out is found out here, with the file's name (T16).
    ///
    /// - Returns: the host names that the certificate stands for.
    func install(
        _ files: TLSServerSettings.CertificateFiles
    ) throws(TLSSetupError) -> [HostName] {
        let file = try SetupFile(
            files.chain, purpose: "the server's certificate and the intermediate ones after it")
        let key = try PrivateKey(path: files.key)
        return try unsafe file.withSource { source throws(TLSSetupError) in
            guard let leaf = try unsafe nextCertificate(1, from: source, of: file) else {
                throw Self.noCertificate(in: file)
            }
            guard leaf.matches(key) else {
                throw try unsafe mismatch(key, files, rest: source, of: file)
            }
            if let problem = leaf.validityProblem {
                throw TLSSetupError("the certificate in \(file.path) \(problem)")
            }
            try use(leaf, key, of: file)
            try unsafe addIntermediates(from: source, of: file)
            return leaf.hostNames
        }
    }

    private func use(
        _ leaf: borrowing Certificate, _ key: borrowing PrivateKey, of file: borrowing SetupFile
    ) throws(TLSSetupError) {
        ErrorQueue.clear()
        // SAFETY: the context takes references of its own; all owners are borrowed for the calls.
        guard unsafe SSL_CTX_use_certificate(pointer, leaf.pointer) == 1,
            unsafe SSL_CTX_use_PrivateKey(pointer, key.pointer) == 1
        else {
            throw TLSSetupError(
                "OpenSSL refuses the certificate in \(file.path): \(ErrorQueue.takeReason()); "
                    + "issue one with a P-256 key or RSA of 2048 bits or more, and SHA-256")
        }
    }

    private func addIntermediates(
        from source: OpaquePointer, of file: borrowing SetupFile
    ) throws(TLSSetupError) {
        var number = 2
        while let next = try unsafe nextCertificate(number, from: source, of: file) {
            let certificate = next.release()
            // SAFETY: on success the context owns the certificate; otherwise we still do.
            if unsafe sluice_SSL_CTX_add0_chain_cert(pointer, certificate) != 1 {
                unsafe X509_free(certificate)
                throw TLSSetupError(
                    "OpenSSL refuses certificate \(number) in \(file.path): "
                        + ErrorQueue.takeReason())
            }
            number += 1
        }
    }

    /// The next certificate of a PEM file, or `nil` at its end.
    private func nextCertificate(
        _ number: Int, from source: OpaquePointer, of file: borrowing SetupFile
    ) throws(TLSSetupError) -> Certificate? {
        ErrorQueue.clear()
        // SAFETY: `withSource` keeps the source alive; what is returned is ours.
        if let certificate = unsafe PEM_read_bio_X509(source, nil, noPassPhrase, nil) {
            return Certificate(adopting: certificate)
        }
        guard let error = ErrorQueue.takeOldest() else { return nil }
        if error.isFromPEM && error.reason == PEM_R_NO_START_LINE { return nil }
        throw TLSSetupError(
            "certificate \(number) in \(file.path) is damaged (\(error.text)); export it again")
    }

    private static func noCertificate(in file: borrowing SetupFile) -> TLSSetupError {
        let hint =
            file.contains("PRIVATE KEY-----")
            ? "it holds a private key: are chain and key swapped?"
            : "expected PEM, with the line -----BEGIN CERTIFICATE-----"
        return TLSSetupError("\(file.path) holds no certificate; \(hint)")
    }

    /// The key does not fit the first certificate. If it fits a later one, the order is the cause.
    private func mismatch(
        _ key: borrowing PrivateKey, _ files: TLSServerSettings.CertificateFiles,
        rest source: OpaquePointer, of file: borrowing SetupFile
    ) throws(TLSSetupError) -> TLSSetupError {
        var number = 2
        while let next = try unsafe nextCertificate(number, from: source, of: file) {
            if next.matches(key) {
                return TLSSetupError(
                    "the key in \(files.key) belongs to certificate \(number) in \(files.chain); "
                        + "put that certificate first")
            }
            number += 1
        }
        return TLSSetupError(
            "the key in \(files.key) does not belong to the certificate in \(files.chain); "
                + "give the pair that was issued together")
    }
}
