import HTTP1
import HTTPModel
import Testing

@Suite("H20: which fields the gateway gets as the client sent them")
struct RequestFieldTests {
    private static let writtenNames = [
        "te", "TE", "Proxy-Authorization", "proxy_authorization", "X-Real-IP", "x_real_ip",
        "x-forwarded-for", "x-forwarded-port", "X-Forwarded-Uri", "x-forwarded-ssl", "forwarded",
        "via", "host", "content-length", "Content_Length", "transfer-encoding", "last-event-id",
        "last_event_id", "expect", "upgrade", "connection", "keep-alive", "trailer",
        "sec-websocket-key", "sec_websocket_key", "x_user_token", "X_User-Id", "x_auth_token",
        "accept-encoding", "proxy-connection", "x_api_key", "x_client_cert", "x_request_id",
    ]

    private static let leftNames = [
        "authorization", "cookie", "x-token", "x_token", "X-User-Token", "x-api-key",
        "x-auth-token",
        "x-forwarded-access-token", "x-forwarded-user", "x-request-id", "cf-access-jwt-assertion",
    ]

    @Test("Those that Sluice takes out or writes itself are told", arguments: writtenNames)
    func written(name: String) { #expect(!RequestField.alwaysPasses(name)) }

    @Test("All others pass", arguments: leftNames)
    func left(name: String) { #expect(RequestField.alwaysPasses(name)) }

    @Test func `what is told is what is done`() {
        for name in Self.writtenNames + Self.leftNames + FieldName.allCases.map(\.text) {
            var fields = Fields()
            fields.append(name, "mine")
            let head = RequestHead(
                method: .get, target: RequestTarget(path: "/", query: nil), version: .http11,
                authority: "a", fields: fields, framing: .none, wantsKeepAlive: true)
            let arrives = [(true, nil), (false, "key")].allSatisfy { identity, key in
                let request = GatewayRequest(
                    clientAddress: "192.0.2.7", scheme: "https", fallbackHost: "b",
                    acceptsOnlyIdentity: identity, webSocketKey: key, addsForwarded: true)
                return text(request.serialize(head)).contains("\r\n\(name): mine\r\n")
            }

            if RequestField.alwaysPasses(name) {
                #expect(arrives, "\(name)")
            } else if !["host", "via", "last-event-id"].contains(name) {
                // Those three are changed before the request is written.
                #expect(!arrives, "\(name)")
            }
        }
    }

    @Test(
        "A field that Connection names is found, in any case and among others",
        arguments: [
            ("x-token", true), ("close, X-TOKEN", true), ("keep-alive,\tx-token ,te", true),
            ("close", false), ("x-tokens", false), ("x_token", false),
        ])
    func connection(value: String, isListed: Bool) {
        var fields = Fields()
        fields.append(.connection, "te")
        fields.append(.connection, value)
        let head = RequestHead(
            method: .get, target: RequestTarget(path: "/", query: nil), version: .http11,
            authority: "a", fields: fields, framing: .none, wantsKeepAlive: true)

        #expect(head.connectionLists(anyOf: ["cookie", "x-token"]) == isListed)
    }
}
