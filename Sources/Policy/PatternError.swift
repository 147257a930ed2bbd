/// Why a text is no pattern. Every case carries the text as it was written.
package enum PatternError: Error, Equatable, Sendable {
    case noLeadingSlash(String)
    case misplacedDoubleStar(String)
    case query(String)
    case unescaped(String)
    case badEscape(String)
    case dotSegment(String)
    case notNormalized(String, normalized: String)
    case misplacedHostStar(String)
    case port(String)
    case invalidHost(String)

    /// What is wrong and how to mend it, for the person who wrote the pattern.
    package var message: String {
        switch self {
        case .noLeadingSlash(let text):
            "\"\(text)\" does not start with \"/\": write \"/\(text)\""
        case .misplacedDoubleStar(let text):
            "\"**\" in \"\(text)\" may only be the last segment: end the pattern in \"/**\", "
                + "or write \"*\" for a part of one segment"
        case .query(let text):
            "\"\(text)\" has a query, and patterns are matched against the path alone: "
                + "leave out \"?\" or \"#\" and what follows"
        case .unescaped(let text):
            "\"\(text)\" has a character that no path contains: "
                + "write it as the request does, percent-encoded"
        case .badEscape(let text):
            "\"\(text)\" has a \"%\" that two hexadecimal digits do not follow, or that escapes a "
                + "control character, and requests with one are refused: write \"%25\" for \"%\" "
                + "itself"
        case .dotSegment(let text):
            "\"\(text)\" has a \".\" or \"..\" segment, and requests with one are refused: "
                + "write the path it leads to"
        case .notNormalized(let text, let normalized):
            "\"\(text)\" fits no path, for escapes are read before patterns are matched: "
                + "write \"\(normalized)\""
        case .misplacedHostStar(let text):
            "\"*\" in \"\(text)\" may only be the whole first label: write \"*.example.com\""
        case .port(let text):
            "\"\(text)\" has a port, and hosts are matched without it: leave out \":\" and the port"
        case .invalidHost(let text):
            "\"\(text)\" is not a host name: write \"example.com\" or \"*.example.com\", "
                + "an international name in its \"xn--\" form"
        }
    }
}
