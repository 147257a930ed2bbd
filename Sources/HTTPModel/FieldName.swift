/// The field names that Sluice itself reads, removes or writes. All others pass through unread.
package enum FieldName: UInt8, CaseIterable, Sendable {
    case accept, acceptEncoding, accessControlAllowCredentials, accessControlAllowOrigin, allow
    case authorization, cacheControl, connection, contentEncoding, contentLength
    case contentType, cookie, date, expect, forwarded, host, keepAlive, lastEventID, location
    case origin, proxyAuthenticate, proxyAuthorization, proxyConnection, retryAfter, server, te
    case trailer, transferEncoding, upgrade, userAgent, vary, via, xForwardedFor
    case xForwardedHost, xForwardedProto, xRealIP, xRequestID

    /// The name as Sluice writes it: lower case, which every version of HTTP accepts.
    package var text: String {
        switch self {
        case .accept: "accept"
        case .acceptEncoding: "accept-encoding"
        case .accessControlAllowCredentials: "access-control-allow-credentials"
        case .accessControlAllowOrigin: "access-control-allow-origin"
        case .allow: "allow"
        case .authorization: "authorization"
        case .cacheControl: "cache-control"
        case .connection: "connection"
        case .contentEncoding: "content-encoding"
        case .contentLength: "content-length"
        case .contentType: "content-type"
        case .cookie: "cookie"
        case .date: "date"
        case .expect: "expect"
        case .forwarded: "forwarded"
        case .host: "host"
        case .keepAlive: "keep-alive"
        case .lastEventID: "last-event-id"
        case .location: "location"
        case .origin: "origin"
        case .proxyAuthenticate: "proxy-authenticate"
        case .proxyAuthorization: "proxy-authorization"
        case .proxyConnection: "proxy-connection"
        case .retryAfter: "retry-after"
        case .server: "server"
        case .te: "te"
        case .trailer: "trailer"
        case .transferEncoding: "transfer-encoding"
        case .upgrade: "upgrade"
        case .userAgent: "user-agent"
        case .vary: "vary"
        case .via: "via"
        case .xForwardedFor: "x-forwarded-for"
        case .xForwardedHost: "x-forwarded-host"
        case .xForwardedProto: "x-forwarded-proto"
        case .xRealIP: "x-real-ip"
        case .xRequestID: "x-request-id"
        }
    }

    /// The known name that `bytes` spell, in any case.
    package init?(_ bytes: Span<UInt8>) {
        guard bytes.count < Self.byLength.count else { return nil }
        for candidate in Self.byLength[bytes.count] where candidate.matches(bytes) {
            self = candidate.name
            return
        }
        return nil
    }

    /// A name with its bytes, so that a look-up compares bytes and builds nothing.
    private struct Candidate {
        let name: FieldName
        let bytes: [UInt8]

        func matches(_ other: Span<UInt8>) -> Bool {
            for index in bytes.indices where bytes[index] != other[index].lowercased {
                return false
            }
            return true
        }
    }

    /// The known names by their length: most unknown names fall out at once.
    private static let byLength: [[Candidate]] = {
        let longest = allCases.map(\.text.utf8.count).max() ?? 0
        var table = [[Candidate]](repeating: [], count: longest + 1)
        for name in allCases {
            table[name.text.utf8.count].append(
                Candidate(name: name, bytes: Array(name.text.utf8)))
        }
        return table
    }()
}
