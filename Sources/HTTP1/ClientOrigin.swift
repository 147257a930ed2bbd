package import HTTPModel

/// Where a request comes from, as far as it can be believed: from the socket, or from what proxies
/// wrote that we were told to trust.
package struct ClientOrigin: Equatable, Sendable {
    /// The client's address, without a port.
    package let address: String
    /// `https` or `http`: what the client speaks with the first of the trusted proxies.
    package let scheme: String
    /// The host that the client has asked for, if a trusted proxy says so.
    package let host: String?
    /// `X-Forwarded-For` for the gateway: the client, and every proxy after it. What stands in front
    /// of the client is its own word, and ends here.
    package let forwardedFor: String

    /// What the socket says, and nobody else.
    package init(peer: String, scheme: String) {
        address = peer
        self.scheme = scheme
        host = nil
        forwardedFor = peer
    }

    /// Believes a `peer` that is trusted, and those before it as long as each is trusted too.
    ///
    /// From right to left, because every proxy adds whom it was called by at the end; the client is
    /// the first that is not trusted, or the very first. An address that cannot be read ends all
    /// belief: then it is the peer.
    package init(
        _ request: RequestHead, peer: String, scheme: String, isTrusted: (String) -> Bool
    ) {
        self.init(peer: peer, scheme: scheme)
        guard isTrusted(peer) else { return }
        let fields = request.fields
        let isListed = fields.count(of: .xForwardedFor) > 0
        let hops = isListed ? Self.listed(fields.all(.xForwardedFor)) : ForwardedHop.all(fields)
        guard let hops, let chain = Self.chain(hops, isTrusted: isTrusted) else { return }
        let client = chain.first
        self.init(
            address: client?.address ?? peer,
            scheme: Self.scheme(client?.scheme ?? Self.only(fields, .xForwardedProto)) ?? scheme,
            host: Self.host(client?.host ?? Self.only(fields, .xForwardedHost)),
            forwardedFor: (chain.map(\.address) + [peer]).joined(separator: ", "))
    }

    private init(address: String, scheme: String, host: String?, forwardedFor: String) {
        self.address = address
        self.scheme = scheme
        self.host = host
        self.forwardedFor = forwardedFor
    }

    private static func listed(_ lines: [String]) -> [ForwardedHop]? {
        lines.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
            .map { ForwardedHop(node: $0.trimmingSpaces) }
    }

    /// The client and all behind it; `nil` when one of these cannot be read.
    private static func chain(
        _ hops: [ForwardedHop], isTrusted: (String) -> Bool
    ) -> [Known]? {
        var chain: [Known] = []
        for hop in hops.reversed() {
            guard let address = hop.address else { return nil }
            chain.append(Known(address: address, scheme: hop.scheme, host: hop.host))
            if !isTrusted(address) { break }
        }
        return chain.reversed()
    }

    private struct Known {
        let address: String
        let scheme: String?
        let host: String?
    }

    /// The value of a field that stands once.
    private static func only(_ fields: Fields, _ name: FieldName) -> String? {
        fields.count(of: name) == 1 ? fields.first(name) : nil
    }

    private static func scheme(_ text: String?) -> String? {
        let text = text?.trimmingSpaces.lowercased()
        return text == "https" || text == "http" ? text : nil
    }

    private static func host(_ text: String?) -> String? {
        guard let text = text?.trimmingSpaces, Authority.isValid(Array(text.utf8)[...]) else {
            return nil
        }
        return String(text)
    }
}
