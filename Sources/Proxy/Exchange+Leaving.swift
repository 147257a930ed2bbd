import EventStream
import HTTP1
import HTTPModel
import Ledger
import Policy
import Reactor

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

    /// Milliseconds until the client comes back, before jitter of up to a half more.
    var retryMilliseconds: Int {
        switch self {
        case .evicted: 60_000
        case .cycled(.drain): 2000
        case .cycled: 3000  // What browsers do unasked.
        }
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
        guard stream != nil else { return }
        let farewell: Farewell =
            switch reason {
            case .evictedUserCap, .evictedGlobalCap, .reload, .killed: .evicted(reason)
            case .clientClosed, .gatewayClosed, .idle, .maxAge, .tokenExpired, .slowConsumer,
                .drain, .error:
                .cycled(reason)
            }
        switch phase {
        case .relaying where stream?.position == .boundary: sayFarewell(farewell)
        case .relaying:
            let deadline = now + Self.boundaryPatience
            phase = .leaving(farewell, deadline: deadline)
            hasten(to: deadline)
        case .leaving(.cycled, let deadline):
            // On its way out already, but now somebody else has its place.
            phase = .leaving(farewell, deadline: deadline)
        case .leaving(.evicted, _), .connecting, .awaitingHead, .ended: return
        }
    }

    /// Bytes that come while a boundary is waited for: up to that boundary they still pass.
    func relayLastEvent(_ payload: Range<Int>, isLast: Bool) {
        guard case .leaving(let farewell, _) = phase else { return }
        let buffer = worker.buffer.bytes
        let span = buffer.bytes(payload)
        let boundary = stream?.scanner?.scanToBoundary(span)
        let passing = payload.lowerBound..<payload.lowerBound + (boundary ?? payload.count)
        stream?.bytes &+= UInt64(passing.count)
        if !passing.isEmpty { sendBody(passing, isLast: false) }
        if boundary != nil || isLast { sayFarewell(farewell) }
    }

    /// The gateway's side closes first: its slot is the point. Then the last words, as far as they
    /// cannot be taken for a part of the gateway's event, and a clean end.
    func sayFarewell(_ farewell: Farewell) {
        guard let record = stream else { return }
        gateway?.close()
        gateway = nil
        let words = lastWords(farewell, of: record)
        closeStream(farewell.reason)
        let wasBlocked = client.isBlocked
        client.queue(framedFarewell(words))
        let closesConnection =
            if case .evicted = farewell { true } else { responseFraming == .untilClose }
        // One that has not read what was sent gets a second for it, and no further request.
        end(keepsAlive: !closesConnection && !wasBlocked, isHurried: true)
    }

    private func lastWords(_ farewell: Farewell, of record: StreamRecord) -> [UInt8] {
        guard record.scanner != nil else { return [] }  // Encoded: nothing can be said in between.
        let least = farewell.retryMilliseconds
        let retry = Int.random(in: least...least + least / 2)
        switch farewell {
        case .cycled: return LastWords.retryOnly(milliseconds: retry, at: record.position)
        case .evicted:
            return LastWords(
                retryMilliseconds: retry, reason: farewell.word,
                policy: record.policy?.name ?? "", stream: record.id.text, id: nil
            ).bytes(at: record.position)
        }
    }

    private func framedFarewell(_ words: [UInt8]) -> [UInt8] {
        guard responseFraming == .chunked else { return words }
        var bytes: [UInt8] = []
        if !words.isEmpty {
            ChunkHeader(size: words.count).append(to: &bytes)
            bytes += words
            bytes += ChunkHeader.lineEnd
        }
        return bytes + ChunkHeader.lastChunk
    }
}
