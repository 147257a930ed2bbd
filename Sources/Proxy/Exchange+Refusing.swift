import EventStream
import HTTP1
import HTTPModel
import Identity
import Ledger
import Policy
import Reactor
import Settings
import TLS
import Telemetry

/// Whom a stream would count for, and what its client brought along.
struct Candidate {
    let facts: StreamFacts
    /// The settings by which the facts were found.
    let running: Running
    /// Present if its stream was evicted and it came back by itself: it must not evict anybody.
    var tombstone: Tombstone?
}

/// Turning a stream away: what is certain beforehand, and what each kind of client is told.
extension Exchange {
    // MARK: Before the gateway is asked

    /// Whom a stream would count for. Worked out once, unless a reload has changed the rules.
    ///
    /// - Throws: when the token names nobody for sure.
    func facts() throws(IdentityError) -> StreamFacts {
        let running = worker.running
        if let candidate, candidate.running === running { return candidate.facts }
        let rules = running.settings.identity
        let certificateName = rules.trusted(certificateName: client.origin.certificateName)
        reading = reading ?? token.map(TokenReading.init)
        let (user, claims) = try rules.user(
            of: reading, certificateName: certificateName, clientAddress: clientAddress,
            hash: running.hash)
        let facts = StreamFacts(
            user: user, method: request.method, host: request.host, path: request.target.path,
            client: clientText, claims: claims,
            tokenTag: certificateName.map { running.hash.tag(of: Array($0.utf8).span) }
                ?? token.map { $0.withBytes { running.hash.tag(of: $0) } })
        candidate = Candidate(facts: facts, running: running, tombstone: candidate?.tombstone)
        return facts
    }

    /// The refusal that is certain before the gateway is asked, so that a client in a loop costs it
    /// nothing.
    func refusalBeforehand(of facts: StreamFacts) -> Refusal? {
        worker.shared.ledger.foresee(
            facts, patience: patience, isReturning: candidate?.tombstone != nil,
            isAccepted: TokenKey(facts).map(worker.shared.pacing.isAccepted) ?? false,
            now: sharedNow, chance: .random(in: 0..<1))
    }

    /// Whether some policy may say of the request that it asks for a stream. A page never does.
    var mayAskByPolicy: Bool {
        guard request.method != .get || !request.asksForPage else { return false }
        return worker.shared.ledger.policySet.maySayStream(
            request.method, host: request.host, path: request.target.path)
    }

    /// Whether the policy that governs it says so.
    func asksByPolicy(_ facts: StreamFacts) -> Bool {
        worker.shared.ledger.policySet.governing(facts)?.saysStream(facts.method) ?? false
    }

    // MARK: The answer

    func refuse(_ refusal: Refusal, of facts: StreamFacts) {
        if let flap = refusal.flap { worker.shared.record(.flap(.init(flap, phase: .begin))) }
        let answer =
            switch (refusal.reason, candidate?.tombstone) {
            case (.standby, let tombstone?): standbyAnswer(tombstone, facts, refusal.policy)
            case (.globalCap, _):
                // It is not this client's doing, and a status would make it stay away for good.
                refusal.policy.clientKind(seen: request.clientKind) == .eventSource
                    ? comeBackAnswer() : laterAnswer(503, refusal, facts)
            case (.userCap, _), (.addressCap, _), (.budget, _), (.standby, nil):
                laterAnswer(429, refusal, facts)
            }
        recordRefusal(
            .ledger(refusal.reason), of: facts, status: answer.status,
            count: refusal.count, limit: refusal.limit, policy: refusal.policy,
            generation: refusal.generation)
        turnAway(answer)
    }

    /// Too many requests for streams came at once.
    ///
    /// A native EventSource takes any status but `200` for a reason never to come back, and most of
    /// a herd are such: it is told when to come back on a stream that ends at once.
    func refuseAdmission() {
        let facts: StreamFacts
        do throws(IdentityError) {
            facts = try self.facts()
        } catch {
            return refuse(for: error)
        }
        let answer = answerForNow(.admission)
        recordRefusal(
            .admission, of: facts, status: answer?.status ?? 503, count: nil, limit: nil,
            policy: nil, generation: worker.shared.ledger.generation)
        if let answer { turnAway(answer) }
    }

    /// The process is about to end; somebody else, or it again, will be there soon.
    func refuseDraining() {
        client.record(.draining, request: request, stream: nil, network: network)
        if let answer = answerForNow(.draining) { turnAway(answer) }
    }

    /// What is live goes on; what would be new waits until there is room.
    func refuseForMemory() {
        client.record(.memory, request: request, stream: nil, network: network)
        if let answer = answerForNow(.memory) { turnAway(answer) }
    }

    private func answerForNow(_ failure: Failure) -> Answer? {
        request.clientKind == .eventSource ? comeBackAnswer() : failure.answer
    }

