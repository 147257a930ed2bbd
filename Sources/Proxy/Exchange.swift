import HTTP1
import HTTPModel
import Identity
import Ledger
import Pacing
import Policy
import Reactor
import Settings
import TLS
import Telemetry

/// One request and its response, between a client and the gateway.
///
///     waiting ──> connecting ──> awaitingHead ──> relaying ──> leaving ──> ended
///        │            │               ├──> tunnel ──┼────────────┼──────────^
///        └────────────┴───────────────┴─────────────┴────────────┴──────────^
///
/// `waiting` is a request for a stream that is held back because many come at once; `leaving` is a
/// stream that Sluice closes: it waits a moment for the end of the event in progress.
/// In `ended` both sides, the ledger's entry and the timer are released; late news finds nobody.
///
/// The request's way is here; the response's in `Exchange+Response.swift`, what can go wrong in
/// `Exchange+Failing.swift`, and everything about a stream in `Exchange+Stream.swift`; whom the
/// ledger turns away in `Exchange+Refusing.swift`, who comes back in `Exchange+Returning.swift`, how
/// Sluice closes a stream in `Exchange+Leaving.swift`, and what else it says on one in
/// `Exchange+Injecting.swift`. A WebSocket is in `Exchange+Tunnel.swift`.
final class Exchange {
    enum Phase {
        case waiting, connecting, awaitingHead, relaying
        case leaving(Farewell, deadline: Duration)
        case tunnel(Tunnel)
        case ended
    }

    let client: any Carrier
    let worker: Worker
    var request: RequestHead
    /// Whom the request comes from, as far as trusted proxies have told: the address, and with its
    /// port, if it is known, for logs.
    let clientAddress: String
    let clientText: String
    /// Where the token of the request was read, until the gateway has accepted or refused it.
    var token: Token?
    /// Why nobody knows which token it brings, if any: then it opens no stream.
    var doubt: IdentityError?
    var phase = Phase.waiting
    /// By which the governor knows it while it waits.
    var ticket: AdmissionQueue.Ticket?
    /// Whose row it stands in, or has stood in.
    private var row: AdmissionQueue.Row?
    /// Whether it was let through and nobody knows yet whether it opens a stream.
    var holdsPlace = false
    var gateway: GatewayConnection?
    /// Whether it waits until there is room for one.
    var awaitsGateway = false
    /// What its client's connection reckons for the head.
    private var heldBytes = 0
    /// What the token says, once somebody has asked: it is read once, whatever rules hold by then.
    var reading: TokenReading?
    /// Whom a stream would count for, once somebody has asked.
    var candidate: Candidate?
    /// Set while the response is a stream.
    var stream: StreamRecord?
    var requestID: String?
    var status = 0
    var requestIsComplete: Bool
    var timer: TimerID?
    let startedAt: Duration
    var lastProgress: Duration
    var bytesSent: UInt64 = 0

    /// How long an ordinary response may pause in its body.
    static let bodySilenceMax = Duration.seconds(600)

    init(_ request: RequestHead, client: any Carrier, requestIsComplete: Bool) {
        self.request = request
        self.client = client
        self.requestIsComplete = requestIsComplete
        worker = client.worker
        let origin = Self.origin(of: request, from: client)
        clientAddress = origin.address
        clientText =
            origin.address == client.origin.host ? client.origin.peer : origin.address
        startedAt = worker.reactor.now
        lastProgress = startedAt
    }

    private static func origin(of request: RequestHead, from client: any Carrier) -> ClientOrigin {
        let trusted = client.worker.running.settings.trustedProxies
        return ClientOrigin(
            request, peer: client.origin.host, scheme: client.origin.isEncrypted ? "https" : "http"
        ) { trusted.contains(address: $0) }
    }

    /// As whose request it counts where one client must not stand for many.
    var network: Int { ClientNetwork.text(of: clientAddress).hashValue }

    var now: Duration { worker.reactor.now }
    /// For the ledger, which other workers ask as well.
    var sharedNow: Duration { worker.reactor.sharedNow }
    var settings: Settings.Gateway { worker.running.settings.gateway }

    // MARK: What the two sides may do

    /// Whether bytes of the response can be passed on now.
    var wantsResponse: Bool {
        switch phase {
        case .awaitingHead, .relaying, .leaving, .tunnel: !client.isFull
        case .waiting, .connecting, .ended: false
        }
    }

    /// Whether bytes of the request's body can be passed on now.
    var wantsRequestBody: Bool {
        switch phase {
        case .awaitingHead, .relaying, .tunnel: gateway?.canTakeMore ?? false
        case .waiting, .connecting, .leaving, .ended: false
        }
    }

