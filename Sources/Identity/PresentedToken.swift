package import HTTPModel

/// What a request shows of who sends it.
package enum PresentedToken: Equatable, Sendable {
    /// Nothing, and no reader finds more.
    case none
    /// This, and every reader finds the same, or nothing.
    case token(Token)
    /// Readers could differ. Such a request must open no stream; it may have any other answer.
    /// `isAmbient` says that it is for a cookie, which a browser sends along by itself.
    case doubtful(IdentityError, isAmbient: Bool)
}

extension IdentityRules {
    /// Reads the token of a request, and writes the places in which it stands plainly: what is read
    /// here is what the gateway gets. A request in doubt stays as it came.
    ///
    /// Which of two tokens the gateway reads cannot be known, so the first never simply wins.
    package func read(_ head: inout RequestHead) -> PresentedToken {
        var plain = head
        var found: Token?
        for reader in readers {
            do throws(IdentityError) {
                guard let token = try reader.takeToken(in: &plain) else { continue }
                guard found == nil || found == token else { throw .conflict }
                found = token
            } catch {
                return .doubtful(error, isAmbient: reader.isCookie)
            }
        }
        head = plain
        return found.map(PresentedToken.token) ?? .none
    }

    /// The fields that hold tokens, in lower case: nobody may have them taken out on the way.
    package var fieldNames: [String] {
        places.compactMap { place in
            switch place {
            case .bearer: "authorization"
            case .cookie: "cookie"
            case .header(let name): name
            case .query, .certificate: nil
            }
        }
    }
}
