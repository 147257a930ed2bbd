import EventStream
import HTTP1
import HTTPModel
import Identity
import Ledger
import Policy
import Reactor
import Settings
import Telemetry

/// An exchange whose response is an event stream: its verdict, its clocks and its close.
extension Exchange {
    /// The gateway has accepted the request with an event stream. Only now the ledger is asked, so
    /// that a forged token can cost nobody anything.
    func offerToLedger(_ head: ResponseHead) {
        if worker.isDraining { return fail(.draining) }
        let running = worker.running
        let (user, claims) = running.settings.identity.user(
            of: token, clientAddress: client.peerHost, hash: running.hash)
        let facts = StreamFacts(
            user: user, method: request.method, host: request.host, path: request.target.path,
            client: client.peer, claims: claims)
        switch worker.shared.ledger.admit(facts, owner: worker.index, now: now) {
        case .admitted(let admission): open(head, user: user, admission)
        case .refused(let refusal): refuse(user: user, refusal)
        }
    }

    private func open(_ head: ResponseHead, user: User, _ admission: Admission) {
        var record = StreamRecord(
            id: admission.id, user: user, isOpaque: head.isOpaque, admittedAt: now,
            ageJitter: .random(in: -1...1))
        record.govern(
            by: admission.policy, generation: admission.generation,
            heartbeats: worker.heartbeats(of: admission.policy))
        stream = record
        worker.streams[admission.id] = self
        worker.shared.record(.streamOpened(.init(context(of: record, count: admission.count))))
        recordObservations(of: admission, newcomer: record)
        for victim in admission.victims {
            worker.evict(victim, cause: .newcomer(stream: admission.id.text))
        }
        // Always chunked, or until close: a promised length would leave no room for last words.
        sendHead(head, framing: unboundedFraming)
        forgetRequestFields()
        hasten(to: streamDeadline)
    }

    private func recordObservations(of admission: Admission, newcomer record: StreamRecord) {
        for victim in admission.observed {
            worker.shared.record(
                .evict(
                    .init(
                        victim, cause: .newcomer(stream: admission.id.text), isObserved: true)))
        }
        if let reason = admission.wouldRefuse {
            worker.shared.record(
                .streamRefused(
                    .init(
                        context(of: record, count: admission.count), reason: reason,
                        verdict: .observed)))
        }
    }

    private func refuse(user: User, _ refusal: Refusal) {
        let status = refusal.reason == .globalCap ? 503 : 429
        let context = StreamContext(
            stream: nil, user: user.text, policy: refusal.policy?.name,
            generation: refusal.generation, path: request.target.path, client: client.peer,
            protocol: clientProtocol, requestID: requestID, count: refusal.count,
            limit: refusal.limit)
        worker.shared.record(
            .streamRefused(
                .init(
                    context, reason: refusal.reason, verdict: .enforced(status: UInt16(status)))))
        // Jittered: those who were refused together must not come back together.
        let retryAfter = Int.random(in: 30...60)
        turnAway(
            Answer(
                status: status,
                body: #"{"error":"\#(refusal.reason.rawValue)","limit":\#(refusal.limit)}"#,
                fields: [(.retryAfter, String(retryAfter))]))
    }

    // MARK: Signs of life

    /// Looks at bytes that are about to pass. Nothing is changed, delayed or kept.
    func observe(_ payload: Range<Int>) {
        guard !payload.isEmpty else { return }
        let now = now
        stream?.bytes &+= UInt64(payload.count)
        stream?.lastBytes = now
        let buffer = worker.buffer.bytes
        let span = buffer.bytes(payload)
        guard let seen = stream?.scanner?.scan(span) else { return }
        note(seen, at: now)
    }

    private func note(_ seen: EventScanner.Seen, at now: Duration) {
        if seen.anyFrame { stream?.lastFrame = now }
        if seen.anyEvent { stream?.lastEvent = now }
    }

    /// The next moment at which the stream may have to close.
    var streamDeadline: Duration {
        let far = now + .seconds(3600)
        guard let stream else { return far }
        return max(min(stream.idleDeadline ?? far, stream.expiresAt ?? far), stream.notBefore)
    }

    /// A deadline of the stream has come.
    func streamExpired() {
        guard let stream else { return }
        if let expiresAt = stream.expiresAt, expiresAt <= now {
            leave(.maxAge)
        } else if let idle = stream.idleDeadline, idle <= now {
            leave(.idle)
        }
    }

    /// A reload has judged the stream anew.
    func govern(by policy: Policy?, generation: UInt64, grace: Duration) {
        stream?.govern(
            by: policy, generation: generation, heartbeats: worker.heartbeats(of: policy))
        stream?.notBefore = now + grace
        hasten(to: streamDeadline)
    }

    // MARK: The one close

    /// Takes the stream out of the ledger and writes its one closing line. The reason is the
    /// ledger's when it has condemned the stream meanwhile.
    func closeStream(_ reason: CloseReason) {
        guard let record = stream else { return }
        stream = nil
        worker.streams[record.id] = nil
        guard let closed = worker.shared.ledger.close(record.id, reason: reason, now: now) else {
            preconditionFailure("A live stream is in the ledger until it is closed here.")
        }
        worker.shared.record(
            .streamClosed(
                .init(
                    context(of: record, count: closed.count), reason: closed.reason,
                    duration: closed.lifetime, events: UInt64(record.scanner?.events ?? 0),
                    comments: UInt64(record.scanner?.comments ?? 0), bytes: record.bytes)))
    }

    private func context(of record: StreamRecord, count: Int) -> StreamContext {
        StreamContext(
            stream: record.id.text, user: record.user.text, policy: record.policy?.name,
            generation: record.generation, path: request.target.path, client: client.peer,
            protocol: clientProtocol, requestID: requestID, count: count, limit: record.limit)
    }
}