    // MARK: The request

    /// Checks what can be checked before the gateway is contacted, and contacts it.
    func start() {
        timer = worker.reactor.schedule(self, at: now + settings.admissionWait)
        if worker.shared.isShortOfMemory { return refuseForMemory() }
        guard noteHead() else { return fail(.pendingBytes) }
        if client.origin.certificateScope?.isMisdirected(request.host) == true {
            return fail(.misdirected)
        }
        let identity = worker.running.settings.identity
        // It would be read here and taken out before the gateway.
        if request.connectionLists(anyOf: identity.fieldNames) {
            return fail(.malformed(.protectedField))
        }
        switch identity.read(&request) {
        case .none: break
        case .token(let token): self.token = token
        case .doubtful(let reason, let isAmbient):
            doubt = reason
            if request.mayOpenStream(evenUnasked: !isAmbient) { return refuse(for: reason) }
        }
        readTombstone()
        let asksForStream = asksForStream
        // By any method: what cannot be answered with a stream need not be asked for.
        let isForStream = asksForStream || request.mayOpenStream(evenUnasked: false)
        do throws(IdentityError) {
            if doubt == nil, isForStream || mayAskByPolicy {
                let facts = try facts()
                if asksForStream || asksByPolicy(facts), let refusal = refusalBeforehand(of: facts)
                {
                    return refuse(refusal, of: facts)
                }
            }
        } catch {
            // One that only may ask is refused when its answer turns out to be a stream.
            if isForStream { return refuse(for: error) }
        }
        guard asksForStream else { return connect(mayReuse: true) }
        switch worker.governor.enter(self) {
        case .go: connect(mayReuse: false)
        case .wait: return
        case .full: refuseAdmission()
        }
    }

    /// Whether the request means to open a stream that counts.
    private var asksForStream: Bool { request.method == .get && request.asksForEventStream }

    /// Whose row the request stands in when many come at once.
    func admissionRow() -> AdmissionQueue.Row {
        if let row { return row }
        // Whoever is in doubt is nobody.
        let facts = try? facts()
        let found = worker.shared.pacing.row(
            of: facts?.user, token: facts.flatMap(TokenKey.init),
            network: network, now: sharedNow)
        row = found
        return found
    }

    /// The governor lets the request through.
    func admitted() {
        if worker.isDraining { return refuseDraining() }
        connect(mayReuse: false)
    }

    /// A stream gets a connection of its own; so it does not take the pool's, which others need.
    func connect(mayReuse: Bool) {
        phase = .connecting
        lastProgress = now
        hasten(to: now + settings.connectTimeout)
        let route = worker.running.gateways.route(now: sharedNow, of: network)
        if mayReuse, mayBeRepeated, let pooled = worker.pool.take(for: route.first?.endpoint) {
            pooled.lease(for: self)
            gateway = pooled
            return gatewayConnected()
        }
        switch worker.gatewayQueue.enter(self) {
        case .go: open(by: route)
        case .wait: return
        case .full: fail(.gatewayConnectionsMax)
        }
    }

    /// There is room for one more connection to a gateway, and it is taken.
    func gatewayHasRoom() {
        lastProgress = now
        hasten(to: now + settings.connectTimeout)
        open(by: worker.running.gateways.route(now: sharedNow, of: network))
    }

    private func open(by route: [GatewayDestination]) {
        let connection = GatewayConnection(for: self, by: route, worker: worker)
        gateway = connection
        if let failure = connection.connect() { fail(failure) }
    }

    /// One gateway could not be reached, and the next one is tried.
    func gatewayChanges() {
        lastProgress = now
        hasten(to: now + settings.connectTimeout)
    }

    /// Sends the head, and asks for the body if there is one.
    func gatewayConnected() {
        guard case .connecting = phase, let gateway else { return }
        phase = .awaitingHead
        lastProgress = now
        let origin = Self.origin(of: request, from: client)
        let settings = worker.running.settings
        var request = request
        if settings.headers.addsVia { request.fields.append(.via, request.version.via) }
        let head = GatewayRequest(
            clientAddress: origin.address, scheme: origin.scheme,
            fallbackHost: settings.gateway.address.text,
            acceptsOnlyIdentity: settings.streams.asksIdentity && request.asksForEventStream,
            webSocketKey: webSocketKey, forwardedFor: origin.forwardedFor,
            forwardedHost: origin.host, addsForwarded: settings.headers.addsForwarded
        ).serialize(request)
        gateway.send(head.span)
        // On one from the pool it may have to be sent once more.
        if !gateway.isReused { forgetSentFields() }
        hasten(to: now + settings.gateway.responseTimeout)
        guard !requestIsComplete else { return }
        if request.awaitsContinue {
            client.sendInterim(.goOn)
        }
        client.resumeBody()
    }

