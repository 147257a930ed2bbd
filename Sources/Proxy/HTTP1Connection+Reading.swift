import HTTP1
import HTTPModel
import Reactor
import Settings
import Telemetry

/// The receiving half of a connection of HTTP/1.1.
extension HTTP1Connection {
    /// Reads per turn, so that one busy client does not starve the others.
    private static let readsPerTurn = 8

    func receiveOpen() {
        defer { _ = noteReading() }
        for _ in 0..<Self.readsPerTurn {
            guard case .open = phase else { return }
            switch turn {
            case .readingHead:
                // First the answer, then the next request: what waits is bounded.
                guard !isBlocked else {
                    if peerIsGone { close() }
                    return
                }
            case .exchanging(let exchange) where exchange.isTunnel:
                endSending()
                if isCut { return exchange.clientFailed(.clientGone) }
                guard bodyDecoder != nil, exchange.wantsRequestBody else { return }
            case .exchanging(let exchange):
                guard bodyDecoder != nil else { return watch(exchange) }
                guard exchange.wantsRequestBody else {
                    if peerIsGone { exchange.clientFailed(.clientGone) }
                    return
                }
            }
            guard fillAndConsume() else { return }
        }
        if let registration { worker.reactor.again(registration, .readable) }
    }

    /// Between a request and the end of its response, only the client's leaving is of interest. A
    /// close_notify can come without a FIN, so one read looks for it; the beginning of another
    /// request stays in the inbox, and after it nothing more is read.
    private func watch(_ exchange: Exchange) {
        let isStream = exchange.stream != nil
        while inbox.isEmpty || isStream, thrownAway < Self.thrownAwayMax, !peerIsGone {
            let range = worker.buffer.readRange
            inbox.settle()
            switch transport.receive(into: worker.buffer.bytes, range) {
            case .bytes(let count):
                let buffer = worker.buffer.bytes
                keep(buffer.bytes(range.lowerBound..<range.lowerBound + count), isStream: isStream)
            case .wouldBlock: return
            case .ended, .cut, .failed: peerIsGone = true
            }
        }
        if peerIsGone { exchange.clientFailed(.clientGone) }
    }

    /// Keeps what has come behind a request, as long as it is not too much.
    private func keep(_ bytes: Span<UInt8>, isStream: Bool) {
        guard thrownAway == 0 else { return thrownAway += bytes.count }
        inbox.append(bytes)
        if !noteReading() || isStream && inbox.byteCount > Self.keptMax { throwAway() }
    }

    /// A stream begins, which may live for hours: what has come behind its request is no more than a
    /// short request, or is forgotten.
    func trimForStream() {
        inbox.trim()
        if inbox.byteCount > Self.keptMax { throwAway() }
        // TLS may hold more, of which no edge tells.
        if transport.hasPending, let registration { worker.reactor.again(registration, .readable) }
    }

    /// What is kept of what comes behind a request for a stream.
    private static let keptMax = 1024
    /// What is thrown away of one client before nothing more is read.
    private static let thrownAwayMax = 65_536

    /// Forgets what has come behind the request: the connection ends with its response.
    private func throwAway() {
        guard inbox.byteCount > 0, bodyDecoder == nil else { return }
        thrownAway += inbox.byteCount
        inbox = Inbox()
        _ = noteReading()
    }

    /// Whether another read may find more.
    private func fillAndConsume() -> Bool {
        let range = worker.buffer.readRange
        switch fill(range) {
        case .bytes(let count):
            consume(range.lowerBound..<range.lowerBound + count)
            return true
        case .wouldBlock:
            // An edge that announced the end may have come before all was read.
            if peerIsGone, !isTunnel { clientEnded(properly: false) }
            return false
        case .ended:
            clientEnded(properly: true)
            return false
        case .cut, .failed:
            clientEnded(properly: false)
            return false
        }
    }

    private var isTunnel: Bool {
        if case .exchanging(let exchange) = turn { exchange.isTunnel } else { false }
    }

    /// What was received and not yet looked at comes first, then the socket.
    private func fill(_ range: Range<Int>) -> Received {
        guard inbox.isEmpty else {
            return .bytes(inbox.take(into: worker.buffer.bytes, range))
        }
        inbox.settle()
        return transport.receive(into: worker.buffer.bytes, range)
    }

