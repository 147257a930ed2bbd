private import COpenSSL

/// A private key. The owner frees it, and OpenSSL wipes it then.
@safe struct PrivateKey: ~Copyable {
    /// For the calls of this module that hand it to OpenSSL while `self` is alive.
    let pointer: OpaquePointer

    /// Adopts a reference that OpenSSL has just handed us.
    @safe init(adopting pointer: OpaquePointer) { unsafe self.pointer = pointer }

    /// Reads the first private key of a PEM file; certificates beside it are passed over.
    init(path: String) throws(TLSSetupError) {
        let file = try SetupFile(path, purpose: "the certificate's private key")
        ErrorQueue.clear()
        let key = try unsafe file.withSource { source throws(TLSSetupError) in
            // SAFETY: the source is alive for the length of this closure.
            unsafe PEM_read_bio_PrivateKey(source, nil, noPassPhrase, nil)
        }
        guard let key = unsafe key else { throw Self.problem(with: file) }
        self.init(adopting: key)
    }

    deinit {
        // SAFETY: we own one reference, and this is the only place that gives it up.
        unsafe EVP_PKEY_free(pointer)
    }

    private static func problem(with file: borrowing SetupFile) -> TLSSetupError {
        let reason = ErrorQueue.takeReason()
        if file.contains("ENCRYPTED") {
            return TLSSetupError(
                "the key in \(file.path) is encrypted, and nobody is there to type the pass "
                    + "phrase; decrypt it with: openssl pkey -in \(file.path) -out plain.pem")
        }
        if !file.contains("PRIVATE KEY-----") {
            return TLSSetupError(
                "\(file.path) holds no private key; expected PEM, with a line such as "
                    + "-----BEGIN PRIVATE KEY-----")
        }
        return TLSSetupError("the key in \(file.path) is damaged (\(reason)); export it again")
    }
}

/// Answers OpenSSL's question for a pass phrase with no. Without it, OpenSSL asks the terminal.
@safe func noPassPhrase(
    _: UnsafeMutablePointer<CChar>?, _: CInt, _: CInt, _: UnsafeMutableRawPointer?
) -> CInt { -1 }
