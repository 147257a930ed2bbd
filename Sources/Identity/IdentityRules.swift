import HTTPModel
package import Policy
package import TLS

/// Where tokens stand, and which claim of a token is the user.
package struct IdentityRules: Sendable {
    package let places: [TokenPlace]
    package let userClaim: UserClaim
    let readers: [PlaceReader]

    package init(places: [TokenPlace], userClaim: UserClaim) {
        self.places = places
        self.userClaim = userClaim
        readers = places.compactMap(PlaceReader.init)
    }
}

/// What makes two tokens the same user.
package enum UserClaim: Equatable, Sendable {
    /// The claims at these dotted paths, one at least: a user is all of them together.
    case claims([String])
    /// Nothing: every token counts for itself, by its hash.
    case token

    /// How many claims may name a user together.
    package static let claimsMax = 4
    package static let word = "token"

    /// As settings write it: `token`, or paths such as `sub` or `user.id`.
    package init?(_ texts: String...) {
        self.init(texts)
    }

    package init?(_ texts: [String]) {
        let areSound = texts.allSatisfy {
            !$0.isEmpty && !$0.utf8.contains(where: \.isControl)
        }
        guard areSound, (1...Self.claimsMax).contains(texts.count) else { return nil }
        self = texts == [Self.word] ? .token : .claims(texts)
    }
}

extension IdentityRules {
    /// The name of a certificate that was verified here, if it is to say who the client is.
    package func trusted(certificateName name: String?) -> String? {
        places.contains(.certificate) ? name : nil
    }

    /// The user that a stream counts for, and the claims that policies may match on. A certificate
    /// comes first: it was verified here, so whoever shows it can only ever be themselves.
    ///
    /// No token is verified here: ask only after the gateway has accepted it with its `200`.
    ///
    /// - Throws: `.doubtful` for a token that the gateway may accept and that names nobody for sure.
    ///   Such a one is not counted by its hash: one person could write it in many ways.
    package func user(
        of reading: TokenReading?, certificateName: String?, clientAddress: String, hash: KeyedHash
    ) throws(IdentityError) -> (User, Claims) {
        let claims = reading?.claims ?? Claims()
        if let name = trusted(certificateName: certificateName) {
            return (.certificate(name), claims)
        }
        guard let reading else {
            return (.address(ClientNetwork.text(of: clientAddress)), claims)
        }
        let user = try user(of: reading)
        return (user ?? .token(String(hash.hex(of: reading.distinction.span).prefix(32))), claims)
    }

    /// `nil` for a token that counts for itself.
    private func user(of reading: TokenReading) throws(IdentityError) -> User? {
        do throws(TokenDoubt) {
            switch userClaim {
            case .claims(let paths): return try reading.user(at: paths).map(User.claim)
            case .token:
                if reading.doubt == .form { throw .form }
                return nil
            }
        } catch {
            throw .doubtful(error)
        }
    }
}
