/// Why a request's tokens cannot be read. It never carries the token.
package enum IdentityError: Error, Equatable, Sendable {
    /// Two places disagree, or one was given twice with different values.
    case conflict
    /// A token that two readers could read differently, such as one with a blank, a quote or a
    /// broken escape, or a longer one than `Token.bytesMax`.
    case malformed
    /// Something that some reader may take for a token, and others do not.
    case ambiguous
    /// A token that a gateway may accept, and in which we cannot see without doubt what it sees.
    case doubtful(TokenDoubt)

    /// As logs and answers name it. Stable.
    package var reason: String {
        switch self {
        case .conflict: "token_conflict"
        case .malformed: "token_malformed"
        case .ambiguous: "token_ambiguous"
        case .doubtful: "token_doubtful"
        }
    }
}

/// Why nobody can be sure whom a token names. Such a token is no identity, not even by its hash: one
/// person could write it in many ways and be as many users.
package enum TokenDoubt: Error, Equatable, Sendable {
    /// Parts of a JSON Web Token stand in it, but not the three of one.
    case form
    /// The payload is no JSON that everybody reads alike.
    case payload
    /// A claim that names the user is there, and is no name.
    case claim

    /// For a person.
    package var text: String {
        switch self {
        case .form: "it holds a JSON Web Token among other parts"
        case .payload: "the payload cannot be read without doubt"
        case .claim: "the claim that names the user is no name of at most 256 bytes"
        }
    }
}
