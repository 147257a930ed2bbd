package import Policy
package import TLS

/// Writes tombstones and reads them back: `~s1.` and, in base64url,
///
///     flags 1 | round 1 | expires 4 | stream 8 | user 8 | last event id ... | signature 16
///
/// Numbers are big-endian; `expires` is in seconds since 1970. `user` is a keyed hash, and so is the
/// signature (HMAC-SHA-256, cut), which also covers the origin that may read our answers. Without
/// the key nobody can tell whom a tombstone is about, make one, or use another user's.
package struct TombstoneSeal: Sendable {
    package static let prefix = "~s1."

    /// Whether a last event id can only be meant for us.
    package static func looksLikeOne(_ id: ArraySlice<UInt8>) -> Bool {
        id.starts(with: prefix.utf8)
    }

    private static let headBytes = 22
    private static let signatureBytes = 16
    private static let bytesMax = headBytes + Tombstone.lastEventIDBytesMax + signatureBytes

    private let key: KeyedHash

    package init(key: KeyedHash) { self.key = key }

    /// The tombstone as text, at most 128 bytes long for an id of at most 54.
    package func write(_ tombstone: Tombstone, for user: User, expires: Int64) -> String {
        var bytes = [tombstone.sharing.flags, tombstone.round]
        bytes += UInt32(clamping: expires).bigEndianBytes
        bytes += tombstone.stream.bigEndianBytes
        bytes += tag(of: user)
        bytes += tombstone.lastEventID.utf8
        bytes += signature(of: bytes, origin: tombstone.sharing.originText)
        return Self.prefix + Base64URL.encode(bytes)
    }

    /// What the `Last-Event-ID` of a request is, when it comes from `user` and `origin` at `now`,
    /// in seconds since 1970.
    package func read(_ text: String, from user: User, origin: String?, now: Int64) -> LastEventID {
        guard text.utf8.starts(with: Self.prefix.utf8) else { return .plain }
        let encoded = Array(text.utf8.dropFirst(Self.prefix.utf8.count))
        guard encoded.count <= Self.bytesMax * 4 / 3 + 1,
            let bytes = Base64URL.decode(encoded[...]),
            bytes.count >= Self.headBytes + Self.signatureBytes
        else { return .forged }
        let signed = Array(bytes.dropLast(Self.signatureBytes))
        let sharing = CrossOriginSharing(flags: signed[0], origin: origin)
        let expected = signature(of: signed, origin: sharing.originText)
        let found = Array(bytes.suffix(Self.signatureBytes))
        guard KeyedHash.equalInConstantTime(expected.span, found.span) else { return .forged }
        let id = String(decoding: signed[Self.headBytes...], as: UTF8.self)
        let isOfUser = KeyedHash.equalInConstantTime(
            tag(of: user).span, Array(signed[14..<22]).span)
        let expires = Int64(UInt64(bigEndianBytes: signed[2..<6]))
        guard isOfUser, now < expires,
            let tombstone = Tombstone(
                stream: UInt64(bigEndianBytes: signed[6..<14]), round: signed[1],
                lastEventID: id, sharing: sharing)
        else { return .spent(lastEventID: id) }
        return .tombstone(tombstone)
    }

    /// Eight bytes that tell one user from another.
    private func tag(of user: User) -> [UInt8] {
        let (kind, name) =
            switch user {
            case .claim(let value): ("claim", value)
            case .token(let hash): ("token", hash)
            case .certificate(let name): ("certificate", name)
            case .address(let address): ("address", address)
            }
        let message = Array("user\0".utf8) + kind.utf8 + [0] + name.utf8
        return Array(key.digest(of: message.span).prefix(8))
    }

    private func signature(of bytes: [UInt8], origin: String) -> [UInt8] {
        // No origin contains a NUL, so the two parts cannot run into each other.
        let message = Array("tombstone\0".utf8) + origin.utf8 + [0] + bytes
        return Array(key.digest(of: message.span).prefix(Self.signatureBytes))
    }
}

extension CrossOriginSharing {
    fileprivate var flags: UInt8 {
        switch self {
        case .none: 0
        case .anyone: 1
        case .origin(_, withCredentials: false): 2
        case .origin(_, withCredentials: true): 3
        }
    }

    /// `origin` is what the request says now: for another one, the signature does not hold.
    fileprivate init(flags: UInt8, origin: String?) {
        switch flags {
        case 1: self = .anyone
        case 2, 3: self = .origin(origin ?? "", withCredentials: flags == 3)
        default: self = .none
        }
    }

    fileprivate var originText: String {
        switch self {
        case .none, .anyone: ""
        case .origin(let origin, _): origin
        }
    }
}

extension FixedWidthInteger where Self: UnsignedInteger {
    fileprivate var bigEndianBytes: [UInt8] {
        (0..<Self.bitWidth / 8).reversed().map { UInt8(truncatingIfNeeded: self >> ($0 * 8)) }
    }
}

extension UInt64 {
    /// The number that at most eight bytes spell.
    fileprivate init(bigEndianBytes bytes: ArraySlice<UInt8>) {
        self = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
