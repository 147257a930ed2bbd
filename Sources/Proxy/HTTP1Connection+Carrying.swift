import HTTP1
import HTTPModel
import Reactor
import Settings
import Telemetry

/// One exchange's response on a connection of HTTP/1.1.
extension HTTP1Connection: Carrier {
    var `protocol`: ClientProtocol {
        guard case .exchanging(let exchange) = turn else { return .http11 }
        return exchange.request.version == .http10 ? .http10 : .http11
    }

    var isFull: Bool { isBlocked }

    func resumeBody() { receive() }

    func sendInterim(_ head: ResponseHead) {
        queue(
            ClientResponse(answering: .get, framing: .none, connection: .none).serialize(head))
        flush()
    }

    func queueHead(_ head: ResponseHead, answering request: RequestHead, isStream: Bool) {
        // An event stream leaves without a length: one that was promised leaves no room for last
        // words.
        responseFraming =
            isStream ? unboundedFraming(request) : framing(of: head, answering: request)
        if isStream { trimForStream() }
        // A body that the client is still sending would be read as its next request.
        keepsAlive =
            request.wantsKeepAlive && bodyDecoder == nil && responseFraming != .untilClose
            && !worker.isDraining && thrownAway == 0
        let note: ConnectionNote =
            switch (keepsAlive, request.version) {
            case (false, _): .close
            case (true, .http10): .keepAlive
            case (true, _): .none
            }
        queue(
            ClientResponse(
                answering: request.method, framing: responseFraming, connection: note,
                takesTrailers: responseFraming == .chunked && request.takesTrailers
            ).serialize(head))
    }

    /// How an ordinary body leaves: as it came where the client's version allows it.
    private func framing(of head: ResponseHead, answering request: RequestHead) -> BodyFraming {
        switch head.framing {
        case .none, .length: head.framing
        case .chunked, .untilClose: unboundedFraming(request)
        }
    }

    /// The framing for a body whose length nobody knows.
    private func unboundedFraming(_ request: RequestHead) -> BodyFraming {
        request.version == .http10 ? .untilClose : .chunked
    }

    func queueTrailers(_ fields: Fields) {
        if responseFraming == .chunked { trailers = fields }
    }

    /// Frames and sends. Behind a head that waits, the bytes join it and leave with it.
    func sendBody(_ payload: Range<Int>, isLast: Bool) {
        let trailers = isLast ? trailers.take() : nil
        let framed = worker.buffer.frame(
            payload, isLast: isLast && trailers == nil, as: responseFraming)
        let buffer = worker.buffer.bytes
        if !framed.isEmpty { send(buffer.bytes(framed)) }
        if let trailers { send(ChunkHeader.lastChunk(with: trailers).span) }
        if isBlocked { flush() }
        if isLast, case .exchanging(let exchange) = turn, exchange.isTunnel {
            owesEnd = true
            endSending()
        }
    }

    func openTunnel(_ head: ResponseHead, to name: String) {
        responseFraming = .untilClose
        keepsAlive = false
        queue(
            ClientResponse(answering: .get, framing: .none, connection: .upgrade(name))
                .serialize(head))
        flush()
        bodyDecoder = BodyDecoder(.untilClose)
        // What the client has sent since its request has had its edge already.
        if let registration { worker.reactor.again(registration, .readable) }
    }

    /// Ends our direction of a tunnel, once all has left and there is room for TLS's word for it.
    func endSending() {
        if owesEnd, !isBlocked { owesEnd = !transport.finish() }
    }

    func queueBody(_ bytes: [UInt8], isLast: Bool) {
        guard responseFraming == .chunked else { return queue(bytes) }
        var framed: [UInt8] = []
        if !bytes.isEmpty {
            ChunkHeader(size: bytes.count).append(to: &framed)
            framed += bytes + ChunkHeader.lineEnd
        }
        queue(isLast ? framed + ChunkHeader.lastChunk : framed)
    }

    func exchangeEnded(mayGoOn: Bool, isHurried: Bool) {
        guard mayGoOn, keepsAlive, bodyDecoder == nil, thrownAway == 0, !worker.isDraining else {
            return finish(isHurried: isHurried)
        }
        turn = .readingHead
        finder = HeadFinder()
        trailers = nil
        flush()
        setDeadline(now + (isBlocked ? limits.writeTimeout : limits.keepAliveTimeout))
        // What the client has pipelined has had its edge already.
        if let registration { worker.reactor.again(registration, .readable) }
    }

    func answer(_ answer: Answer, to request: RequestHead, mayGoOn: Bool) {
        keepsAlive =
            mayGoOn && request.wantsKeepAlive && request.version != .http10 && bodyDecoder == nil
            && thrownAway == 0
        queue(
            answer.serialize(
                answering: request.method, connection: keepsAlive ? .none : .close))
        exchangeEnded(mayGoOn: keepsAlive, isHurried: false)
    }

    /// Where only the end of the connection ends the body, a proper end would be a lie.
    func breakOff() {
        if responseFraming == .untilClose { cut() } else { close() }
    }
}
