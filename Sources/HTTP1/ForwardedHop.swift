import HTTPModel

/// One proxy's word about who has called it: an element of `Forwarded` (RFC 7239, section 4), or of
/// `X-Forwarded-For`.
struct ForwardedHop {
    /// `nil` when the proxy does not tell it.
    private(set) var address: String?
    private(set) var scheme: ArraySlice<UInt8>?
    private(set) var host: ArraySlice<UInt8>?

    /// An element of `X-Forwarded-For`; `nil` when it is neither an address nor a word for none.
    init?(node: ArraySlice<UInt8>) {
        let node = node.trimmingSpaces
        address = NodeName.address(node)
        if address == nil, !Self.isHidden(node) { return nil }
    }

    /// An element of `Forwarded`; `nil` when it cannot be read.
    init?(element: ArraySlice<UInt8>) {
        guard let pairs = Self.pairs(of: element) else { return nil }
        var names: [ArraySlice<UInt8>] = []
        for pair in pairs {
            let pair = pair.trimmingSpaces
            guard let equals = pair.firstIndex(of: UInt8(ascii: "=")),
                let value = Self.unquoted(pair[(equals + 1)...])
            else { return nil }
            let name = pair[..<equals]
            guard !names.contains(where: { name.equalsIgnoringCase($0) }),
                names.count < Self.pairsMax
            else { return nil }
            names.append(name)
            if name.equalsIgnoringCase("for".utf8) {
                address = NodeName.address(value)
                if address == nil, !Self.isHidden(value) { return nil }
            } else if name.equalsIgnoringCase("proto".utf8) {
                scheme = value
            } else if name.equalsIgnoringCase("host".utf8) {
                host = value
            }
        }
    }

    /// Whether a proxy says that it does not tell (RFC 7239, sections 6.2 and 6.3). A port may follow.
    private static func isHidden(_ node: ArraySlice<UInt8>) -> Bool {
        node.first == UInt8(ascii: "_")
            || node.prefix { $0 != ASCII.colon }.equalsIgnoringCase("unknown".utf8)
    }

    /// RFC 7239 knows four; others may stand beside them.
    private static let pairsMax = 16

    /// `Forwarded` for a chain as in `X-Forwarded-For`. Scheme and host are what the client, the
    /// first of them, has used.
    static func text(chain: String, scheme: String, host: String) -> String {
        let nodes = chain.utf8.split(separator: UInt8(ascii: ",")).map {
            let node = Array($0)[...].trimmingSpaces
            return "for=\(NodeName.forwarded(String(decoding: node, as: UTF8.self)))"
        }
        let first = (nodes.first ?? "for=unknown") + ";host=\"\(host)\";proto=\(scheme)"
        return ([first] + nodes.dropFirst()).joined(separator: ", ")
    }

    /// A token, or the text between quotes; empty when it has an escape, which stands for nothing
    /// that is of use here.
    private static func unquoted(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard text.first == quote else {
            return text.allSatisfy(\.isToken) && !text.isEmpty ? text : nil
        }
        guard text.count >= 2, text.last == quote else { return nil }
        let inner = text.dropFirst().dropLast()
        if inner.contains(backslash) { return [] }
        return inner.contains(quote) ? nil : inner
    }

    /// The parts between the semicolons outside of quotes; `nil` when a quote does not end.
    private static func pairs(of element: ArraySlice<UInt8>) -> [ArraySlice<UInt8>]? {
        var isQuoted = false
        var isEscaped = false
        let parts = element.split(omittingEmptySubsequences: false) { byte in
            if isEscaped {
                isEscaped = false
            } else if byte == quote {
                isQuoted.toggle()
            } else {
                isEscaped = isQuoted && byte == backslash
            }
            return byte == UInt8(ascii: ";") && !isQuoted
        }
        return isQuoted ? nil : parts
    }

    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")
}
