import HTTP1
import HTTPModel
import Reactor
import Settings

/// One connection to the gateway: connects, sends a request, reads one response, and is pooled or
/// closed. It carries one exchange at a time and, unless that is a tunnel, is never half-closed: a
/// gateway may take that, or any byte behind a request, for the client's leaving.
///
///     connecting ──> open ──> pooled ──> open ...
///          └──────────┴─────────┴──> closed
final class GatewayConnection {
    enum Phase {
        case connecting, securing, open, pooled, closed
    }

    private enum Response {
        /// Collecting a head; the bytes so far, empty as long as none has come.
        case head(HeadFinder, [UInt8])
        case body(BodyDecoder, allowsReuse: Bool)
        case complete(isReusable: Bool)
    }

    let worker: Worker
    /// The settings under which it was connected.
    let running: Running
    /// Where else to try, as long as nothing is connected.
    var route: ArraySlice<GatewayDestination>
    /// Where there was no room so far.
    var awaited: GatewayDestination?
    /// The gateway at the other end.
    var endpoint: GatewayEndpoint?
    var transport: Transport?
    var registration: Registration?
    var phase = Phase.connecting
    private var response = Response.head(HeadFinder(), [])
    private var outbox = Outbox()
    /// Of the socket that there is now: one that was refused says nothing of the next.
    private var peerIsGone = false
    private var cannotWrite = false
    /// Whether reading has stopped because the client cannot take more.
    private var isPaused = false
    /// Whether our side ends when the outbox is empty.
    private var isFinishing = false
    private var interimCount = 0
    /// Whom the bytes are for. `nil` in the pool and after the end, so that no cycle stays behind.
    var exchange: Exchange?
    /// Whether an exchange before this one used the connection: it may turn out to be dead.
    private(set) var isReused = false
    /// Whether any byte of the response has come.
    private(set) var hasAnswered = false
    /// When it was put into the pool.
    private(set) var pooledAt = Duration.zero

    /// Reads per turn, so that one busy gateway connection does not starve the others.
    private static let readsPerTurn = 8
    /// Interim responses (1xx) before the final one.
    private static let interimCountMax = 16

    /// `route`: where to connect, the best first. A slot for it has been taken, which it gives back
    /// when it closes.
    init(for exchange: Exchange, by route: [GatewayDestination], worker: Worker) {
        self.worker = worker
        self.exchange = exchange
        self.route = route[...]
        running = worker.running
    }

    var isClosed: Bool { phase == .closed }
    private var isEncrypted: Bool { endpoint?.context != nil }

    /// Whether more of a request body may be sent now.
    var canTakeMore: Bool { outbox.isEmpty }

    /// Whether nothing has come that nobody has read.
    var isSilent: Bool { transport?.isSilent ?? false }

    /// Whether all of the request has left, and the connection has nothing left to say.
    private var isQuiet: Bool { outbox.isEmpty && !peerIsGone && !cannotWrite }

    func send(_ bytes: Span<UInt8>) {
        guard phase == .open, !cannotWrite else { return }
        if !outbox.isEmpty {
            outbox.append(bytes)
            return
        }
        let sent = write(bytes)
        if sent < bytes.count { outbox.append(bytes.extracting(sent..<bytes.count)) }
    }

    /// Says that no more will be sent, once all of it has left. Only a tunnel does so: a gateway may
    /// take the end of one direction for the client's leaving.
    func finishSending() {
        isFinishing = true
        sayEnd()
    }

    private func sayEnd() {
        // Without room for TLS's word, once more when the socket can be written.
        if isFinishing, outbox.isEmpty, transport?.finish() == true { isFinishing = false }
    }

    /// Goes on reading after the client has taken what was there: in the next turn, since bytes of
    /// another connection may stand in the worker's buffer now.
    func resume() {
        guard isPaused, let registration else { return }
        isPaused = false
        worker.reactor.again(registration, .readable)
    }

    /// Ends the connection, whatever it is doing.
    func close() {
        guard phase != .closed else { return }
        phase = .closed
        exchange = nil
        outbox = Outbox()
        disconnect()
        worker.gatewayQueue.giveBack()
    }

