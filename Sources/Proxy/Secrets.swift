import Settings
import TLS

/// The keys that Sluice keeps for itself, and fingerprints of what it reads from files.
struct Secrets {
    let ticketKeys: TLSTicketKeys?
    let hash: KeyedHash?
    let hashKeyDigest: [UInt8]
    let tombstoneKey: KeyedHash?
    let certificateDigest: [UInt8]

    /// Reads or draws them; what fails is added to `problems`.
    init(_ settings: Settings, previous: Running?, problems: inout [String]) {
        ticketKeys = Self.ticketKeys(previous: previous, problems: &problems)
        let tls = settings.listeners.compactMap(\.tls)
        let files =
            tls.flatMap(\.certificates).flatMap { [$0.chain, $0.key] }
            + tls.compactMap(\.clientCertificates?.authorities)
        certificateDigest = Self.digest(of: files)
        let hash = Self.key(
            instead: previous.flatMap { $0.settings.hashKeyFile == nil ? $0.hash : nil },
            problems: &problems
        ) { () throws(Problems) in try settings.hashKey() }
        self.hash = hash.key
        hashKeyDigest = hash.digest
        tombstoneKey =
            Self.key(
                instead: previous.flatMap {
                    $0.settings.streams.tombstoneKeyFile == nil ? $0.tombstoneKey : nil
                }, problems: &problems
            ) { () throws(Problems) in try settings.tombstoneKey() }.key
    }

    /// Equal bytes have equal fingerprints; that is all it is for.
    private static let fingerprint = KeyedHash(key: [UInt8](repeating: 0, count: 32))

    /// What cannot be read here is reported by the module that loads it.
    private static func digest(of files: [String]) -> [UInt8] {
        var bytes: [UInt8] = []
        for path in files {
            do throws(SourceFile.Refusal) {
                let file = try SourceFile(path: path)
                bytes += file.bytes
            } catch {
                continue
            }
        }
        return fingerprint.digest(of: bytes.span)
    }

    private static func ticketKeys(
        previous: Running?, problems: inout [String]
    ) -> TLSTicketKeys? {
        if let previous { return previous.ticketKeys }
        do throws(TLSSetupError) {
            return try TLSTicketKeys()
        } catch {
            problems.append(error.message)
            return nil
        }
    }

    /// The key that `read` finds in a file. Without a file, the one of `previous`, which lasts as
    /// long as the process, or a new one.
    private static func key(
        instead previous: KeyedHash?, problems: inout [String],
        read: () throws(Problems) -> [UInt8]?
    ) -> (key: KeyedHash?, digest: [UInt8]) {
        do throws(Problems) {
            if let key = try read() {
                return (KeyedHash(key: key), fingerprint.digest(of: key.span))
            }
        } catch {
            problems += error.list.map(\.text)
            return (nil, [])
        }
        return (previous ?? drawnHash(&problems), [])
    }

    private static func drawnHash(_ problems: inout [String]) -> KeyedHash? {
        do throws(KeyedHashError) {
            return KeyedHash(key: try KeyedHash.randomKey())
        } catch {
            problems.append("the system has no random numbers for a key")
            return nil
        }
    }
}
