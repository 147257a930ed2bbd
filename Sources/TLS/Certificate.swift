private import COpenSSL
private import Glibc

/// One X.509 certificate. The owner frees it.
@safe struct Certificate: ~Copyable {
    /// For the calls of this module that hand it to OpenSSL while `self` is alive.
    let pointer: OpaquePointer

    /// Adopts a reference that OpenSSL has just handed us.
    @safe init(adopting pointer: OpaquePointer) { unsafe self.pointer = pointer }

    deinit {
        // SAFETY: we own one reference, and this is the only place that gives it up.
        unsafe X509_free(pointer)
    }

    /// Passes our reference to an owner inside OpenSSL.
    @safe consuming func release() -> OpaquePointer {
        let pointer = unsafe pointer
        discard self
        return unsafe pointer
    }

    func matches(_ key: borrowing PrivateKey) -> Bool {
        ErrorQueue.clear()
        defer { ErrorQueue.clear() }  // A mismatch leaves an entry that is nobody's failure.
        // SAFETY: both owners are borrowed for the length of the call.
        return unsafe X509_check_private_key(pointer, key.pointer) == 1
    }

    /// Why the certificate cannot be used today, or `nil`.
    var validityProblem: String? {
        // SAFETY: both times belong to the certificate, which `self` keeps alive.
        guard let start = unsafe X509_get0_notBefore(pointer),
            let end = unsafe X509_get0_notAfter(pointer)
        else { return "has no period of validity" }
        if unsafe X509_cmp_current_time(end) <= 0 {
            return "expired on \(unsafe Self.date(end)): renew it"
        }
        if unsafe X509_cmp_current_time(start) > 0 {
            return "is not valid before \(unsafe Self.date(start)): wait, or set the clock"
        }
        return nil
    }

    /// The host names it stands for: the DNS names of its SAN, or, only when it has none, its CN.
    var hostNames: [HostName] {
        let alternatives = alternativeNames
        return alternatives.isEmpty ? commonNames : alternatives
    }

    private var alternativeNames: [HostName] {
        alternatives(of: GEN_DNS).compactMap { HostName($0, allowsWildcard: true) }
    }

    private var commonNames: [HostName] {
        commonNameTexts.prefix(1).compactMap { HostName($0, allowsWildcard: true) }
    }

    /// The texts of one kind in its SAN, such as `GEN_DNS`, `GEN_EMAIL` or `GEN_URI`.
    func alternatives(of kind: CInt) -> [[UInt8]] {
        // SAFETY: OpenSSL returns a list that is ours to free, and whose entries it owns.
        guard
            let list = unsafe X509_get_ext_d2i(pointer, NID_subject_alt_name, nil, nil)
                .map({ OpaquePointer($0) })
        else { return [] }
        defer { unsafe GENERAL_NAMES_free(list) }

        var texts: [[UInt8]] = []
        for index in 0..<max(0, unsafe OPENSSL_sk_num(list)) {
            // SAFETY: the index is below the count, and the list holds `GENERAL_NAME`s; those of
            // these kinds all hold an `ASN1_IA5STRING`.
            guard
                let name = unsafe OPENSSL_sk_value(list, index)?
                    .assumingMemoryBound(to: GENERAL_NAME.self),
                unsafe name.pointee.type == kind, [GEN_DNS, GEN_EMAIL, GEN_URI].contains(kind),
                let text = unsafe name.pointee.d.ia5
            else { continue }
            if let text = unsafe Self.bytes(of: text) { texts.append(text) }
        }
        return texts
    }

    /// The common names of its subject.
    var commonNameTexts: [[UInt8]] {
        // SAFETY: the subject and its entries belong to the certificate, which `self` keeps alive.
        guard let subject = unsafe X509_get_subject_name(pointer) else { return [] }
        var texts: [[UInt8]] = []
        var index: CInt = -1
        while true {
            index = unsafe X509_NAME_get_index_by_NID(subject, NID_commonName, index)
            guard index >= 0, let entry = unsafe X509_NAME_get_entry(subject, index),
                let text = unsafe X509_NAME_ENTRY_get_data(entry),
                let bytes = unsafe Self.bytes(of: text)
            else { return texts }
            texts.append(bytes)
        }
    }

    /// The whole of an ASN.1 string, by its length, never up to a NUL.
    private static func bytes(of text: UnsafePointer<ASN1_STRING>) -> [UInt8]? {
        // SAFETY: the string owns exactly as many bytes as it says.
        guard let start = unsafe ASN1_STRING_get0_data(text) else { return nil }
        let count = unsafe Int(ASN1_STRING_length(text))
        return unsafe Array(UnsafeBufferPointer(start: start, count: max(0, count)))
    }

    /// A day as `2027-01-31`.
    private static func date(_ time: UnsafePointer<ASN1_TIME>) -> String {
        var parts = unsafe tm()
        // SAFETY: OpenSSL fills in the structure or answers 0.
        guard unsafe ASN1_TIME_to_tm(time, &parts) == 1 else { return "an unreadable date" }
        let (year, month, day) = unsafe (parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday)
        return "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)"
    }
}
