/// One reader of bytes from outside, and what must hold whatever the bytes are.
package enum FuzzTarget: String, CaseIterable, Sendable {
    case requestHead = "request-head"
    case responseHead = "response-head"
    case chunkedBody = "chunked-body"
    case eventStream = "event-stream"
    case policyFile = "policy-file"
    case webToken = "web-token"
    case http2Session = "http2-session"
    case proxyHeader = "proxy-header"

    /// Reads `bytes`, and holds what came of it to the target's properties.
    package func run(_ bytes: [UInt8]) throws(BrokenProperty) {
        switch self {
        case .requestHead: try RequestHeads.check(bytes)
        case .responseHead: try ResponseHeads.check(bytes)
        case .chunkedBody: try ChunkedBodies.check(bytes)
        case .eventStream: try EventStreams.check(bytes)
        case .policyFile: try PolicyFiles.check(bytes)
        case .webToken: try WebTokens.check(bytes)
        case .http2Session: try HTTP2Sessions.check(bytes)
        case .proxyHeader: try ProxyHeaders.check(bytes)
        }
    }
}

/// Something that does not hold for an input.
package struct BrokenProperty: Error, CustomStringConvertible {
    package let description: String
}

/// Stops with `property` unless `holds`. `details` says more, and is only asked then.
func require(
    _ holds: Bool, _ property: String, _ details: @autoclosure () -> String = ""
) throws(BrokenProperty) {
    guard holds else { throw BrokenProperty(description: "\(property): \(details())") }
}
