/// The versions of HTTP that carry a message. A head of HTTP/1 names one of the first two (RFC 9112,
/// section 2.3).
package enum HTTPVersion: Sendable {
    case http10, http11, http2

    /// What `Via` says of a message of this version that Sluice has received and passes on
    /// (RFC 9110, section 7.6.3).
    package var via: String {
        switch self {
        case .http10: "1.0 sluice"
        case .http11: "1.1 sluice"
        case .http2: "2.0 sluice"
        }
    }
}
