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
    private enum Phase {
        case connecting, open, pooled, closed
    }

    private enum Response {
        /// Collecting a head; the bytes so far, empty as long as none has come.
        case head(HeadFinder, [UInt8])
        case body(BodyDecoder, allowsReuse: Bool)
        case complete(isReusable: Bool)
    }

    private let worker: Worker
    /// The settings under which it was connected.
    private let running: Running
    private var socket: Socket
    private var registration: Registration?
    private var phase = Phase.connecting
    private var response = Response.head(HeadFinder(), [])
    private var outbox = Outbox()
    private var peerIsGone = false
    private var cannotWrite = false
    /// Whether reading has stopped because the client cannot take more.
    private var isPaused = false
    /// Whether our side ends when the outbox is empty.
    private var isFinishing = false
    private var interimCount = 0
    /// Whom the bytes are for. `nil` in the pool and after the end, so that no cycle stays behind.
    private var exchange: Exchange?
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

    init(for exchange: Exchange, worker: Worker) throws(SystemCallError) {
        self.worker = worker
        self.exchange = exchange
        running = worker.running
        socket = try Socket(connectingTo: running.gateway)
        if !running.gateway.isUnix {
            socket.giveUpPeer(after: running.settings.limits.deadPeerTimeout)
        }
        registration = try worker.reactor.register(socket.rawValue, handler: self)
    }

    /// Whether more of a request body may be sent now.
    var canTakeMore: Bool { outbox.isEmpty }

    /// Whether nothing has come that nobody has read.
    var isSilent: Bool { socket.isSilent }

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
        if outbox.isEmpty { socket.finishWriting() }
    }

    /// Goes on reading after the client has taken what was there.
    func resume() {
        if isPaused { receive() }
    }

    /// Ends the connection, whatever it is doing.
    func close() {
        guard phase != .closed else { return }
        phase = .closed
        exchange = nil
        outbox = Outbox()
        if let registration { worker.reactor.deregister(registration) }
        socket.close()
    }

    /// Hands the connection over once its exchange is over: to the pool, if it may carry another.
    func release(requestIsComplete: Bool) {
        guard phase == .open, case .complete(isReusable: true) = response, requestIsComplete,
            isQuiet, leadsToGateway, !worker.isDraining
        else { return close() }
        phase = .pooled
        exchange = nil
        pooledAt = worker.reactor.now
        worker.pool.put(self)
    }

    /// Whether a reload has not named another gateway meanwhile.
    private var leadsToGateway: Bool {
        running === worker.running || running.gateway.text == worker.running.gateway.text
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
            switch socket.write(bytes.extracting(sent..<bytes.count)) {
            case .bytes(let count): sent += count
            case .wouldBlock: return sent
            case .failed:
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
        case .connecting:
            finishConnecting()
            // A gateway at its ceiling answers before it is asked, with this same event.
            if phase == .open, readiness.contains(.readable) { receive() }
        case .open:
            if readiness.contains(.writable) { flush() }
            if readiness.contains(.readable) { receive() }
        case .pooled:
            // The gateway closed it, or said something unasked: never again for anyone (U08).
            guard readiness.contains(.readable) else { return }
            worker.pool.remove(self)
            close()
        case .closed: return
        }
    }

    private func finishConnecting() {
        if let error = socket.connectionError() {
            exchange?.gatewayFailed(.gatewayUnreachable(error))
            return
        }
        phase = .open
        exchange?.gatewayConnected()
    }

    private func flush() {
        guard !outbox.isEmpty else { return }
        outbox.take(write(outbox.waiting))
        guard outbox.isEmpty else { return }
        if isFinishing { socket.finishWriting() }
        exchange?.gatewayDrained()
    }

    /// Reads until there is nothing more, the client is full, or others must have their turn.
    private func receive() {
        let range = worker.buffer.readRange
        isPaused = false
        for _ in 0..<Self.readsPerTurn {
            guard phase == .open, let exchange else { return }
            guard exchange.wantsResponse else {
                isPaused = true
                return
            }
            switch socket.read(into: worker.buffer.bytes, range) {
            case .bytes(let count):
                consume(range.lowerBound..<range.lowerBound + count)
                // A short read has emptied the socket (epoll(7)); only an end needs another.
                if count < range.count, !peerIsGone { return }
            case .wouldBlock: return
            case .end: return finish()
            case .failed(let error): return exchange.gatewayFailed(.gatewayReset(error))
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
            exchange?.gatewayFailed(.gatewayMalformed(error))
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
        response = .body(BodyDecoder(parsed.framing), allowsReuse: parsed.allowsReuse)
        exchange.gatewayAnswered(parsed)
        guard phase == .open else { return }
        try consumeBody(rest)
    }

    private func passInterim(_ head: ResponseHead, rest: Range<Int>) throws(HTTP1Error) {
        if head.status == 101 { return try switchProtocols(head, rest: rest) }
        interimCount += 1
        guard interimCount <= Self.interimCountMax else {
            exchange?.gatewayFailed(.gatewayUnasked)
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
            exchange?.gatewayFailed(.gatewayUnasked)
            return
        }
        response = .body(BodyDecoder(.untilClose), allowsReuse: false)
        exchange.gatewaySwitched(head)
        guard phase == .open else { return }
        try consumeBody(rest)
    }

    private func consumeBody(_ range: Range<Int>) throws(HTTP1Error) {
        guard case .body(var decoder, let allowsReuse) = response else { return }
        let (payload, isLast, surplus) = try worker.buffer.unframe(range, with: &decoder)
        response =
            isLast
            ? .complete(isReusable: allowsReuse && surplus == 0)
            : .body(decoder, allowsReuse: allowsReuse)
        exchange?.relay(payload, isLast: isLast)
    }

    /// The gateway has closed its side.
    private func finish() {
        peerIsGone = true
        if case .body(let decoder, _) = response, decoder.endsProperlyAtEOF {
            response = .complete(isReusable: false)
            let nothing = worker.buffer.readRange.lowerBound
            exchange?.relay(nothing..<nothing, isLast: true)
        } else {
            exchange?.gatewayFailed(.gatewayClosed)
        }
    }
}
