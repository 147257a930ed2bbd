/// A request target in origin form (RFC 9112, section 3.2.1), or `*`.
///
/// `path` is normalised (RFC 3986, section 6.2.2): escapes of unreserved characters are decoded,
/// the others written in capitals, and dot segments have been refused. The same path is matched by policies and sent to the
/// gateway, so the two can never be read differently.
package struct RequestTarget: Equatable, Sendable {
    /// Starts with `/`, or is `*` for an OPTIONS of the whole server.
    package let path: String
    /// What stands after the first `?`, as it was written; `nil` without one.
    package let query: String?

    package init(path: String, query: String?) {
        self.path = path
        self.query = query
    }

    /// The target as it stands in a request line.
    package var text: String {
        query.map { "\(path)?\($0)" } ?? path
    }
}