    /// Passes on what came of the request's body.
    func relayRequestBody(_ payload: Range<Int>, isLast: Bool) {
        if case .ended = phase { return }
        lastProgress = now
        if isLast {
            requestIsComplete = true
            if isTunnel { return clientFinished() }
        }
        let framed = worker.buffer.frame(payload, isLast: isLast, as: request.framing)
        let buffer = worker.buffer.bytes
        gateway?.send(buffer.bytes(framed))
    }

    /// The gateway has taken what was waiting for it.
    func gatewayDrained() {
        if !requestIsComplete { client.resumeBody() }
    }

    // MARK: The end

    /// Lets go of everything. Another exchange may follow if that is wished, and if nothing is left
    /// of a request body that would be read as the next request (H22).
    func end(mayGoOn: Bool, isHurried: Bool) {
        guard release() else { return }
        gateway?.release(requestIsComplete: requestIsComplete)
        gateway = nil
        client.exchangeEnded(mayGoOn: mayGoOn && requestIsComplete, isHurried: isHurried)
    }

    /// The same, for an exchange that the gateway's connection does not survive.
    func releaseClosing() -> Bool {
        guard release() else { return false }
        gateway?.close()
        gateway = nil
        return true
    }

    /// Whether this call was the one that ended the exchange.
    func release() -> Bool {
        if case .ended = phase { return false }
        worker.governor.leave(self)
        worker.gatewayQueue.leave(self)
        phase = .ended
        if let timer { worker.reactor.cancel(timer) }
        timer = nil
        token = nil
        reading = nil
        candidate = nil
        _ = client.noteHeld(-heldBytes)
        heldBytes = 0
        return true
    }

    // MARK: Time

    func hasten(to deadline: Duration) {
        if let timer { worker.reactor.hasten(timer, to: deadline) }
    }

    /// Counts what is kept of the head. Whether that is within the limits.
    private func noteHead() -> Bool {
        let count = request.fields.bytes.count + (request.target.query?.utf8.count ?? 0)
        defer { heldBytes = count }
        return client.noteHeld(count - heldBytes)
    }

    /// Forgets what only the gateway needed: it may take its time to answer.
    func forgetSentFields() {
        guard heldBytes > Self.smallHeadBytes else { return }
        request = request.sent
        _ = noteHead()
    }

    /// A head of this size is not worth the work.
    private static let smallHeadBytes = 1024

    /// Forgets all that was asked: a stream may live for hours.
    func forgetRequestFields() {
        request.fields = Fields()
        // The query may hold the token.
        request.target = RequestTarget(path: request.target.path, query: nil)
        token = nil
        reading = nil
        candidate = nil
        _ = noteHead()
    }
}

extension Exchange: TimerHandler {
    func timerFired(now: Duration) -> Duration? {
        let deadline = deadline
        if deadline <= now { expire() }
        guard timer != nil else { return nil }
        return max(self.deadline, now + .milliseconds(1))
    }

    /// When the current phase has waited long enough.
    private var deadline: Duration {
        switch phase {
        case .waiting: lastProgress + settings.admissionWait
        case .connecting: lastProgress + settings.connectTimeout
        case .awaitingHead: lastProgress + settings.responseTimeout
        case .relaying where stream != nil: streamDeadline
        case .relaying: lastProgress + Self.bodySilenceMax
        case .leaving(_, let deadline): deadline
        case .tunnel: lastProgress + worker.running.settings.limits.tunnelIdleTimeout
        case .ended: .zero
        }
    }

    private func expire() {
        switch phase {
        case .waiting: refuseAdmission()
        case .connecting where awaitsGateway: fail(.gatewayConnectionsMax)
        case .connecting: gateway?.giveUpConnecting(because: .gatewayConnectTimeout)
        case .awaitingHead:
            if requestIsComplete { gateway?.noteRequestFailure(.gatewayResponseTimeout) }
            fail(.gatewayResponseTimeout)
        case .relaying where stream != nil: streamExpired()
        // While the client is not reading, the gateway is not being read.
        case .relaying where client.isBlocked: lastProgress = now
        case .relaying: breakOff(.gatewayResponseTimeout, closing: .error)
        case .leaving(let farewell, _): sayFarewell(farewell)
        case .tunnel: breakOff(.tunnelIdle, closing: .error)
        case .ended: return
        }
    }
}
