/// The head of a request, checked: every part is what the grammar allows.
package struct RequestHead: Sendable {
    package let method: Method
    package var target: RequestTarget
    package let version: HTTPVersion
    /// The one `Host`, or the authority of an absolute-form target; empty only for HTTP/1.0.
    package let authority: String
    package var fields: Fields
    package let framing: BodyFraming
    /// The protocol that the client wants to go on with, in lower case, such as `websocket`: the one
    /// member of `Upgrade` (RFC 9110, section 7.8), or `:protocol` (RFC 8441). `nil` without one.
    package let upgrade: String?
    /// Whether the client wants the connection kept after this exchange (RFC 9112, section 9.3).
    package let wantsKeepAlive: Bool

    package init(
        method: Method, target: RequestTarget, version: HTTPVersion, authority: String,
        fields: Fields, framing: BodyFraming, wantsKeepAlive: Bool, upgrade: String? = nil
    ) {
        self.method = method
        self.target = target
        self.version = version
        self.authority = authority
        self.fields = fields
        self.framing = framing
        self.wantsKeepAlive = wantsKeepAlive
        self.upgrade = upgrade
    }

    /// The authority without its port and the dot of the root, in lower case: `a.`, `A` and `a:80`
    /// are one host to a policy. An IPv6 address keeps its brackets.
    package var host: String {
        let end =
            authority.hasPrefix("[")
            ? authority.firstIndex(of: "]").map { authority.index(after: $0) }
            : authority.firstIndex(of: ":")
        let name = authority[..<(end ?? authority.endIndex)]
        return name.dropLast(name.hasSuffix(".") ? 1 : 0).lowercased()
    }

    /// Whether `Accept` names `text/event-stream`: the client means to open a stream.
    package var asksForEventStream: Bool {
        fields.members(.accept).contains(where: \.isEventStream)
    }
}

extension ArraySlice<UInt8> {
    /// Whether it is the media type of event streams, parameters ignored.
    var isEventStream: Bool {
        prefix { $0 != UInt8(ascii: ";") }.trimmingSpaces
            .equalsIgnoringCase("text/event-stream".utf8)
    }
}