    func disconnect() {
        awaited = nil
        if let registration { worker.reactor.deregister(registration) }
        registration = nil
        transport?.close()
        transport = nil
        (peerIsGone, cannotWrite) = (false, false)
    }

    /// Hands the connection over once its exchange is over: to the pool, if it may carry another.
    func release(requestIsComplete: Bool) {
        guard phase == .open, case .complete(isReusable: true) = response, requestIsComplete,
            isQuiet, leadsToGateway, !worker.isDraining
        else { return close() }
        phase = .pooled
        exchange = nil
        pooledAt = worker.reactor.now
        worker.pool.put(self, isWanted: worker.shared.gatewaySlots.areWanted)
    }

    /// Whether a reload has not named another gateway meanwhile.
    private var leadsToGateway: Bool {
        guard let endpoint else { return false }
        return running === worker.running || worker.running.gateways.has(endpoint)
    }

    /// Takes the connection out of the pool for another exchange.
    func lease(for exchange: Exchange) {
        precondition(phase == .pooled, "Only a pooled connection can be leased.")
        phase = .open
        self.exchange = exchange
        response = .head(HeadFinder(), [])
        isReused = true
        hasAnswered = false
        isPaused = false
        interimCount = 0
    }

    /// How many of `bytes` the socket has taken.
    private func write(_ bytes: Span<UInt8>) -> Int {
        var sent = 0
        while sent < bytes.count {
            switch transport?.send(bytes.extracting(sent..<bytes.count)) {
            case .bytes(let count): sent += count
            case .wouldBlock: return sent
            case .cut, nil:
                // The response may still be there to read: a gateway may refuse a body early.
                cannotWrite = true
                return bytes.count
            }
        }
        return sent
    }
}

extension GatewayConnection: ReadinessHandler {
    func ready(_ readiness: Readiness) {
        if readiness.contains(.peerGone) { peerIsGone = true }
        switch phase {
        case .connecting: finishConnecting(readiness)
        case .securing: secure(readiness)
        case .open:
            if readiness.contains(.writable) { flush() }
            // TLS may read when it can write, too.
            if readiness.contains(.readable) || isEncrypted { receive() }
        case .pooled:
            // What was announced for later may have been read since.
            guard readiness.contains(.readable), !isSilent, !isOnlyTicket else { return }
            // The gateway closed it, or said something unasked: never again for anyone (U08).
            worker.pool.remove(self)
            close()
        case .closed: return
        }
    }

    /// Whether what has come is a matter of TLS alone, such as a ticket.
    private var isOnlyTicket: Bool {
        guard isEncrypted, !peerIsGone else { return false }
        let range = worker.buffer.readRange
        if case .wouldBlock = transport?.receive(into: worker.buffer.bytes, range) { return true }
        return false
    }

    private func flush() {
        guard !outbox.isEmpty else { return sayEnd() }
        outbox.take(write(outbox.waiting))
        guard outbox.isEmpty else { return }
        sayEnd()
        exchange?.gatewayDrained()
    }

    /// Reads until there is nothing more, the client is full, or others must have their turn.
    func receive() {
        let range = worker.buffer.readRange
        isPaused = false
        for _ in 0..<Self.readsPerTurn {
            guard phase == .open, let exchange else { return }
            guard exchange.wantsResponse else {
                isPaused = true
                return
            }
            switch transport?.receive(into: worker.buffer.bytes, range) {
            case .bytes(let count):
                consume(range.lowerBound..<range.lowerBound + count)
                // A short read has emptied the socket (epoll(7)); only an end needs another. With
                // TLS it is a record that has been emptied.
                if count < range.count, !peerIsGone, !isEncrypted { return }
            case .wouldBlock, nil: return
            case .ended: return finish(isProper: true)
            case .cut(nil): return finish(isProper: false)
            case .cut(let error?): return lost(.gatewayReset(error))
            case .failed(let failure): return lost(.gatewayTLS(failure))
            }
        }
        if let registration { worker.reactor.again(registration, .readable) }
    }

    private func consume(_ range: Range<Int>) {
        hasAnswered = true
        do {
            switch response {
            case .head: try consumeHead(range)
            case .body: try consumeBody(range)
            case .complete: response = .complete(isReusable: false)  // More than was asked for.
            }
        } catch {
            broke(.gatewayMalformed(error))
        }
    }

