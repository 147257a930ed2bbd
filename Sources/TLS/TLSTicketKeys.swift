private import COpenSSL
import Locking

/// The keys that session tickets are sealed with: the current one, and the one before it, which
/// still opens tickets. All contexts of a process share them, over reloads too, so that a client can
/// resume with any worker and after any change of certificates.
///
/// A stolen key opens the recorded TLS 1.2 sessions that it sealed, so keys live in memory only and
/// the owner of the clock rotates them every ``rotationPeriod``. A ticket is good for as long.
package final class TLSTicketKeys: Sendable {
    package static let rotationPeriod = Duration.seconds(lifetimeSeconds)

    /// How long a ticket may be used. One rotation later its key is still there, two later not.
    static let lifetimeSeconds = 7200

    private struct Keys {
        var current: TicketKey
        var previous: TicketKey?
    }

    private let keys: Guarded<Keys>

    package init() throws(TLSSetupError) {
        keys = Guarded(Keys(current: try TicketKey(), previous: nil))
    }

    /// Seals new tickets with a new key, and forgets the key before the last.
    package func rotate() throws(TLSSetupError) {
        let fresh = try TicketKey()
        keys.withLock { keys in keys = Keys(current: fresh, previous: keys.current) }
    }

    var current: TicketKey { keys.withLock { $0.current } }

    /// The key with this name, and whether it is the current one.
    func find(_ name: Span<UInt8>) -> (key: TicketKey, isCurrent: Bool)? {
        let keys = keys.withLock { $0 }
        if keys.current.hasName(name) { return (keys.current, true) }
        guard let previous = keys.previous, previous.hasName(name) else { return nil }
        return (previous, false)
    }
}

/// One ticket key: a public name, AES-256 to hide and HMAC-SHA-256 to seal (RFC 5077, section 4).
struct TicketKey: Sendable {
    static let nameLength = 16
    private static let secretLength = 32

    let name: [UInt8]
    let encryption: [UInt8]
    let authentication: [UInt8]

    init() throws(TLSSetupError) {
        name = try randomBytes(Self.nameLength)
        encryption = try randomBytes(Self.secretLength)
        authentication = try randomBytes(Self.secretLength)
    }

    func hasName(_ other: Span<UInt8>) -> Bool {
        guard other.count == name.count else { return false }
        for index in other.indices where other[index] != name[index] { return false }
        return true
    }
}

/// Bytes that nobody can guess.
private func randomBytes(_ count: Int) throws(TLSSetupError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    ErrorQueue.clear()
    // SAFETY: the array lends exactly `count` bytes for the length of the call.
    guard unsafe RAND_bytes(&bytes, CInt(count)) == 1 else {
        throw TLSSetupError("OpenSSL has no random bytes: \(ErrorQueue.takeReason())")
    }
    return bytes
}