    /// The words are the same for everybody, so a page of an origin that the gateway has not
    /// answered yet may read them too: without that it would stay away for good, and after a restart
    /// no origin is known.
    private func comeBackAnswer() -> Answer {
        let retry = worker.jittered(
            Farewell.cycledRetry, over: worker.governor.backlog(of: admissionRow()))
        let words = LastWords.retryOnly(milliseconds: retry, at: .boundary)
        let known = sharing
        let sharing =
            known == .none
            ? request.fields.first(.origin).map {
                CrossOriginSharing.origin($0, withCredentials: true)
            } : known
        return Answer(
            status: 200, body: String(decoding: words, as: UTF8.self),
            contentType: "text/event-stream", fields: (sharing ?? .none).fields)
    }

    private func recordRefusal(
        _ reason: LogEvent.StreamRefused.Reason, of facts: StreamFacts, status: Int, count: Int?,
        limit: Int?, policy: Policy?, generation: UInt64
    ) {
        let context = StreamContext(
            stream: nil, user: facts.user.text, policy: policy?.name, generation: generation,
            path: request.target.path, client: clientText, protocol: client.protocol,
            requestID: requestID, count: count, limit: limit)
        worker.shared.record(
            .streamRefused(
                .init(
                    context, reason: reason,
                    verdict: .enforced(status: UInt16(clamping: status)))))
    }

    /// Come back later. Jittered: those who were refused together must not return together.
    private func laterAnswer(_ status: Int, _ refusal: Refusal, _ facts: StreamFacts) -> Answer {
        let seconds: ClosedRange<Int> =
            if let coolDown = refusal.retryAfter {
                max(coolDown, .seconds(1))
                    .wholeSeconds...(max(coolDown, .seconds(1)) * 2)
                    .wholeSeconds
            } else {
                refusal.policy?.retryAfter.map {
                    $0.lowerBound.wholeSeconds...$0.upperBound.wholeSeconds
                }
                    ?? (facts.isWork(under: refusal.policy) ? 1...5 : 30...60)
            }
        return .refusal(
            status, code: refusal.reason.rawValue, message: refusal.message, limit: refusal.limit,
            retryAfter: .random(in: seconds))
    }

    // MARK: Standby

    /// What somebody is told who was evicted, came back by itself, and finds no free slot. The
    /// gateway hears nothing of it.
    private func standbyAnswer(
        _ tombstone: Tombstone, _ facts: StreamFacts, _ policy: Policy?
    ) -> Answer {
        let sharing = tombstone.sharing.fields
        switch policy.clientKind(seen: request.clientKind) {
        case .mcp:
            // Quietly stops waiting for messages of the server's own.
            return Answer(
                status: 405, body: #"{"error":"superseded"}"#,
                fields: [(.allow, "POST, DELETE")] + sharing)
        case .eventSource where policy?.afterEviction == .stop:
            return Answer(status: 204, body: "", fields: sharing)
        case .auto, .eventSource, .fetch:
            let waits = policy.clientKind(seen: request.clientKind) == .eventSource
            let words = LastWords(
                retryMilliseconds: worker.evictedRetry(
                    round: Int(tombstone.round) + 1, of: facts.user),
                reason: waits ? "standby" : "superseded", policy: policy?.name ?? "",
                stream: StreamID(rawValue: tombstone.stream).text,
                id: tombstone.renewed.map { worker.seal($0, for: facts.user) })
            // A 204 makes some of those that use fetch retry for ever; a 409 with a whole event is
            // read, and then they stop.
            return Answer(
                status: waits ? 200 : 409,
                body: String(decoding: words.bytes(at: .boundary), as: UTF8.self),
                contentType: "text/event-stream", fields: sharing)
        }
    }
}

extension Policy? {
    /// What kind of client a stream under this policy has: what the policy says, or else what the
    /// request looked like. Never `auto`.
    func clientKind(seen: Policy.ClientKind) -> Policy.ClientKind {
        guard let said = self?.clients, said != .auto else { return seen }
        return said
    }
}

extension Refusal {
    /// For a person who reads what a library shows of the answer.
    fileprivate var message: String {
        switch reason {
        case .userCap, .standby:
            "This user has \(count) streams open, and \(limit) is the most; try again later."
        case .addressCap:
            "This address has \(count) streams open without a token, and \(limit) is the most; "
                + "try again later."
        case .globalCap: "All \(limit) streams are taken; try again later."
        case .budget: "Streams of this user replace each other too often; try again later."
        }
    }
}

extension Duration {
    /// Rounded up.
    fileprivate var wholeSeconds: Int { Int((self / .seconds(1)).rounded(.up)) }
}

extension RequestHead {
    /// Whether a browser asks for a page or a part of one, and no program for data: it says so in
    /// `Sec-Fetch-Dest` (Fetch Metadata, section 2.1), or by the types that it wants.
    var asksForPage: Bool {
        let isPart = fields.all(named: "sec-fetch-dest").contains { $0 != "empty" }
        let types: [StaticString] = ["text/html", "text/css", "image/"]
        return isPart
            || fields.members(.accept).contains { member in
                types.contains {
                    member.prefix($0.utf8CodeUnitCount).equalsIgnoringCase($0.description.utf8)
                }
            }
    }
}

extension LogEvent.Flap {
    init(_ flap: Flap, phase: Phase) {
        self.init(
            phase: phase, user: flap.user.text, policy: flap.policy?.name,
            generation: flap.generation, evictions: flap.evictions, refusals: flap.refusals)
    }
}
