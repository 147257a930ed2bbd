import DemoGateway
import HTTPModel

/// A response as far as it has come.
package struct Response: Sendable {
    package let status: Int
    package let reason: String
    package let fields: Fields
    package let framing: BodyFraming
    /// The beginning of the body.
    package internal(set) var body: [UInt8] = []
    package internal(set) var checksum = Checksum()
    /// Whether the body has come to its proper end.
    package internal(set) var isComplete = false
    var reader = EventReader()

    package var bodyCount: Int { checksum.count }
    package var text: String { String(decoding: body, as: UTF8.self) }
    /// What a browser would dispatch.
    package var events: [ServerSentEvent] { reader.events }
    package var eventCount: Int { reader.eventCount }
    package var comments: Int { reader.comments }
    package var retry: Int? { reader.retry }
    /// The id that a browser would send back; `nil` when none was named.
    package var lastID: String? { reader.lastID }
    /// Whether nothing of an unfinished event has come.
    package var isAtBoundary: Bool { reader.isAtBoundary }

    /// The values of all lines of that name, in any case.
    package func all(_ name: String) -> [String] { fields.all(named: name) }

    /// What Sluice said when it closed the stream, if it did.
    package var lastWords: ServerSentEvent? { events.last { $0.name == "sluice-evicted" } }

    /// Which of the gateway's streams this is.
    package var gatewayStream: Int? { all("x-connection").first.flatMap(Int.init) }

    private static let keptMax = 1_048_576

    mutating func add(_ payload: Span<UInt8>) {
        checksum.add(payload)
        if body.count + payload.count <= Self.keptMax {
            for index in 0..<payload.count { body.append(payload[index]) }
        }
        if isEventStream { reader.read(payload) }
    }

    package var isEventStream: Bool {
        fields.first(.contentType)?.hasPrefix("text/event-stream") ?? false
    }

    init(_ head: ResponseHead) {
        status = head.status
        reason = head.reason
        fields = head.fields
        framing = head.framing
    }
}
