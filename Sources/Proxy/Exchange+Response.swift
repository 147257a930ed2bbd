import HTTP1
import HTTPModel
import Ledger
import Reactor
import Telemetry

/// The response on its way from the gateway to the client.
extension Exchange {
    /// The gateway's response head is here.
    func gatewayAnswered(_ head: ResponseHead) {
        guard case .awaitingHead = phase else { return }
        lastProgress = now
        status = head.status
        requestID = head.fields.first(.xRequestID).map { String($0.prefix(128)) }
        if head.isEventStream, head.framing != .none, head.framing != .length(0) {
            offerToLedger(head)
        } else {
            sendHead(head, framing: framingForClient(head))
        }
    }

    /// How an ordinary body leaves: as it came where the client's version allows it.
    private func framingForClient(_ head: ResponseHead) -> BodyFraming {
        switch head.framing {
        case .none, .length: head.framing
        case .chunked, .untilClose: unboundedFraming
        }
    }

    /// The framing for a body whose length nobody knows.
    var unboundedFraming: BodyFraming {
        switch request.version {
        case .http10: .untilClose
        case .http11, .http2: .chunked
        }
    }

    /// Queues the head for the client. It leaves at the end of this turn's read, with the body
    /// bytes that came with it, or at once when there are none.
    func sendHead(_ head: ResponseHead, framing: BodyFraming) {
        phase = .relaying
        responseFraming = framing
        // A body that the client is still sending would be read as its next request.
        keepsAlive =
            request.wantsKeepAlive && requestIsComplete && framing != .untilClose
            && !worker.isDraining
        let note: ConnectionNote =
            switch (keepsAlive, request.version) {
            case (false, _): .close
            case (true, .http10): .keepAlive
            case (true, .http11), (true, .http2): .none
            }
        client.queue(
            ClientResponse(answering: request.method, framing: framing, connection: note)
                .serialize(head))
        hasten(to: now + Self.bodySilenceMax)
    }

    /// Passes on what came of the response's body.
    func relay(_ payload: Range<Int>, isLast: Bool) {
        switch phase {
        case .relaying:
            lastProgress = now
            if stream != nil { return relayStream(payload, isLast: isLast) }
            sendBody(payload, isLast: isLast)
            if isLast { complete() }
        case .leaving: relayLastEvent(payload, isLast: isLast)
        case .waiting, .connecting, .awaitingHead, .ended: return
        }
    }

    /// Frames and sends. Behind a head that waits, the bytes join it and leave with it.
    func sendBody(_ payload: Range<Int>, isLast: Bool) {
        bytesSent &+= UInt64(payload.count)
        let framed = worker.buffer.frame(payload, isLast: isLast, as: responseFraming)
        if !framed.isEmpty { client.send(framed) }
        if client.isBlocked { client.flush() }
        if client.isBlocked { noteBlocked() }
    }

    /// The client has not taken everything, and when it last took something is known now.
    func noteBlocked() {
        stream?.vitals.noteBlocked(since: sharedNow - (now - client.lastProgress))
    }

    /// The client has taken what was waiting for it.
    func clientDrained() {
        switch phase {
        case .awaitingHead, .relaying, .leaving:
            stream?.vitals.noteDrained()
            gateway?.resume()
        case .waiting, .connecting, .ended: return
        }
    }

    /// The response has come to its proper end.
    func complete() {
        if stream != nil {
            closeStream(.gatewayClosed)
        } else {
            recordRequest()
        }
        end(keepsAlive: true, isHurried: false)
    }

    private func recordRequest() {
        worker.shared.record(
            .request(
                LogEvent.Request(
                    method: request.method.text, path: request.target.path,
                    status: UInt16(clamping: status), duration: now - startedAt, bytes: bytesSent,
                    client: client.peer, protocol: clientProtocol, requestID: requestID,
                    fault: nil)))
    }

    var clientProtocol: ClientProtocol {
        switch request.version {
        case .http10: .http10
        case .http11: .http11
        case .http2: .http2
        }
    }
}
