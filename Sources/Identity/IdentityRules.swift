package import HTTPModel
package import Policy
package import TLS

/// Where tokens stand, and which claim of a token is the user.
package struct IdentityRules: Sendable {
    package let places: [TokenPlace]
    package let userClaim: UserClaim

    package init(places: [TokenPlace], userClaim: UserClaim) {
        self.places = places
        self.userClaim = userClaim
    }
}

/// What makes two tokens the same user.
package enum UserClaim: Equatable, Sendable {
    /// The claim at this dotted path.
    case path(String)
    /// Nothing: every token counts for itself, by its hash.
    case token

    /// As settings write it: `token`, or a path such as `sub` or `user.id`.
    package init?(_ text: String) {
        guard !text.isEmpty, !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            return nil
        }
        self = text == "token" ? .token : .path(text)
    }

    /// As settings write it.
    package var text: String {
        switch self {
        case .path(let path): path
        case .token: "token"
        }
    }
}

extension IdentityRules {
    /// The token of a request, `nil` when no place has one.
    ///
    /// Which of two tokens the gateway reads cannot be known, so the first never simply wins.
    ///
    /// - Throws: `.conflict` when two places disagree or one has two different values, an empty one
    ///   among them; `.malformed` when a value cannot be a token.
    package func token(in head: RequestHead) throws(IdentityError) -> Token? {
        var found: Token?
        for place in places {
            let values = try place.values(in: head)
            guard let value = values.first else { continue }
            guard values.allSatisfy({ $0 == value }) else { throw .conflict }
            guard !value.isEmpty else { continue }
            let token = try Token(value)
            guard found == nil || found == token else { throw .conflict }
            found = token
        }
        return found
    }

    /// The name of a certificate that was verified here, if it is to say who the client is.
    package func trusted(certificateName name: String?) -> String? {
        places.contains(.certificate) ? name : nil
    }

    /// The user that a stream counts for, and the claims that policies may match on. A certificate
    /// comes first: it was verified here, so whoever shows it can only ever be themselves.
    ///
    /// No token is verified here: ask only after the gateway has accepted it with its `200`.
    package func user(
        of token: Token?, certificateName: String?, clientAddress: String, hash: KeyedHash
    ) -> (User, Claims) {
        if let name = trusted(certificateName: certificateName) {
            return (
                .certificate(name),
                token.flatMap { TokenPayload(jsonWebToken: $0)?.claims } ?? Claims()
            )
        }
        guard let token else { return (.address(ClientNetwork.text(of: clientAddress)), Claims()) }
        let payload = TokenPayload(jsonWebToken: token)
        let claims = payload?.claims ?? Claims()
        if case .path(let path) = userClaim, let value = payload?.user(at: path) {
            return (.claim(value), claims)
        }
        return (.token(String(hash.hex(of: token.bytes.span).prefix(32))), claims)
    }
}
