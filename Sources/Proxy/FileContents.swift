import Settings
import TLS

/// Fingerprints of what the files hold that the settings name, by the key that names them. A file
/// that is written anew in its place is news, and one that is called otherwise is not.
struct FileContents: Equatable {
    private let digests: [String: [[UInt8]]]

    init(of settings: Settings) {
        digests = Self.paths(in: settings).mapValues { $0.map(Self.digest) }
    }

    /// Every file whose bytes are in force, but for the settings' own and the policies'.
    private static func paths(in settings: Settings) -> [String: [String]] {
        let tls = settings.listeners.compactMap(\.tls)
        let certificates = tls.flatMap(\.certificates)
        let gateway = settings.gateway.tls
        return [
            "listen[].tls.certificates[].chain": certificates.map(\.chain),
            "listen[].tls.certificates[].key": certificates.map(\.key),
            "listen[].tls.client_certificates.authorities":
                tls.compactMap(\.clientCertificates?.authorities),
            "gateway.tls.authorities": [gateway.authorities].compactMap(\.self),
            "gateway.tls.certificate.chain": [gateway.certificate?.chain].compactMap(\.self),
            "gateway.tls.certificate.key": [gateway.certificate?.key].compactMap(\.self),
            "identity.hash_key_file": [settings.hashKeyFile].compactMap(\.self),
            "streams.tombstone_key_file": [settings.streams.tombstoneKeyFile].compactMap(\.self),
        ]
    }

    /// The keys whose files hold something else.
    func changes(since other: FileContents) -> [String] {
        digests.keys.filter { digests[$0] != other.digests[$0] }.sorted()
    }

    /// Whether files differ whose key begins so.
    func differ(from other: FileContents, below prefix: String) -> Bool {
        changes(since: other).contains { $0.hasPrefix(prefix) }
    }

    /// Equal bytes have equal fingerprints; that is all it is for.
    private static let fingerprint = KeyedHash(key: [UInt8](repeating: 0, count: 32))

    /// What cannot be read here, or is too long, is known by what the system says of it. Whether it
    /// is of use is the matter of whoever loads it.
    private static func digest(of path: String) -> [UInt8] {
        do throws(SourceFile.Refusal) {
            let file = try SourceFile(path: path)
            return fingerprint.digest(of: file.bytes.span)
        } catch {
            return Array(String(reflecting: SourceFile.version(of: path)).utf8)
        }
    }
}
