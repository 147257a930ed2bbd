package import HTTPModel

/// What the gateway is told about a request beside what the client said.
package struct GatewayRequest: Sendable {
    /// The address of the peer, for `X-Forwarded-For`.
    package let clientAddress: String
    /// `https`, or `http` from a listener without TLS.
    package let scheme: String
    /// The `Host` for a request of HTTP/1.0 that has none.
    package let fallbackHost: String
    /// Whether the gateway is asked for a body without a content coding, so that event boundaries
    /// can be seen.
    package let acceptsOnlyIdentity: Bool
    /// What a WebSocket that came by HTTP/2 lacks for HTTP/1.1 (RFC 8441, section 5): 16 random bytes
    /// in Base64.
    package let webSocketKey: String?

    /// The whole of `X-Forwarded-For`, and `X-Forwarded-Host`, when trusted proxies have said more
    /// than the socket and the request do.
    package let forwardedFor: String?
    package let forwardedHost: String?
    /// Whether the same is said in `Forwarded` (RFC 7239) as well.
    package let addsForwarded: Bool

    package init(
        clientAddress: String, scheme: String, fallbackHost: String, acceptsOnlyIdentity: Bool,
        webSocketKey: String? = nil, forwardedFor: String? = nil, forwardedHost: String? = nil,
        addsForwarded: Bool = false
    ) {
        self.addsForwarded = addsForwarded
        self.forwardedFor = forwardedFor
        self.forwardedHost = forwardedHost
        self.clientAddress = clientAddress
        self.scheme = scheme
        self.fallbackHost = fallbackHost
        self.acceptsOnlyIdentity = acceptsOnlyIdentity
        self.webSocketKey = webSocketKey
    }

    /// The head for the gateway, built from parts and never forwarded raw.
    ///
    /// End-to-end fields keep their order and spelling. What was meant for this connection ends
    /// here; where the request came from is told anew; the length is written as it was understood.
    package func serialize(_ head: RequestHead) -> [UInt8] {
        let target = head.target.text
        let host = head.authority.isEmpty ? fallbackHost : head.authority
        var writer = HeadWriter(capacity: head.fields.bytes.count + target.utf8.count + 256)
        writer.startLine(head.method.text, " ", target, " HTTP/1.1")
        if head.fields.count(of: .host) == 0 { writer.field(.host, host) }

        let options = ConnectionOptions(head.fields)
        for entry in head.fields.entries where passes(entry, of: head.fields, options) {
            writer.field(entry, of: head.fields)
        }
        if acceptsOnlyIdentity { writer.field(.acceptEncoding, "identity") }
        let (chain, outerHost) = (forwardedFor ?? clientAddress, forwardedHost ?? host)
        writer.field(.xForwardedFor, chain)
        writer.field(.xForwardedProto, scheme)
        writer.field(.xForwardedHost, outerHost)
        if addsForwarded {
            writer.field(
                .forwarded, ForwardedHop.text(chain: chain, scheme: scheme, host: outerHost))
        }
        if head.asksForTrailers { writer.field(.te, "trailers") }
        switch (head.upgrade, head.asksForTrailers) {
        case (nil, false): break
        case (nil, true): writer.field(.connection, "te")
        case (_?, false): writer.field(.connection, "upgrade")
        case (_?, true): writer.field(.connection, "upgrade, te")
        }
        if let upgrade = head.upgrade {
            writer.field(.upgrade, upgrade)
            if let webSocketKey { writer.field("sec-websocket-key", webSocketKey) }
        }
        writer.framing(head.framing)
        writer.endLine()
        return writer.bytes
    }

    private func passes(
        _ entry: Fields.Entry, of fields: Fields, _ options: ConnectionOptions
    ) -> Bool {
        let name = fields.bytes[entry.name]
        switch RequestField.fate(of: name, known: entry.known) {
        case .ends: return false
        case .passes: break
        case .adapted:
            if acceptsOnlyIdentity, entry.known == .acceptEncoding { return false }
            // A key has no meaning in HTTP/2, and the gateway must not find two.
            if webSocketKey != nil, RequestField.isWebSocketKey(name) { return false }
        }
        return !options.lists(name)
    }
}
