import EventStream
import HTTP1
import HTTPModel
import Identity
import Ledger
import Policy
import Reactor
import Telemetry

/// What a client is told when Sluice closes its stream.
enum Farewell {
    /// Somebody else has the place now: a private event says so, and come back late.
    case evicted(CloseReason)
    /// Nothing is wrong with the client: only when to come back.
    case cycled(CloseReason)

    var reason: CloseReason {
        switch self {
        case .evicted(let reason), .cycled(let reason): reason
        }
    }

    /// After how long a client that is welcome comes back, before jitter of up to a half more:
    /// what browsers do unasked.
    static let cycledRetry = Duration.seconds(3)
    /// The same when somebody else is there to take it already.
    static let drainRetry = Duration.seconds(2)

    var isEviction: Bool {
        if case .evicted = self { true } else { false }
    }

    /// The word for it in the last words.
    var word: String {
        switch reason {
        case .evictedUserCap: "superseded"
        case .evictedGlobalCap: "global_cap"
        case .clientClosed, .gatewayClosed, .idle, .maxAge, .tokenExpired, .slowConsumer, .killed,
            .reload, .drain, .error:
            reason.rawValue
        }
    }
}

/// Closing a stream so that its client keeps what it has and knows what to do.
extension Exchange {
    /// How long the end of an event in progress is waited for.
    private static let boundaryPatience = Duration.milliseconds(250)

    /// Ends the stream for a reason of ours: at once at an event boundary, otherwise as soon as one
    /// passes, and after 250 ms wherever it stands.
    func leave(_ reason: CloseReason) {
        governAnew()
        guard let stream else { return }
        if stream.isWork { return cutWork(reason) }
        let farewell: Farewell =
            switch reason {
            case .evictedUserCap, .evictedGlobalCap, .reload, .killed: .evicted(reason)
            case .clientClosed, .gatewayClosed, .idle, .maxAge, .tokenExpired, .slowConsumer,
                .drain, .error:
                .cycled(reason)
            }
        switch phase {
        case .relaying where stream.position == .boundary: sayFarewell(farewell)
        case .relaying:
            let deadline = now + Self.boundaryPatience
            phase = .leaving(farewell, deadline: deadline)
            hasten(to: deadline)
        case .leaving(.cycled, let deadline):
            // On its way out already, but now somebody else has its place.
            phase = .leaving(farewell, deadline: deadline)
        case .leaving(.evicted, _), .waiting, .connecting, .awaitingHead, .tunnel, .ended: return
        }
    }

    /// Ends work before its end. Whoever waits for the whole of it must see that this is not it: no
    /// word of ours, no last chunk, a reset in HTTP/2. Where it stands in its events does not matter.
    private func cutWork(_ reason: CloseReason) {
        closeStream(reason)
        guard releaseClosing() else { return }
        client.breakOff()
    }

    /// Bytes that come while a boundary is waited for: up to that boundary they still pass.
    func relayLastEvent(_ payload: Range<Int>, isLast: Bool) {
        guard case .leaving(let farewell, _) = phase else { return }
        let buffer = worker.buffer.bytes
        let span = buffer.bytes(payload)
        let boundary = stream?.scanner?.scanToBoundary(span)
        let end = payload.lowerBound + (boundary ?? payload.count)
        stream?.bytes &+= UInt64(end - payload.lowerBound)
        let passing = withoutLeadingMark(payload.lowerBound..<end)
        if !passing.isEmpty { sendBody(passing, isLast: false) }
        if boundary != nil || isLast { sayFarewell(farewell) }
    }

    /// The gateway's side closes first: its slot is the point. Then the last words, as far as they
    /// cannot be taken for a part of the gateway's event, and a clean end.
    func sayFarewell(_ farewell: Farewell) {
        governAnew()
        guard let record = stream else { return }
        // A reload may have made work of it since.
        if record.isWork { return cutWork(farewell.reason) }
        gateway?.close()
        gateway = nil
        let words = lastWords(farewell, of: record)
        if !words.isEmpty {
            let isWhole = record.position == .boundary && farewell.isEviction
            recordInjection(isWhole ? .lastWords : .retry, count: words.count, into: record)
        }
        closeStream(farewell.reason)
        let wasBlocked = client.isBlocked
        client.queueBody(words, isLast: true)
        // One that has not read what was sent gets a second for it, and no further request.
        end(mayGoOn: !farewell.isEviction && !wasBlocked, isHurried: true)
    }

    private func lastWords(_ farewell: Farewell, of record: StreamRecord) -> [UInt8] {
        let spread = worker.countClose(of: record.user)
        guard record.scanner != nil else { return [] }  // Encoded: nothing can be said in between.
        switch farewell {
        case .cycled(let reason):
            let base = reason == .drain ? Farewell.drainRetry : Farewell.cycledRetry
            return LastWords.retryOnly(
                milliseconds: worker.jittered(base, over: spread), at: record.position)
        case .evicted:
            return LastWords(
                retryMilliseconds: worker.evictedRetry(round: 0, of: record.user),
                reason: farewell.word,
                policy: record.policy?.name ?? "", stream: record.id.text,
                id: tombstone(of: record)
            ).bytes(at: record.position)
        }
    }

    /// The id by which the client is known when it comes back by itself.
    private func tombstone(of record: StreamRecord) -> String? {
        guard record.policy?.afterEviction != .nothing, let id = record.resumeID else { return nil }
        return Tombstone(
            stream: record.id.rawValue, round: 0, lastEventID: id, sharing: record.client.sharing
        ).map { worker.seal($0, for: record.user) }
    }
}
