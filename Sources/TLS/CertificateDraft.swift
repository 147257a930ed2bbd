private import COpenSSL

/// A certificate in the making: fields first, extensions next, the signature last.
struct CertificateDraft: ~Copyable {
    /// When a certificate is valid, in seconds from now.
    struct Validity {
        var start: Int
        var end: Int

        /// From a minute ago, for clocks that differ, to 30 days from now.
        static let thirtyDays = Validity(start: -60, end: 30 * 86_400)
    }

    let certificate: Certificate

    /// A draft that names itself as its issuer.
    init(
        subject: String, key: borrowing PrivateKey, validity: Validity
    ) throws(TLSSetupError) {
        ErrorQueue.clear()
        guard let pointer = unsafe X509_new() else { throw Self.refusal }
        let certificate = Certificate(adopting: pointer)
        // SAFETY: all parts belong to the certificate just made; values are copied.
        guard unsafe X509_set_version(pointer, Int(X509_VERSION_3)) == 1,
            unsafe ASN1_INTEGER_set_uint64(
                X509_get_serialNumber(pointer), .random(in: 1...UInt64(Int64.max))) == 1,
            unsafe X509_gmtime_adj(X509_getm_notBefore(pointer), validity.start) != nil,
            unsafe X509_gmtime_adj(X509_getm_notAfter(pointer), validity.end) != nil,
            unsafe X509_set_pubkey(pointer, key.pointer) == 1,
            let name = unsafe X509_get_subject_name(pointer),
            unsafe X509_NAME_add_entry_by_NID(
                name, NID_commonName, MBSTRING_UTF8, subject, -1, -1, 0) == 1,
            unsafe X509_set_issuer_name(pointer, name) == 1
        else { throw Self.refusal }
        self.certificate = certificate
    }

    func setIssuer(_ issuer: borrowing Certificate) throws(TLSSetupError) {
        // SAFETY: both certificates are borrowed for the call, which copies the name.
        let name = unsafe X509_get_subject_name(issuer.pointer)
        guard unsafe X509_set_issuer_name(certificate.pointer, name) == 1 else {
            throw Self.refusal
        }
    }

    /// Adds an extension, in the words of `x509v3_config(5)`.
    func add(
        _ kind: CInt, _ value: String, issuer: borrowing Certificate
    ) throws(TLSSetupError) {
        ErrorQueue.clear()
        var context = unsafe X509V3_CTX()
        // SAFETY: the context only points at the two certificates, and does not leave this call.
        unsafe X509V3_set_ctx(&context, issuer.pointer, certificate.pointer, nil, nil, 0)
        guard let part = unsafe X509V3_EXT_conf_nid(nil, &context, kind, value) else {
            throw Self.refusal
        }
        defer { unsafe X509_EXTENSION_free(part) }
        guard unsafe X509_add_ext(certificate.pointer, part, -1) == 1 else { throw Self.refusal }
    }

    consuming func signed(by key: borrowing PrivateKey) throws(TLSSetupError) -> Certificate {
        // SAFETY: certificate and key are alive for the call; the digest is a constant.
        guard unsafe X509_sign(certificate.pointer, key.pointer, EVP_sha256()) > 0 else {
            throw Self.refusal
        }
        return certificate
    }

    private static var refusal: TLSSetupError {
        TLSSetupError("OpenSSL makes no certificate: \(ErrorQueue.takeReason())")
    }
}
