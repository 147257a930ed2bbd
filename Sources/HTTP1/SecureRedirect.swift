package import HTTPModel

/// The answer of a listener that only sends clients to the same place over TLS.
package enum SecureRedirect {
    /// `308`, which keeps method and body; `nil` for a request that does not say which host it means.
    /// The host is the one that the parser has checked, so it holds nothing that could end a line.
    package static func answer(_ request: RequestHead, port: UInt16) -> Answer? {
        guard !request.host.isEmpty else { return nil }
        let place = port == 443 ? request.host : "\(request.host):\(port)"
        let target = request.target.path == "*" ? "/" : request.target.text
        return Answer(
            status: 308, body: #"{"error":"https_required","fault":"client"}"#,
            fields: [(.location, "https://\(place)\(target)")])
    }
}
