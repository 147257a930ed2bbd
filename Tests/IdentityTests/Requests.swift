import HTTPModel
import Identity
import Policy
import TLS

/// A request as a client may send it.
func request(query: String? = nil, _ fields: [(String, String)] = []) -> RequestHead {
    var all = Fields()
    for (name, value) in fields { all.append(name, value) }
    return RequestHead(
        method: .get, target: RequestTarget(path: "/events", query: query), version: .http11,
        authority: "example.com", fields: all, framing: .none, wantsKeepAlive: true)
}

extension IdentityRules {
    /// Rules for places that the test wrote right.
    init(_ places: String..., claim: String = "sub") {
        self.init(
            places: places.compactMap(TokenPlace.init),
            userClaim: UserClaim(claim) ?? .token)
    }

    /// The token of `head`; throws what makes it doubtful.
    func token(in head: RequestHead) throws(IdentityError) -> Token? {
        var head = head
        switch read(&head) {
        case .none: return nil
        case .token(let token): return token
        case .doubtful(let error, _): throw error
        }
    }
}

extension Token {
    /// The secret as text, for comparing.
    var secret: String {
        withBytes { span in
            String(decoding: span.indices.map { span[$0] }, as: UTF8.self)
        }
    }
}

/// A token with this payload. Nobody checks the signature here.
func jsonWebToken(_ payload: String) -> String {
    jsonWebToken(Array(payload.utf8))
}

func jsonWebToken(_ payload: [UInt8]) -> String {
    "\(base64URL(Array(#"{"alg":"EdDSA"}"#.utf8))).\(base64URL(payload)).c2ln"
}

func base64URL(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    var text = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = bytes[start..<min(start + 3, bytes.count)]
        let bits = (0..<3).reduce(0) {
            $0 << 8 | Int(start + $1 < group.endIndex ? bytes[start + $1] : 0)
        }
        for index in 0...group.count { text.append(alphabet[bits >> (18 - 6 * index) & 63]) }
    }
    return text
}

let testHash = KeyedHash(key: Array("a key for tests, 32 bytes long..".utf8))

/// The user and claims of the token `text`.
func user(of text: String, claim: String...) throws -> (User, Claims) {
    let rules = IdentityRules(
        places: [.header("x-token")],
        userClaim: UserClaim(claim.isEmpty ? ["sub"] : claim) ?? .token)
    let token = try Token(Array(text.utf8))
    return try rules.user(
        of: TokenReading(token), certificateName: nil, clientAddress: "192.0.2.1",
        hash: testHash)
}

/// What a web token counts as that has no name: its first two parts, which are what is signed.
func hashedAsSigned(_ text: String) -> User {
    hashed(String(text[..<(text.lastIndex(of: ".") ?? text.endIndex)]))
}

/// What the token `text` counts as when nothing in it can be used.
func hashed(_ text: String) -> User {
    .token(String(testHash.hex(of: Array(text.utf8).span).prefix(32)))
}
