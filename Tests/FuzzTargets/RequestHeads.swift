import HTTP1
import HTTP1Reading
import HTTPModel
import Identity

/// The head of a request, from the client's bytes to the gateway's.
enum RequestHeads {
    static func check(_ bytes: [UInt8]) throws(BrokenProperty) {
        let cuttings = Cuttings(bytes)
        for limits in Heads.limits {
            _ = try cuttings.agree(on: "a request head is read the same in any pieces") {
                Heads.outcome(of: $0, limits) { head throws(HTTP1Error) in
                    summary(of: try RequestParser.parse(head.span, limits: limits))
                }
            }
        }
        guard let head = parsed(bytes, HeadLimits()) else { return }
        try checkToken(of: head)
        try ResumedRequests.check(head)
        for head in [head, ResumedRequests.restored(head)].compactMap(\.self) {
            for request in ways(to: head) { try check(head, asSentBy: request) }
        }
    }

    private static func parsed(_ bytes: [UInt8], _ limits: HeadLimits) -> RequestHead? {
        do throws(HTTP1Error) {
            guard let head = try findHead(in: [bytes], limits: limits) else { return nil }
            return try RequestParser.parse(head.span, limits: limits)
        } catch {
            return nil
        }
    }

    private static func summary(of head: RequestHead) -> String {
        "\(head.method) \(head.target) \(head.version) \(head.authority) \(head.host) "
            + "\(head.framing) \(head.upgrade ?? "-") \(head.wantsKeepAlive) "
            + "\(head.awaitsContinue) \(head.asksForTrailers) \(Heads.lines(of: head.fields))"
    }

    /// The ways in which the settings let a request go on.
    private static func ways(to head: RequestHead) -> [GatewayRequest] {
        let origin = ClientOrigin(head, peer: "192.0.2.1", scheme: "https") {
            $0 == "192.0.2.1" || $0.hasPrefix("10.") || $0.hasPrefix("fd00:")
        }
        return [
            GatewayRequest(
                clientAddress: "192.0.2.1", scheme: "https", fallbackHost: "gateway.internal",
                acceptsOnlyIdentity: false),
            GatewayRequest(
                clientAddress: origin.address, scheme: origin.scheme,
                fallbackHost: "gateway.internal", acceptsOnlyIdentity: true,
                forwardedFor: origin.forwardedFor, forwardedHost: origin.host,
                addsForwarded: true),
        ]
    }

    private static func check(
        _ head: RequestHead, asSentBy request: GatewayRequest
    ) throws(BrokenProperty) {
        let sent = request.serialize(head)
        let shown = String(decoding: sent, as: UTF8.self)
        guard let found = try? findHead(in: [sent], limits: Heads.ample), found.count == sent.count,
            let again = parsed(sent, Heads.ample)
        else { throw BrokenProperty(description: "what the gateway gets is one head: \(shown)") }
        let host = head.authority.isEmpty ? "gateway.internal" : head.authority
        try require(
            again.method == head.method && again.target == head.target
                && again.authority == host && again.framing == head.framing
                && again.upgrade == head.upgrade && again.version == .http11,
            "the gateway gets the request that was read", shown)
        try require(
            request.serialize(again) == sent, "a request that goes on stays as it is", shown)
    }

    /// Reading a token never stops the program, what is read is one, and the gateway finds the same
    /// in what it gets.
    private static func checkToken(of head: RequestHead) throws(BrokenProperty) {
        let rules = IdentityRules(
            places: ["bearer", "query:token", "cookie:session", "header:x-token"]
                .compactMap(TokenPlace.init),
            userClaim: .token)
        var plain = head
        let reading = rules.read(&plain)
        let written = plain
        try require(rules.read(&plain) == reading, "a token that was written plainly stays one")
        try require(
            Heads.lines(of: plain.fields) == Heads.lines(of: written.fields)
                && plain.target == written.target, "what is plain is not written anew")
        guard case .token(let token) = reading else { return }
        let isSound = token.withBytes { bytes in
            bytes.count > 0 && bytes.indices.allSatisfy { bytes[$0] > 0x20 && bytes[$0] < 0x7F }
        }
        try require(isSound, "a token is visible ASCII")
        try require(
            plain.fields.count(of: .authorization) <= 1 && plain.fields.count(of: .cookie) <= 1,
            "a token stands on one line")
    }
}
