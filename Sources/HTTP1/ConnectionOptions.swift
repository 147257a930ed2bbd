import HTTPModel

/// What the `Connection` fields of one head ask for (RFC 9110, section 7.6.1).
struct ConnectionOptions {
    private(set) var hasClose = false
    private(set) var hasKeepAlive = false
    /// The other options in lower case: names of fields that are meant for us alone.
    private(set) var names: [String] = []
    /// Whether every option is a token.
    private(set) var isWellFormed = true

    init(_ fields: Fields) {
        for entry in fields.entries where entry.known == .connection {
            for member in fields.bytes[entry.value].split(separator: UInt8(ascii: ",")) {
                add(member)
            }
        }
    }

    private mutating func add(_ member: ArraySlice<UInt8>) {
        let start = member.drop { $0.isOptionalSpace }
        guard let last = start.lastIndex(where: { !$0.isOptionalSpace }) else { return }
        let option = start[...last]
        guard option.allSatisfy(\.isToken) else {
            isWellFormed = false
            return
        }
        if option.equalsIgnoringCase("close".utf8) {
            hasClose = true
        } else if option.equalsIgnoringCase("keep-alive".utf8) {
            hasKeepAlive = true
        } else {
            names.append(String(decoding: option.map(\.lowercased), as: UTF8.self))
        }
    }

    /// Whether a field of this name ends here. A protected one passes: only a gateway can have
    /// listed it, because a request that does is refused, and it would lose a field of its own.
    func lists(_ name: ArraySlice<UInt8>) -> Bool {
        guard !names.isEmpty else { return false }
        let text = String(decoding: name.map(\.lowercased), as: UTF8.self)
        return names.contains(text) && !ProtectedName.contains(text)
    }

    /// Whether the sender of `version` keeps the connection (RFC 9112, section 9.3).
    func keepsAlive(_ version: HTTPVersion) -> Bool {
        switch version {
        case .http10: hasKeepAlive && !hasClose
        case .http11, .http2: !hasClose
        }
    }
}

extension RequestHead {
    /// Whether a response may have trailers: always in HTTP/2, in HTTP/1.1 for who asks for them.
    package var takesTrailers: Bool { version == .http2 || asksForTrailers }

    /// Whether the client asks for trailers (RFC 9110, section 10.1.4). One of HTTP/1.1 says that the
    /// wish is for the next hop; without that it may have come from further away.
    package var asksForTrailers: Bool {
        guard version != .http10, fields.listMembers(.te).contains("trailers") else { return false }
        return version == .http2 || ConnectionOptions(fields).names.contains("te")
    }
}
