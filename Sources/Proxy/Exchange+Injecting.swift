import EventStream
import HTTP1
import HTTPModel
import Identity
import Ledger
import Reactor
import Settings
import Telemetry

/// What Sluice writes into a stream's body beside the last words. All of it stands at an event
/// boundary, counts as nobody's sign of life, and is told to the log at level debug.
extension Exchange {
    /// The very beginning: padding for whoever holds back short responses, and its real last event
    /// id for a client that comes back after an eviction. It leaves with the head.
    func sayOpening(to candidate: Candidate?) {
        guard let record = stream, record.scanner != nil else { return }
        let padding = worker.running.settings.streams.openingPadding
        if padding > 0 { inject(Injection.padding(padding), as: .padding) }
        if let tombstone = candidate?.tombstone {
            let frame = Injection.resumed(
                stream: record.id.text, lastEventID: tombstone.lastEventID)
            inject(frame, as: .resumed)
        }
    }

    /// A comment, if it is time for one and no event is in progress.
    func keepAlive() {
        stream?.lastKeptAlive = now
        guard stream?.position == .boundary, stream?.scanner != nil, !client.isBlocked else {
            return
        }
        inject(Injection.keepAlive, as: .keepAlive)
        client.flush()
    }

    /// Tells the clients of a gateway that drops many streams at once not to come back at once.
    /// For a few it says nothing: when to come back is then the gateway's business. Work does not come
    /// back by itself.
    func disperse() {
        guard case .relaying = phase, let record = stream, record.scanner != nil, !record.isWork
        else { return }
        let spread = worker.countClose(of: record.user)
        guard spread >= .seconds(1) else { return }
        let retry = worker.jittered(Farewell.cycledRetry, over: spread)
        let words = LastWords.retryOnly(milliseconds: retry, at: record.position)
        guard !words.isEmpty else { return }
        inject(words, as: .retry)
        client.flush()
    }

    /// Queues bytes of our own for the client.
    func inject(_ bytes: [UInt8], as kind: LogEvent.Inject.Kind) {
        guard let record = stream else { return }
        recordInjection(kind, count: bytes.count, into: record)
        if record.bytes == 0, record.leadingMark == nil { stream?.leadingMark = LeadingMark() }
        client.queueBody(bytes, isLast: false)
    }

    func recordInjection(_ kind: LogEvent.Inject.Kind, count: Int, into record: StreamRecord) {
        worker.shared.record(
            .inject(
                .init(stream: record.id.text, kind: kind, offset: record.bytes, length: count)))
    }

    /// Takes a byte order mark off the beginning of what comes behind words of ours.
    func withoutLeadingMark(_ payload: Range<Int>) -> Range<Int> {
        guard stream?.leadingMark != nil else { return payload }
        let buffer = worker.buffer.bytes
        let span = buffer.bytes(payload)
        guard let (dropped, owed) = stream?.leadingMark?.pass(span) else { return payload }
        if !owed.isEmpty { client.queueBody(owed, isLast: false) }
        return payload.lowerBound + dropped..<payload.upperBound
    }
}
