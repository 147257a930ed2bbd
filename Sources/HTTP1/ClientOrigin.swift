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

    /// How many proxies are believed to stand in a row. A longer list ends there.
    private static let hopsMax = 32

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
    /// the first that is not trusted, or the very first. What cannot be read ends the walk: the
    /// client is then the last that could.
    ///
    /// Proxies write `X-Forwarded-For` or `Forwarded`, and pass on what a client has written in the
    /// other one. When both are there and name two clients, nobody can tell whose word is whose, and
    /// neither is believed: the client is the peer. A field whose end cannot be read is no proxy's.
    package init(
        _ request: RequestHead, peer: String, scheme: String, isTrusted: (String) -> Bool
    ) {
        self.init(peer: peer, scheme: scheme)
        guard isTrusted(peer) else { return }
        let fields = request.fields
        let listed = Self.chain(.xForwardedFor, in: fields, isTrusted)
        let told = Self.chain(.forwarded, in: fields, isTrusted)
        if let listed, let told, listed.first?.address != told.first?.address { return }
        let chain = listed ?? told ?? []
        // A proxy that writes `Forwarded` says there what it says.
        let isTold = listed == nil && told != nil
        let (ofScheme, ofHost) =
            isTold
            ? (chain.first?.scheme, chain.first?.host)
            : (Self.only(fields, .xForwardedProto), Self.only(fields, .xForwardedHost))
        self.init(
            address: chain.first?.address ?? peer, scheme: Self.scheme(ofScheme) ?? scheme,
            host: Self.host(ofHost),
            forwardedFor: (chain.map(\.address) + [peer]).joined(separator: ", "))
    }

    private init(address: String, scheme: String, host: String?, forwardedFor: String) {
        self.address = address
        self.scheme = scheme
        self.host = host
        self.forwardedFor = forwardedFor
    }

    /// The client and all behind it, as one of the two fields tells it; `nil` without the field, or
    /// when not even its end can be read.
    private static func chain(
        _ name: FieldName, in fields: Fields, _ isTrusted: (String) -> Bool
    ) -> [Known]? {
        var list = ForwardedList(name, in: fields)
        var chain: [Known] = []
        var isRead = false
        while chain.count < hopsMax, let element = list.next() {
            let hop =
                name == .forwarded
                ? ForwardedHop(element: element) : ForwardedHop(node: element)
            guard let hop else { break }
            isRead = true
            guard let address = hop.address else { break }
            chain.append(Known(address: address, scheme: hop.scheme, host: hop.host))
            if !isTrusted(address) { break }
        }
        return isRead ? chain.reversed() : nil
    }

    private struct Known {
        let address: String
        let scheme: ArraySlice<UInt8>?
        let host: ArraySlice<UInt8>?
    }

    /// The value of a field that stands once.
    private static func only(_ fields: Fields, _ name: FieldName) -> ArraySlice<UInt8>? {
        guard fields.count(of: name) == 1 else { return nil }
        return fields.entries.first { $0.known == name }.map { fields.bytes[$0.value] }
    }

    private static func scheme(_ text: ArraySlice<UInt8>?) -> String? {
        guard let text = text?.trimmingSpaces else { return nil }
        return ["https", "http"].first { text.equalsIgnoringCase($0.utf8) }
    }

    private static func host(_ text: ArraySlice<UInt8>?) -> String? {
        guard let text = text?.trimmingSpaces, Authority.isValid(text) else { return nil }
        return String(decoding: text, as: UTF8.self)
    }
}
