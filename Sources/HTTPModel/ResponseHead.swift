/// The head of a response, checked: every part is what the grammar allows.
package struct ResponseHead: Sendable {
    /// 100 to 599.
    package let status: Int
    /// The reason phrase as it was sent; often empty.
    package let reason: String
    package let version: HTTPVersion
    package var fields: Fields
    package let framing: BodyFraming
    /// Whether the connection may carry another exchange after this one.
    package let allowsReuse: Bool

    package init(
        status: Int, reason: String, version: HTTPVersion, fields: Fields, framing: BodyFraming,
        allowsReuse: Bool
    ) {
        self.status = status
        self.reason = reason
        self.version = version
        self.fields = fields
        self.framing = framing
        self.allowsReuse = allowsReuse
    }

    /// Whether this is an event stream: `200` and `text/event-stream`, parameters ignored
    /// (WHATWG HTML, section 9.2.2).
    package var isEventStream: Bool {
        let types = fields.lines(.contentType)
        return status == 200 && types.count == 1 && types[0].isEventStream
    }

    /// Whether a coding hides the body from us, so that event boundaries cannot be seen.
    package var isOpaque: Bool {
        fields.listMembers(.contentEncoding).contains { $0 != "identity" }
    }
}

extension ResponseHead {
    /// The interim response that lets a client send its body (RFC 9110, section 15.2.1).
    package static let goOn = ResponseHead(
        status: 100, reason: "Continue", version: .http11, fields: Fields(), framing: .none,
        allowsReuse: true)
}
