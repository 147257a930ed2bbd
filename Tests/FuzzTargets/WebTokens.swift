import Foundation
import Identity
import Policy
import TLS

/// The claims of a JSON Web Token. The first byte says what the others are: a whole token when it is
/// even, or else the JSON of its payload, which no chance would put into Base64.
enum WebTokens {
    private static let hash = KeyedHash(key: Array("a key for tests, 32 bytes long..".utf8))
    private static let rules = ["sub", "user.id", "token"].map {
        IdentityRules(places: [.header("x-token")], userClaim: UserClaim($0) ?? .token)
    }

    static func check(_ bytes: [UInt8]) throws(BrokenProperty) {
        guard let kind = bytes.first else { return }
        let rest = bytes.dropFirst()
        guard kind % 2 == 1 else {
            _ = try users(ofToken: Array(rest))
            return
        }
        let token = "eyJhbGciOiJFZERTQSJ9." + base64URL(rest) + ".c2ln"
        let users = try users(ofToken: Array(token.utf8))
        try comparePlainReading(of: Array(rest), with: users[0])
    }

    /// The user by each of the rules.
    private static func users(ofToken token: [UInt8]) throws(BrokenProperty) -> [User?] {
        let found = try? Token(token)
        var users: [User?] = []
        for rules in rules {
            let user = try? rules.user(
                of: found.map(TokenReading.init), certificateName: nil, clientAddress: "192.0.2.1",
                hash: hash
            ).0
            if let user { try check(user) }
            users.append(user)
        }
        return users
    }

    private static func check(_ user: User) throws(BrokenProperty) {
        guard case .claim(let name) = user else { return }
        try require(!name.isEmpty && name.utf8.count <= 256, "a user has a name of some length")
        let isClean = name.unicodeScalars.allSatisfy {
            $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value)
        }
        try require(isClean, "a user's name has no control character")
    }

    /// Where another reader of JSON can read the payload at all, it sees the same user.
    private static func comparePlainReading(
        of payload: [UInt8], with user: User?
    ) throws(BrokenProperty) {
        guard case .claim(let name)? = user else { return }
        guard let read = try? JSONSerialization.jsonObject(with: Data(payload)),
            let object = read as? [String: Any]
        else { return }
        switch object["sub"] {
        case let text as String:
            try require(text.utf8.elementsEqual(name.utf8), "two readers see one user")
        case is NSNumber: return  // Digits that it may round.
        default: throw BrokenProperty(description: "two readers see one user: \(name), nobody")
        }
    }

    private static func base64URL(_ bytes: ArraySlice<UInt8>) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
    }
}
