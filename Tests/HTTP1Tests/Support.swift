import HTTP1
import HTTP1Reading
import HTTPModel
import TestRandom
import Testing

private let seedOfCuttings = SeededRandom.forTest("Cuttings").seed

/// The ways in which every input is cut: whole, byte by byte, and at random. Each input has its own
/// random cuts, the same ones for the same seed.
func cuttings(of bytes: [UInt8]) -> [[[UInt8]]] {
    var random = SeededRandom(
        seed: bytes.reduce(seedOfCuttings) { $0 &* 31 &+ UInt64($1) })
    var cuttings = [[bytes], bytes.map { [$0] }]
    for _ in 0..<8 {
        var pieces: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Int.random(in: 1...max(1, min(rest.count, 40)), using: &random)
            pieces.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        cuttings.append(pieces)
    }
    return cuttings
}

/// Bytes of a text in which `\u{80}` to `\u{FF}` stand for single bytes.
func bytes(_ text: String) -> [UInt8] {
    text.unicodeScalars.map { UInt8($0.value) }
}

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

func parseRequest(
    _ head: [UInt8], limits: HeadLimits = HeadLimits()
) throws(HTTP1Error) -> RequestHead {
    try RequestParser.parse(head.span, limits: limits)
}

func parseRequest(_ head: String) throws(HTTP1Error) -> RequestHead {
    try parseRequest(bytes(head))
}

func parseResponse(
    _ head: String, answering method: HTTPModel.Method = .get
) throws(HTTP1Error) -> ResponseHead {
    try ResponseParser.parse(bytes(head).span, answering: method, limits: HeadLimits())
}

/// The same for text beyond Latin-1, as UTF-8.
func parseRequest(utf8 head: String) throws(HTTP1Error) -> RequestHead {
    try parseRequest(Array(head.utf8))
}

/// Everything that a request head says, to be compared and read.
func summary(of head: RequestHead) -> String {
    """
    \(head.method.text) \(head.target.path) \(head.target.query ?? "-") \(head.version) \
    \(head.authority) \(head.framing) \(head.wantsKeepAlive) \(lines(of: head.fields))
    """
}

func lines(of fields: Fields) -> [String] {
    fields.entries.map { "\(fields.nameText(of: $0)): \(fields.valueText(of: $0))" }
}

/// What happens to a request head that arrives in `pieces`: its summary, or the error.
func outcome(ofRequest pieces: [[UInt8]], limits: HeadLimits = HeadLimits()) -> String {
    do throws(HTTP1Error) {
        guard let head = try findHead(in: pieces, limits: limits) else { return "more" }
        return summary(of: try parseRequest(head, limits: limits))
    } catch {
        return error.reason
    }
}

/// As above, for a response.
func outcome(ofResponse pieces: [[UInt8]], answering method: HTTPModel.Method = .get) -> String {
    do throws(HTTP1Error) {
        guard let found = try findHead(in: pieces) else { return "more" }
        let head = try ResponseParser.parse(found.span, answering: method, limits: HeadLimits())
        return "\(head.status) \(head.reason) \(head.framing) \(lines(of: head.fields))"
    } catch {
        return error.reason
    }
}

func decode(_ framing: BodyFraming, _ pieces: [[UInt8]]) -> DecodedBody {
    var decoder = BodyDecoder(framing)
    return DecodedBody(of: pieces, read: &decoder)
}
