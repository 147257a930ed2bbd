import HTTP1
import HTTP1Reading
import HTTP2
import HTTPModel

/// Keeps what a session tells its handler, and notes what it must not tell.
final class HTTP2Listener: SessionHandler {
    enum Event: Equatable {
        case request(Int32, String, isComplete: Bool)
        case refused(Int32, RequestRefusal)
        case bodyEnd(Int32, [UInt8])
        case closed(Int32, UInt32)
    }

    private(set) var events: [Event] = []
    /// The first thing that the session must not have said.
    private(set) var fault: String?
    /// Requests that were told of and whose streams are not closed.
    private(set) var open: Set<Int32> = []
    private var told: Set<Int32> = []
    private var complete: Set<Int32> = []
    private var closed: Set<Int32> = []
    private var ended: Set<Int32> = []
    private var answered: Set<Int32> = []
    /// Bodies of requests so far. How much is told of one that turns out wrong depends on the cuts.
    private var received: [Int32: [UInt8]] = [:]
    private var lengths: [Int32: Int64] = [:]
    private var bodies: [Int32: (bytes: ArraySlice<UInt8>, ends: Bool)] = [:]
    private let answers: Bool
    private let streamsMax: Int
    private weak var session: ServerSession?

    init(answers: Bool, streamsMax: Int) {
        self.answers = answers
        self.streamsMax = streamsMax
    }

    func attach(_ session: ServerSession) { self.session = session }

    /// Answers a request that has no answer yet.
    func respond(_ stream: Int32, body: [UInt8], ends: Bool) {
        guard open.contains(stream), answered.insert(stream).inserted else { return }
        var fields = Fields()
        fields.append(.contentType, "text/event-stream")
        bodies[stream] = (body[...], ends)
        let head = ResponseHead(
            status: 200, reason: "", version: .http11, fields: fields,
            framing: body.isEmpty && ends ? .none : .chunked, allowsReuse: true)
        _ = session?.respond(
            stream, head, answering: .get, framing: head.framing, hasBody: head.framing != .none)
    }

    // MARK: SessionHandler

    func requestArrived(_ head: RequestHead, on stream: Int32, isComplete: Bool) {
        tell(stream)
        if isComplete { complete.insert(stream) }
        let fields = Heads.lines(of: head.fields).map { String(decoding: $0, as: UTF8.self) }
        events.append(
            .request(
                stream,
                "\(head.method) \(head.target) \(head.authority) \(head.framing) "
                    + "\(head.upgrade ?? "-") \(fields)", isComplete: isComplete))
        if case .length(let length) = head.framing { lengths[stream] = length }
        if head.framing == .untilClose { note("a request has no body without an end") }
        if !isOneRequest(head) { note("what the gateway gets is one request") }
        if answers { respond(stream, body: Array("data: x\n\n".utf8), ends: stream % 4 == 1) }
    }

    func requestRefused(_ refusal: RequestRefusal, on stream: Int32, isComplete: Bool) {
        if case .invalid = refusal { tell(stream) }
        events.append(.refused(stream, refusal))
        if answers, case .invalid = refusal { respond(stream, body: [], ends: true) }
    }

    func bodyArrived(_ bytes: Span<UInt8>, on stream: Int32) {
        if !told.contains(stream) { note("a body has a request") }
        if complete.contains(stream) { note("nothing follows the end of a body") }
        let bytes = bytes.indices.map { bytes[$0] }
        received[stream, default: []] += bytes
        if let length = lengths[stream], received[stream, default: []].count > length {
            note("a body is no longer than it was said to be")
        }
        session?.consumed(bytes.count, of: stream)
    }

    func bodyEnded(on stream: Int32) {
        if !told.contains(stream) { note("the end of a body has a request") }
        if !complete.insert(stream).inserted { note("a body ends once") }
        events.append(.bodyEnd(stream, received[stream] ?? []))
    }

    func responseEnded(on stream: Int32) {
        if !open.contains(stream) { note("only a response to an open request ends") }
        if !ended.insert(stream).inserted { note("a response ends once") }
    }

    func streamClosed(_ stream: Int32, error: ErrorCode) {
        if !closed.insert(stream).inserted { note("a stream is closed once") }
        if !told.contains(stream) { note("only a request that was told of is closed") }
        open.remove(stream)
        bodies[stream] = nil
        events.append(.closed(stream, error.rawValue))
    }

    func readBody(of stream: Int32, into space: inout MutableSpan<UInt8>) -> BodyPiece {
        guard let body = bodies[stream] else { return BodyPiece(count: 0, isLast: true) }
        let count = min(body.bytes.count, space.count)
        for (index, byte) in body.bytes.prefix(count).enumerated() { space[index] = byte }
        let rest = body.bytes.dropFirst(count)
        bodies[stream] = (rest, body.ends)
        guard rest.isEmpty, body.ends else { return BodyPiece(count: count, isLast: false) }
        var trailers = Fields()
        trailers.append("x-sum", "1")
        return BodyPiece(count: count, isLast: true, trailers: trailers)
    }

    private func tell(_ stream: Int32) {
        if !told.insert(stream).inserted { note("a stream carries one request") }
        open.insert(stream)
        if open.count > streamsMax { note("no more requests than are allowed") }
    }

    private func isOneRequest(_ head: RequestHead) -> Bool {
        let sent = GatewayRequest(
            clientAddress: "192.0.2.1", scheme: "https", fallbackHost: "gateway.internal",
            acceptsOnlyIdentity: true, webSocketKey: "AAAAAAAAAAAAAAAAAAAAAA=="
        ).serialize(head)
        guard let found = try? findHead(in: [sent], limits: Heads.ample), found.count == sent.count,
            let again = try? RequestParser.parse(sent.span, limits: Heads.ample)
        else { return false }
        return again.method == head.method && again.target == head.target
            && again.authority == head.authority && again.framing == head.framing
    }

    private func note(_ fault: String) {
        if self.fault == nil { self.fault = fault }
    }
}
