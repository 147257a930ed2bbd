import HTTPModel

/// A whole response that fits into memory.
struct Reply {
    var status: Int
    var fields: [(name: String, value: String)]
    var body: Body

    enum Body {
        /// With its length in the head.
        case whole([UInt8])
        /// Each piece a chunk.
        case chunks([[UInt8]])
        /// None, and no word about it.
        case none
    }

    static func json(_ status: Int, _ text: String) -> Reply {
        Reply(
            status: status, fields: [("content-type", "application/json")],
            body: .whole(Array(text.utf8)))
    }

    static func text(_ status: Int, _ text: String) -> Reply {
        Reply(
            status: status, fields: [("content-type", "text/plain")],
            body: .whole(Array(text.utf8)))
    }

    /// The bytes of the response to a request of that method.
    func serialize(answering method: Method, closing: Bool) -> [UInt8] {
        var head = ResponseText(status: status)
        for field in fields { head.field(field.name, field.value) }
        if closing { head.field("connection", "close") }
        switch body {
        case .whole(let bytes):
            head.field("content-length", String(bytes.count))
            return head.ended + (method == .head ? [] : bytes)
        case .chunks(let pieces):
            head.field("transfer-encoding", "chunked")
            guard method != .head else { return head.ended }
            return head.ended + pieces.flatMap(Chunk.framed) + Chunk.last
        case .none:
            return head.ended
        }
    }
}

/// A response head in the making.
struct ResponseText {
    private var text: String

    init(status: Int) { text = "HTTP/1.1 \(status) \r\n" }

    mutating func field(_ name: String, _ value: String) {
        text += "\(name): \(value)\r\n"
    }

    var ended: [UInt8] { Array((text + "\r\n").utf8) }
}
