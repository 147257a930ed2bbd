private import COpenSSL

extension Certificate {
    /// Whom a client's certificate names: its first URI, else its first e-mail address, else its
    /// first DNS name, else its only common name.
    ///
    /// A name with a control byte, of no valid text or of too many bytes is none, and none is looked
    /// for behind it: who is named must not depend on how much of a name somebody reads (T18).
    var clientName: String? {
        for kind in [GEN_URI, GEN_EMAIL, GEN_DNS] {
            if let first = alternatives(of: kind).first { return Self.clientName(first) }
        }
        let names = commonNameTexts
        return names.count == 1 ? Self.clientName(names[0]) : nil
    }

    private static func clientName(_ bytes: [UInt8]) -> String? {
        guard !bytes.isEmpty, bytes.count <= ClientCertificateLimits.nameBytesMax,
            let name = String(validating: bytes, as: UTF8.self),
            !name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else { return nil }
        return name
    }
}
