/// How the end of a message body is found (RFC 9112, section 6.3).
package enum BodyFraming: Equatable, Sendable {
    /// There is no body.
    case none
    /// Exactly this many bytes follow the head.
    case length(Int64)
    /// Chunks, the last of them empty.
    case chunked
    /// Everything until the connection closes. Responses only.
    case untilClose
}
