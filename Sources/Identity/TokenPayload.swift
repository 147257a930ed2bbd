import Policy

/// The scalar claims of a JSON Web Token, by dotted path, as far as they can be read without doubt.
struct TokenPayload {
    /// Bounds the claims that a stream keeps: each costs memory for as long as it lives.
    static let claimCountMax = 64
    static let claimBytesMax = 4096
    /// Bounds the value of the user's claim, in bytes.
    static let userBytesMax = 256

    private let scalars: [JSONScalar]

    /// `nil` when the token is no JSON Web Token in compact form (RFC 7519, section 3), or its
    /// payload is no object, or has a member twice: two readers could then see two users.
    init?(jsonWebToken token: Token) {
        let parts = token.bytes.split(
            separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty,
            Base64URL.decode(parts[0]) != nil, Base64URL.decode(parts[2]) != nil,
            let payload = Base64URL.decode(parts[1])
        else { return nil }
        // Why it cannot be read makes no difference: the token then counts by its hash.
        guard let scalars = try? JSONReader.scalars(of: payload) else { return nil }
        self.scalars = scalars
    }

    /// The user's name: a string, or an integer as it is written, so that `"2"` and `2` are one.
    ///
    /// `nil` when the path leads to nothing else, or to two claims (`"a.b"` and `b` within `a`).
    func user(at path: String) -> String? {
        let found = scalars.filter { $0.path.elementsEqual(path.utf8) }
        guard found.count == 1, let scalar = found.first else { return nil }
        switch scalar.value {
        case .string(let bytes):
            guard !bytes.isEmpty, bytes.count <= Self.userBytesMax else { return nil }
            let text = String(decoding: bytes, as: UTF8.self)
            return text.unicodeScalars.contains { $0.isControl } ? nil : text
        case .integer(let digits): return String(decoding: digits, as: UTF8.self)
        case .bool, .unusable: return nil
        }
    }

    /// The claims that policies may match on. Those beyond the limits are dropped, and so is every
    /// path that leads to two.
    var claims: Claims {
        let counts = Dictionary(scalars.map { ($0.path, 1) }, uniquingKeysWith: +)
        var claims = Claims()
        var count = 0
        var bytes = 0
        for scalar in scalars where counts[scalar.path] == 1 {
            guard let value = scalar.value.text else { continue }
            let size = scalar.path.count + value.count
            guard count < Self.claimCountMax, bytes + size <= Self.claimBytesMax else { break }
            count += 1
            bytes += size
            claims.append(
                path: String(decoding: scalar.path, as: UTF8.self),
                value: String(decoding: value, as: UTF8.self))
        }
        return claims
    }
}

extension JSONScalar.Value {
    /// As a policy writes it.
    fileprivate var text: [UInt8]? {
        switch self {
        case .string(let bytes): bytes
        case .integer(let digits): digits
        case .bool(let value): Array((value ? "true" : "false").utf8)
        case .unusable: nil
        }
    }
}

extension Unicode.Scalar {
    /// C0, DEL and C1: what no log or key should carry.
    fileprivate var isControl: Bool { value < 0x20 || (0x7F...0x9F).contains(value) }
}
