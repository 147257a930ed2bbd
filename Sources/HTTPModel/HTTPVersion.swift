/// The versions of HTTP/1 that a head may name (RFC 9112, section 2.3).
package enum HTTPVersion: Sendable {
    case http10, http11
}