    private func consume(_ range: Range<Int>) {
        switch turn {
        case .readingHead: consumeHead(range)
        case .exchanging(let exchange): consumeBody(range, for: exchange)
        }
    }

    /// - Parameter properly: whether the client has said that it will send no more.
    private func clientEnded(properly: Bool) {
        switch turn {
        case .exchanging(let exchange) where properly && exchange.isTunnel:
            bodyDecoder = nil
            exchange.clientFinished()
        case .exchanging(let exchange):
            peerIsGone = true
            exchange.clientFailed(.clientGone)
        case .readingHead:
            peerIsGone = true
            if finder.hasBegun { record(.clientGone, request: nil, stream: nil) }
            close()
        }
    }

    private func consumeHead(_ range: Range<Int>) {
        let buffer = worker.buffer.bytes
        let bytes = buffer.bytes(range)
        let headLimits = worker.running.headLimits
        do throws(HTTP1Error) {
            let hadBegun = finder.hasBegun
            guard let count = try finder.scan(bytes, limits: headLimits) else {
                for index in bytes.indices { partialHead.append(bytes[index]) }
                guard noteReading() else { return refuse(.pendingBytes, request: nil) }
                if finder.hasBegun, !hadBegun { setDeadline(now + limits.headerTimeout) }
                return
            }
            let head = try parseHead(endingWith: bytes.extracting(0..<count))
            putBack(range.lowerBound + count..<range.upperBound)
            _ = noteReading()
            begin(head)
        } catch {
            refuse(.malformed(error), request: nil)
        }
    }

    /// A head that came in one piece is parsed where it stands.
    private func parseHead(endingWith bytes: Span<UInt8>) throws(HTTP1Error) -> RequestHead {
        let headLimits = worker.running.headLimits
        if partialHead.isEmpty { return try RequestParser.parse(bytes, limits: headLimits) }
        for index in bytes.indices { partialHead.append(bytes[index]) }
        let whole = partialHead
        partialHead = []
        return try RequestParser.parse(whole.span, limits: headLimits)
    }

    private func begin(_ head: RequestHead) {
        finder = HeadFinder()
        if let port = worker.running.listener(place.listener).redirectsToPort {
            return redirect(head, to: port)
        }
        bodyDecoder = head.framing == .none ? nil : BodyDecoder(head.framing)
        if bodyDecoder?.isComplete == true { bodyDecoder = nil }
        let exchange = Exchange(head, client: self, requestIsComplete: bodyDecoder == nil)
        turn = .exchanging(exchange)
        noteBodyProgress()
        exchange.start()
    }

    /// The listener is there only to send clients to one with TLS.
    private func redirect(_ head: RequestHead, to port: UInt16) {
        guard let answer = SecureRedirect.answer(head, port: port) else {
            return refuse(.malformed(.badHost), request: head)
        }
        queue(answer.serialize(answering: head.method, connection: .close))
        finish()
    }

    private func consumeBody(_ range: Range<Int>, for exchange: Exchange) {
        guard var decoder = bodyDecoder else { return }
        do throws(HTTP1Error) {
            let (payload, isLast, surplus) = try worker.buffer.unframe(range, with: &decoder)
            putBack(range.upperBound - surplus..<range.upperBound)
            bodyDecoder = isLast ? nil : decoder
            if !noteReading() { throwAway() }
            noteBodyProgress()
            exchange.relayRequestBody(payload, isLast: isLast)
        } catch {
            exchange.clientFailed(.malformed(error))
        }
    }

    /// Keeps bytes of the worker's buffer for later: they come before what the inbox holds.
    private func putBack(_ range: Range<Int>) {
        if !range.isEmpty {
            let buffer = worker.buffer.bytes
            inbox.putBack(buffer.bytes(range))
        }
        inbox.settle()
    }

    private func noteBodyProgress() {
        guard bodyDecoder != nil else { return }
        setDeadline(now + limits.bodyTimeout)
    }

    /// Answers a request that never became an exchange, and closes.
    func refuse(_ failure: Failure, request: RequestHead?) {
        record(failure, request: request, stream: nil)
        if let answer = failure.answer {
            queue(answer.serialize(answering: request?.method, connection: .close))
        }
        finish()
    }
}
