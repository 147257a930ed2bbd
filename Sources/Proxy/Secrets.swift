import Settings
import TLS

/// The keys that Sluice keeps for itself.
struct Secrets {
    let ticketKeys: TLSTicketKeys?
    let hash: KeyedHash?
    let tombstoneKey: KeyedHash?

    /// Reads or draws them; what fails is added to `problems`.
    init(_ settings: Settings, previous: Running?, problems: inout [String]) {
        ticketKeys = Self.ticketKeys(previous: previous, problems: &problems)
        hash = Self.key(
            instead: previous.flatMap { $0.settings.hashKeyFile == nil ? $0.hash : nil },
            problems: &problems
        ) { () throws(Problems) in try settings.hashKey() }
        tombstoneKey = Self.key(
            instead: previous.flatMap {
                $0.settings.streams.tombstoneKeyFile == nil ? $0.tombstoneKey : nil
            }, problems: &problems
        ) { () throws(Problems) in try settings.tombstoneKey() }
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
    ) -> KeyedHash? {
        do throws(Problems) {
            if let key = try read() { return KeyedHash(key: key) }
        } catch {
            problems += error.list.map(\.text)
            return nil
        }
        return previous ?? drawnHash(&problems)
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
