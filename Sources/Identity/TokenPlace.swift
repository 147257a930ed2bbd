import HTTPModel

/// Where in a request a token may stand.
package enum TokenPlace: Hashable, Sendable {
    /// `Authorization: Bearer TOKEN` (RFC 6750, section 2.1).
    case bearer
    /// A parameter of the query, its name decoded.
    case query(String)
    /// A cookie; names are case-sensitive (RFC 6265).
    case cookie(String)
    /// The whole value of a field, its name in lower case.
    case header(String)
    /// Not in the request: the name in the client's certificate, which was verified here.
    case certificate

    /// A place as settings write it: `bearer`, `query:NAME`, `cookie:NAME`, `header:NAME` or
    /// `certificate`.
    package init?(_ text: String) {
        guard text != "bearer" else {
            self = .bearer
            return
        }
        guard text != "certificate" else {
            self = .certificate
            return
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[1].isEmpty else { return nil }
        let name = String(parts[1])
        guard TokenName(name) != nil else { return nil }
        let isToken = name.utf8.allSatisfy(\.isToken)
        switch parts[0] {
        case "query" where name.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }: self = .query(name)
        case "cookie" where isToken: self = .cookie(name)
        case "header" where isToken: self = .header(name.lowercased())
        default: return nil
        }
    }

    /// As settings write it.
    package var text: String {
        switch self {
        case .bearer: "bearer"
        case .query(let name): "query:\(name)"
        case .cookie(let name): "cookie:\(name)"
        case .header(let name): "header:\(name)"
        case .certificate: "certificate"
        }
    }
}
