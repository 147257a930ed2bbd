/// Why a request's tokens cannot be read. It never carries the token.
package enum IdentityError: Error, Equatable, Sendable {
    /// Two places disagree, or one was given twice with different values.
    case conflict
    /// A token with control bytes or white space, or a longer one than `Token.bytesMax`.
    case malformed

    /// As logs and answers name it. Stable.
    package var reason: String {
        switch self {
        case .conflict: "token_conflict"
        case .malformed: "token_malformed"
        }
    }
}
