/// What every line about a stream says about it.
package struct StreamContext: Sendable {
    /// `nil` for one that was never admitted.
    package let stream: String?
    /// The user or a keyed hash of the token; never the token.
    package let user: String
    /// `nil` when no policy matches.
    package let policy: String?
    package let generation: UInt64
    /// Without its query, whatever was handed in.
    package let path: String
    package let client: String
    /// `nil` on the line of an eviction: the verdict is told by who took the place.
    package let `protocol`: ClientProtocol?
    /// The gateway's, from its response head.
    package let requestID: String?
    /// Live streams that `limit` counts, after what the line tells; `nil` when nobody counted,
    /// because no limit was the reason.
    package let count: Int?
    /// `nil` is no limit.
    package let limit: Int?

    package init(
        stream: String?, user: String, policy: String?, generation: UInt64, path: String,
        client: String, protocol: ClientProtocol?, requestID: String?, count: Int?, limit: Int?
    ) {
        self.stream = stream
        self.user = user
        self.policy = policy
        self.generation = generation
        self.path = path.withoutQuery
        self.client = client
        self.protocol = `protocol`
        self.requestID = requestID
        self.count = count
        self.limit = limit
    }
}

/// What the client speaks, by its ALPN name.
package enum ClientProtocol: String, CaseIterable, Sendable {
    case http10 = "http/1.0"
    case http11 = "http/1.1"
    case http2 = "h2"
}

extension StreamContext {
    func write(to line: inout JSONLine) {
        line.add("stream", stream)
        line.add("user", user)
        line.add("policy", policy)
        line.add("generation", generation)
        line.add("path", path)
        line.add("client", client)
        line.add("protocol", `protocol`?.rawValue)
        line.add("request_id", requestID)
        line.add("count", count)
        line.add("limit", limit)
    }

    /// The fields above, for the references of the records that begin with them.
    static func fields(isAdmitted: Bool) -> [RecordReference.Field] {
        [
            isAdmitted
                ? .init("stream", "its id, unique in this process")
                : .init("stream", "its id, if it was let in all the same", isOptional: true),
            .init("user", "whom the stream counts for, or a keyed hash of the token"),
            .init("policy", "the one that governs it, if any matches", isOptional: true),
            .init("generation", "of the policies that judged it"),
            .init("path", "without its query"),
            .init("client", "address and port of the peer"),
            .init("protocol", "`http/1.0` or `http/1.1`", isOptional: true),
            .init("request_id", "`X-Request-Id` of the gateway's response", isOptional: true),
            isAdmitted
                ? .init("count", "live streams that the limit counts, after what this line tells")
                : .init(
                    "count", "live streams that the limit counts; not for `admission`",
                    isOptional: true),
            .init("limit", "how many there may be, if there is a limit", isOptional: true),
        ]
    }

    /// A stream for the examples of the reference.
    static func example(stream: String?, count: Int) -> StreamContext {
        StreamContext(
            stream: stream, user: "alice", policy: "default", generation: 1, path: "/events",
            client: "192.0.2.7:50112", protocol: .http11, requestID: "7f3a9c", count: count,
            limit: 1)
    }
}
