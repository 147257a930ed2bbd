import HTTPModel

/// One proxy's word about who has called it: an element of `Forwarded` (RFC 7239, section 4), or of
/// `X-Forwarded-For`.
struct ForwardedHop {
    /// `nil` when it is missing or cannot be read.
    private(set) var address: String?
    private(set) var scheme: String?
    private(set) var host: String?

    init(node: Substring) { address = NodeName.address(node) }

    /// `Forwarded` for a chain as in `X-Forwarded-For`. Scheme and host are what the client, the
    /// first of them, has used.
    static func text(chain: String, scheme: String, host: String) -> String {
        let nodes = chain.split(separator: ",").map {
            "for=\(NodeName.forwarded($0.trimmingSpaces))"
        }
        let first = (nodes.first ?? "for=unknown") + ";host=\"\(host)\";proto=\(scheme)"
        return ([first] + nodes.dropFirst()).joined(separator: ", ")
    }

    private init() {}

    /// All elements, in order; `nil` when a field cannot be read.
    static func all(_ fields: Fields) -> [ForwardedHop]? {
        var hops: [ForwardedHop] = []
        for line in fields.all(.forwarded) {
            guard let elements = split(line[...], at: ",") else { return nil }
            for element in elements {
                guard let hop = read(element) else { return nil }
                hops.append(hop)
            }
        }
        return hops
    }

    private static func read(_ element: Substring) -> ForwardedHop? {
        guard let pairs = split(element, at: ";") else { return nil }
        var hop = ForwardedHop()
        var seen: Set<String> = []
        for pair in pairs {
            let pair = pair.trimmingSpaces
            guard let equals = pair.firstIndex(of: "=") else { return nil }
            let name = pair[..<equals].lowercased()
            guard let value = unquoted(pair[pair.index(after: equals)...]),
                seen.insert(name).inserted
            else { return nil }
            switch name {
            case "for": hop.address = NodeName.address(value[...])
            case "proto": hop.scheme = value
            case "host": hop.host = value
            default: continue
            }
        }
        return hop
    }

    /// A token, or the text between quotes. An escape stands for nothing that is of use here.
    private static func unquoted(_ text: Substring) -> String? {
        guard text.hasPrefix("\"") else {
            return text.utf8.allSatisfy(\.isToken) && !text.isEmpty ? String(text) : nil
        }
        guard text.utf8.count >= 2, text.hasSuffix("\"") else { return nil }
        let inner = text.dropFirst().dropLast()
        return inner.contains("\"") || inner.contains("\\") ? nil : String(inner)
    }

    /// The parts between separators that stand outside of quotes; `nil` when a quote does not end.
    private static func split(_ text: Substring, at separator: Character) -> [Substring]? {
        var isQuoted = false
        let parts = text.split(omittingEmptySubsequences: false) { character in
            if character == "\"" { isQuoted.toggle() }
            return character == separator && !isQuoted
        }
        return isQuoted ? nil : parts
    }
}
