package import HTTPModel

/// A response of Sluice's own: a status and a short body.
package struct Answer: Sendable {
    package let status: Int
    /// Empty for a status without a body.
    package let body: String
    package let contentType: String
    /// Further fields, such as `Retry-After`. The caller answers for the bytes.
    package let fields: [(FieldName, String)]

    package init(
        status: Int, body: String, contentType: String = "application/json",
        fields: [(FieldName, String)]
    ) {
        self.status = status
        self.body = body
        self.contentType = contentType
        self.fields = fields
    }

    /// The whole response. `method` is `nil` when the request could not be read so far.
    package func serialize(answering method: Method?, connection: ConnectionNote) -> [UInt8] {
        var writer = HeadWriter(capacity: 256 + body.utf8.count)
        writer.startLine("HTTP/1.1 ", String(status), " ", ReasonPhrase.text(of: status))
        let mayHaveBody = status >= 200 && status != 204 && status != 304
        if mayHaveBody {
            writer.field(.contentType, contentType)
            writer.field(.contentLength, String(body.utf8.count))
        }
        // An answer of ours holds for one request and one moment.
        writer.field(.cacheControl, "no-store")
        for (name, value) in fields { writer.field(name, value) }
        writer.connection(connection)
        writer.endLine()
        if mayHaveBody, method != .head { writer.text(body) }
        return writer.bytes
    }

    /// Head and body apart, for another way to write them down.
    package func parts(answering method: Method?) -> (head: ResponseHead, body: [UInt8]) {
        var fields = Fields()
        let mayHaveBody = status >= 200 && status != 204 && status != 304
        if mayHaveBody { fields.append(.contentType, contentType) }
        fields.append(.cacheControl, "no-store")
        for (name, value) in self.fields { fields.append(name, value) }
        let head = ResponseHead(
            status: status, reason: "", version: .http2, fields: fields,
            framing: mayHaveBody ? .length(Int64(body.utf8.count)) : .none, allowsReuse: true)
        return (head, mayHaveBody && method != .head ? Array(body.utf8) : [])
    }
}
