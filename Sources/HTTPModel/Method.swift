/// A request method (RFC 9110, section 9). Methods are case-sensitive tokens.
package enum Method: Hashable, Sendable {
    case get, head, post, put, delete, options, patch, connect, trace
    /// Any other token, as it was written.
    case other(String)

    /// The method that `text` names. The caller has checked that it is a token.
    package init(_ text: String) {
        self =
            switch text {
            case "GET": .get
            case "HEAD": .head
            case "POST": .post
            case "PUT": .put
            case "DELETE": .delete
            case "OPTIONS": .options
            case "PATCH": .patch
            case "CONNECT": .connect
            case "TRACE": .trace
            default: .other(text)
            }
    }

    /// The method as it stands in a request line.
    package var text: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .patch: "PATCH"
        case .connect: "CONNECT"
        case .trace: "TRACE"
        case .other(let text): text
        }
    }

    /// Whether sending the request twice has the effect of sending it once
    /// (RFC 9110, section 9.2.2). Unknown methods are taken not to be.
    package var isIdempotent: Bool {
        switch self {
        case .get, .head, .put, .delete, .options, .trace: true
        case .post, .patch, .connect, .other: false
        }
    }
}
