import HTTPModel
import Policy

/// What a request tells of its client, as far as closing its stream depends on it.
extension RequestHead {
    /// The kind of client, never `auto`.
    ///
    /// A browser's EventSource cannot set fields of its own: it asks for `text/event-stream` and
    /// nothing else, past every cache (WHATWG HTML, section 9.2.3), and so do the libraries that
    /// imitate it.
    var clientKind: Policy.ClientKind {
        if !fields.all(named: "mcp-session-id").isEmpty { return .mcp }
        let accepted = fields.lines(.accept)
        let asksForStreamsOnly =
            accepted.count == 1 && accepted[0].elementsEqual("text/event-stream".utf8)
        let passesCaches = fields.listMembers(.cacheControl).contains {
            $0 == "no-cache" || $0 == "no-store"
        }
        let isPlain = fields.count(of: .authorization) == 0 && fields.count(of: .contentType) == 0
        return method == .get && asksForStreamsOnly && passesCaches && isPlain
            ? .eventSource : .fetch
    }
}
