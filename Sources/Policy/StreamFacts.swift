package import HTTPModel

/// What is known of a stream when it asks to be admitted: all that a policy can match on, and the
/// user it counts for.
package struct StreamFacts: Sendable {
    package let user: User
    package let method: Method
    /// The authority without its port, in lower case.
    package let host: String
    /// The normalised path, without the query.
    package let path: String
    /// Address and port of the client. Nothing matches on it; it is what the log says of a stream
    /// that another worker carries.
    package let client: String
    package let claims: Claims
    /// A keyed hash of the token, `nil` without one. One that stands on a live stream is known to
    /// be accepted by the gateway.
    package let tokenTag: UInt64?

    package init(
        user: User, method: Method, host: String, path: String, client: String, claims: Claims,
        tokenTag: UInt64? = nil
    ) {
        self.tokenTag = tokenTag
        self.client = client
        self.user = user
        self.method = method
        self.host = host
        self.path = path
        self.claims = claims
    }

    /// Whether the stream may be closed to make room: whether it is a subscription.
    package func isEvictable(under policy: Policy?) -> Bool { !isWork(under: policy) }

    /// Whether the stream is work that somebody waits for and not a subscription.
    package func isWork(under policy: Policy?) -> Bool { policy.isWork(method) }
}

/// The identity a stream counts for. Two users of different kinds are never the same user, nor are
/// two names that Unicode takes for one: only equal bytes are the same user (I04).
package enum User: Hashable, Sendable {
    /// The value of the configured claim of a token that the gateway accepted.
    case claim(String)
    /// The keyed hash, in hexadecimal, of a token that has no such claim.
    case token(String)
    /// The name in the client's certificate, which was verified here.
    case certificate(String)
    /// No token: the client's address. Not an identity, so it evicts nobody.
    case address(String)

    package static func == (left: User, right: User) -> Bool {
        switch (left, right) {
        case (.claim(let left), .claim(let right)), (.token(let left), .token(let right)),
            (.certificate(let left), .certificate(let right)),
            (.address(let left), .address(let right)):
            ExactText(left) == ExactText(right)
        case (.claim, _), (.token, _), (.certificate, _), (.address, _): false
        }
    }

    package func hash(into hasher: inout Hasher) {
        ExactText(name).hash(into: &hasher)
    }

    private var name: String {
        switch self {
        case .claim(let name), .token(let name), .certificate(let name), .address(let name): name
        }
    }

    /// The name of a user that several claims give together. No claim that names a user holds a
    /// control character, so this one keeps them apart, and no single claim has such a name.
    package static func claimName(of names: [String]) -> String {
        names.joined(separator: nameSeparator)
    }

    private static let nameSeparator = "\u{1F}"

    /// As logs show it: several names with a space between each two, and a backslash before every
    /// space and backslash of their own.
    package var text: String {
        switch self {
        case .claim(let value): Self.shown(value)
        case .token(let hash): "token:\(hash)"
        case .certificate(let name): "certificate:\(name)"
        case .address(let address): "address:\(address)"
        }
    }

    private static func shown(_ name: String) -> String {
        guard name.utf8.contains(0x1F) else { return name }
        var shown: [UInt8] = []
        for byte in name.utf8 {
            switch byte {
            case 0x1F: shown.append(UInt8(ascii: " "))
            case UInt8(ascii: " "), UInt8(ascii: "\\"): shown += [UInt8(ascii: "\\"), byte]
            default: shown.append(byte)
            }
        }
        return String(decoding: shown, as: UTF8.self)
    }

    /// Whether several streams of it are known to be one person's.
    package var isIdentified: Bool {
        switch self {
        case .claim, .token, .certificate: true
        case .address: false
        }
    }
}