    private func consumeHead(_ range: Range<Int>) throws(HTTP1Error) {
        guard case .head(var finder, var head) = response, let exchange else { return }
        let buffer = worker.buffer.bytes
        let bytes = buffer.bytes(range)
        let limits = worker.running.headLimits
        guard let count = try finder.scan(bytes, limits: limits) else {
            for index in bytes.indices { head.append(bytes[index]) }
            response = .head(finder, head)
            return
        }
        for index in 0..<count { head.append(bytes[index]) }
        let parsed = try ResponseParser.parse(
            head.span, answering: exchange.request.method, limits: limits)
        let rest = range.lowerBound + count..<range.upperBound
        if parsed.status < 200 { return try passInterim(parsed, rest: rest) }
        response = .body(
            BodyDecoder(parsed.framing, keepsTrailers: exchange.request.takesTrailers),
            allowsReuse: parsed.allowsReuse)
        noteHealth()
        exchange.gatewayAnswered(parsed)
        guard phase == .open else { return }
        try consumeBody(rest)
    }

    private func passInterim(_ head: ResponseHead, rest: Range<Int>) throws(HTTP1Error) {
        if head.status == 101 { return try switchProtocols(head, rest: rest) }
        interimCount += 1
        guard interimCount <= Self.interimCountMax else {
            broke(.gatewayUnasked)
            return
        }
        exchange?.gatewayInforms(head)
        response = .head(HeadFinder(), [])
        if phase == .open, !rest.isEmpty { try consumeHead(rest) }
    }

    /// From here on it is not HTTP any more. Only what was asked for may begin.
    private func switchProtocols(_ head: ResponseHead, rest: Range<Int>) throws(HTTP1Error) {
        guard let exchange, let wanted = exchange.request.upgrade,
            head.fields.listMembers(.upgrade) == [wanted]
        else {
            broke(.gatewayUnasked)
            return
        }
        response = .body(BodyDecoder(.untilClose), allowsReuse: false)
        // What the client has sent already leaves through the same buffer.
        let buffer = worker.buffer.bytes
        let kept = [UInt8](capacity: rest.count) { kept in
            let bytes = buffer.bytes(rest)
            for index in bytes.indices { kept.append(bytes[index]) }
        }
        exchange.gatewaySwitched(head)
        guard phase == .open else { return }
        buffer.copy(kept.span, to: rest.lowerBound)
        try consumeBody(rest)
    }

    private func consumeBody(_ range: Range<Int>) throws(HTTP1Error) {
        guard case .body(var decoder, let allowsReuse) = response else { return }
        let (payload, isLast, surplus) = try worker.buffer.unframe(range, with: &decoder)
        response =
            isLast
            ? .complete(isReusable: allowsReuse && surplus == 0)
            : .body(decoder, allowsReuse: allowsReuse)
        if isLast, let trailers = try decoder.trailers() { exchange?.relay(trailers: trailers) }
        exchange?.relay(payload, isLast: isLast)
    }

    /// The gateway has closed its side; properly, if its own layer says that nothing is missing.
    private func finish(isProper: Bool) {
        peerIsGone = true
        // A tunnel goes on the other way, and each time the socket can be written it tells of the
        // same end again.
        if isProper, case .complete = response, exchange?.isTunnel == true { return }
        if isProper, case .body(let decoder, _) = response, decoder.endsProperlyAtEOF {
            response = .complete(isReusable: false)
            let nothing = worker.buffer.readRange.lowerBound
            exchange?.relay(nothing..<nothing, isLast: true)
        } else {
            lost(.gatewayClosed)
        }
    }

    private func lost(_ failure: Failure) {
        // A connection that was used before may have died in the pool, which is no fault.
        if case .head = response, hasAnswered || !isReused { return broke(failure) }
        exchange?.gatewayFailed(failure)
    }

    /// The gateway has broken the request or the rules.
    private func broke(_ failure: Failure) {
        noteRequestFailure(failure)
        exchange?.gatewayFailed(failure)
    }
}
