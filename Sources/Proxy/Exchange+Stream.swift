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
        let facts: StreamFacts
        do throws(IdentityError) {
            facts = try self.facts()
        } catch {
            return refuse(for: error)
        }
        if let tokenKey = TokenKey(facts) { worker.shared.pacing.accept(tokenKey) }
        if worker.isDraining, !isWork(facts) { return refuseDraining() }
        let vitals = StreamVitals(descriptor: client.descriptor, now: sharedNow)
        let verdict = worker.shared.ledger.admit(
            facts, owner: worker.index, vitals: vitals, patience: patience,
            isReturning: candidate?.tombstone != nil, now: sharedNow, chance: .random(in: 0..<1))
        switch verdict {
        case .admitted(let admission): open(head, facts: facts, vitals: vitals, admission)
        case .refused(let refusal): refuse(refusal, of: facts)
        }
    }

    /// Whether the gateway has begun something that is finished even while the process ends.
    private func isWork(_ facts: StreamFacts) -> Bool {
        worker.shared.ledger.policySet.governing(facts).isWork(facts.method)
    }

    /// How long others must have been silent before this stream may take their place.
    var patience: Patience {
        let limits = worker.running.settings.limits
        return Patience(
            stalled: limits.writeTimeout / 3, unacknowledged: limits.deadPeerTimeout / 3)
    }

    private func open(
        _ head: ResponseHead, facts: StreamFacts, vitals: StreamVitals, _ admission: Admission
    ) {
        var record = StreamRecord(
            id: admission.id, user: facts.user, vitals: vitals,
            client: StreamRecord.Client(request: request, response: head),
            lastEventID: request.lastEventID, isOpaque: head.isOpaque, admittedAt: now,
            ageJitter: .random(in: -1...1),
            tokenExpiresAt: facts.claims.expiry(now: now), tokenKey: TokenKey(facts))
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
        sendHead(head)
        sayOpening(to: candidate)
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
                        context(of: record, count: admission.count), reason: .ledger(reason),
                        verdict: .observed)))
        }
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
        guard let seen = stream?.scanner?.scan(span) else {
            stream?.vitals.noteEvent(at: sharedNow)
            return
        }
        note(seen, at: now)
    }

    private func note(_ seen: EventScanner.Seen, at now: Duration) {
        if seen.anyFrame { stream?.lastFrame = now }
        guard seen.anyEvent else { return }
        stream?.lastEvent = now
        stream?.vitals.noteEvent(at: sharedNow)
    }

    /// Passes on what came of a stream.
    func relayStream(_ payload: Range<Int>, isLast: Bool) {
        observe(payload)
        let passing = withoutLeadingMark(payload)
        guard isLast else { return sendBody(passing, isLast: false) }
        sendBody(passing, isLast: false)
        disperse()
        sendBody(passing.upperBound..<passing.upperBound, isLast: true)
        complete()
    }

    /// The next moment at which the stream may have to close.
    var streamDeadline: Duration {
        let far = now + .seconds(3600)
        guard let stream else { return far }
        let end = max(stream.end ?? far, stream.notBefore)
        return min(end, stream.keepAliveDue ?? far)
    }

    /// A deadline of the stream has come.
    func streamExpired() {
        guard let stream else { return }
        let mayEnd = stream.notBefore <= now
        if mayEnd, let expiresAt = stream.expiresAt, expiresAt <= now {
            leave(stream.endsWithToken ? .tokenExpired : .maxAge)
        } else if mayEnd, let idle = stream.idleDeadline, idle <= now {
            leave(.idle)
        } else if let due = stream.keepAliveDue, due <= now {
            keepAlive()
        }
    }

    /// A reload has judged the stream anew.
    func govern(by policy: Policy?, generation: UInt64, grace: Duration) {
        let before = stream?.end
        stream?.govern(
            by: policy, generation: generation, heartbeats: worker.heartbeats(of: policy))
        if let end = stream?.end, end < before ?? .seconds(Int64.max) {
            stream?.notBefore = now + grace
        }
        hasten(to: streamDeadline)
    }

    /// Brings a stream that is about to end under the set in force: a reload reaches the ledger first,
    /// and how the stream ends and what its client is told must not depend on that.
    func governAnew() {
        guard let stream, worker.shared.ledger.generation != stream.generation else { return }
        let (policies, generation) = worker.shared.ledger.policies(of: [stream.id])
        govern(by: policies[0], generation: generation, grace: .zero)
    }

    // MARK: The one close

    /// Takes the stream out of the ledger and writes its one closing line. The reason is the
    /// ledger's when it has condemned the stream meanwhile.
    func closeStream(_ reason: CloseReason) {
        guard var record = stream else { return }
        stream = nil
        record.vitals.end()
        if let key = record.tokenKey { worker.shared.pacing.accept(key) }
        worker.streams[record.id] = nil
        guard let closed = worker.shared.ledger.close(record.id, reason: reason, now: sharedNow)
        else {
            preconditionFailure("A live stream is in the ledger until it is closed here.")
        }
        // A reload may have reached the ledger and not yet this stream's clocks.
        (record.policy, record.generation) = (closed.policy, closed.generation)
        record.limit = closed.limit
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
            generation: record.generation, path: request.target.path, client: clientText,
            protocol: client.protocol, requestID: requestID, count: count, limit: record.limit)
    }
}
