/// The versions of HTTP that carry a message. A head of HTTP/1 names one of the first two (RFC 9112,
/// section 2.3).
package enum HTTPVersion: Sendable {
    case http10, http11, http2
}
