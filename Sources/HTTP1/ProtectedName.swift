import HTTPModel

/// The names that carry identity, framing or provenance. Nobody may have them stripped by listing
/// them in `Connection`, and none may be imitated with underscores: a gateway that turns both
/// `X-User` and `X_User` into `HTTP_X_USER` cannot tell them apart.
enum ProtectedName {
    /// Whether `name`, in lower case, is protected.
    static func contains(_ name: String) -> Bool {
        exact.contains(name) || prefixes.contains { name.hasPrefix($0) }
    }

    /// Whether `name`, with hyphens for its underscores, is a name that Sluice itself removes,
    /// replaces or protects.
    static func isImitated(by name: ArraySlice<UInt8>) -> Bool {
        let underscore = UInt8(ascii: "_"), hyphen = UInt8(ascii: "-")
        guard name.contains(underscore) else { return false }
        let plain = name.map { $0 == underscore ? hyphen : $0.lowercased }
        if let known = FieldName(plain.span) {
            switch known.passage {
            case .hopByHop, .framing, .provenance: return true
            case .endToEnd, .adapted: break
            }
        }
        let text = String(decoding: plain, as: UTF8.self)
        return Provenance.contains(text) || contains(text)
    }

    private static let exact: Set<String> = [
        "accept", "authorization", "content-encoding", "content-length", "content-type", "cookie",
        "forwarded", "host", "last-event-id", "origin", "remote-user", "set-cookie",
        "transfer-encoding", "x-api-key", "x-csrf-token", "x-real-ip", "x-remote-user",
        "x-request-id", "x-xsrf-token",
    ]

    private static let prefixes = ["sec-", "x-auth", "x-client-cert", "x-forwarded-", "x-user"]
}

/// The names that tell where a request came from and that only Sluice may write. `FieldName` knows
/// the three it writes; the others say the same to some gateways.
enum Provenance {
    /// Whether `name`, in lower case, says where the request came from.
    static func contains(_ name: String) -> Bool { names.contains(name) }

    /// As above, for a name as it was spelled. Most names fall out at their first letters.
    static func contains(_ name: ArraySlice<UInt8>) -> Bool {
        guard name.count > 12, name.prefix(12).equalsIgnoringCase("x-forwarded-".utf8) else {
            return false
        }
        return contains(String(decoding: name.map(\.lowercased), as: UTF8.self))
    }

    private static let names: Set<String> = [
        "forwarded", "x-forwarded-by", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port",
        "x-forwarded-proto", "x-forwarded-scheme", "x-forwarded-server", "x-forwarded-ssl",
        "x-forwarded-uri", "x-real-ip",
    ]
}
