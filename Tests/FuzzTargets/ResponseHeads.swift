import HTTP1
import HTTP1Reading
import HTTPModel

/// The head of a response, from the gateway's bytes to the client's.
enum ResponseHeads {
    static func check(_ bytes: [UInt8]) throws(BrokenProperty) {
        let cuttings = Cuttings(bytes)
        for method in [Method.get, .head] {
            for limits in Heads.limits {
                _ = try cuttings.agree(on: "a response head is read the same in any pieces") {
                    Heads.outcome(of: $0, limits) { head throws(HTTP1Error) in
                        summary(
                            of: try ResponseParser.parse(
                                head.span, answering: method, limits: limits))
                    }
                }
            }
            guard let head = parsed(bytes, answering: method, HeadLimits()) else { continue }
            for takesTrailers in [false, true] {
                try check(
                    head,
                    asSentBy: ClientResponse(
                        answering: method, framing: head.framing, connection: .none,
                        takesTrailers: takesTrailers))
            }
        }
    }

    private static func parsed(
        _ bytes: [UInt8], answering method: Method, _ limits: HeadLimits
    ) -> ResponseHead? {
        do throws(HTTP1Error) {
            guard let head = try findHead(in: [bytes], limits: limits) else { return nil }
            return try ResponseParser.parse(head.span, answering: method, limits: limits)
        } catch {
            return nil
        }
    }

    private static func summary(of head: ResponseHead) -> String {
        "\(head.status) \(head.reason) \(head.version) \(head.framing) \(head.allowsReuse) "
            + "\(head.isEventStream) \(head.isOpaque) \(Heads.lines(of: head.fields))"
    }

    private static func check(
        _ head: ResponseHead, asSentBy response: ClientResponse
    ) throws(BrokenProperty) {
        let sent = response.serialize(head)
        let shown = String(decoding: sent, as: UTF8.self)
        guard let found = try? findHead(in: [sent], limits: Heads.ample), found.count == sent.count,
            let again = parsed(sent, answering: response.method, Heads.ample)
        else { throw BrokenProperty(description: "what the client gets is one head: \(shown)") }
        try require(
            again.status == head.status && again.reason == head.reason
                && again.framing == head.framing && again.isEventStream == head.isEventStream
                && again.isOpaque == head.isOpaque,
            "the client gets the response that was read", shown)
        try require(
            response.serialize(again) == sent, "a response that goes on stays as it is", shown)
    }
}
