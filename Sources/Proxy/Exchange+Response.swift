import HTTP1
import HTTPModel
import Ledger
import Reactor
import Settings
import Telemetry

/// The response on its way from the gateway to the client.
extension Exchange {
    /// The gateway has something to say before its response. Its `100` is for a client that waits
    /// for one, which has had ours.
    func gatewayInforms(_ head: ResponseHead) {
        guard case .awaitingHead = phase, head.status != 100, request.version != .http10 else {
            return
        }
        client.sendInterim(head)
    }

    /// The gateway's response head is here.
    func gatewayAnswered(_ head: ResponseHead) {
        guard case .awaitingHead = phase else { return }
        guard !wouldOpenTunnel(head) else { return fail(.gatewayUnasked) }
        lastProgress = now
        forgetSentFields()
        status = head.status
        requestID = head.shownRequestID
        noteSharing(head)
        if head.isEventStream, head.framing != .none, head.framing != .length(0) {
            holdsPlace = false
            if let doubt { return refuse(for: doubt) }
            offerToLedger(head)
        } else {
            noteNoStream()
            sendHead(head)
        }
    }

    /// Whoever opens no stream takes no place of those who do, and a token that the gateway refuses is
    /// nobody's.
    private func noteNoStream() {
        if status == 401, let facts = candidate?.facts, let key = TokenKey(facts) {
            worker.shared.pacing.forget(key)
        }
        guard holdsPlace else { return }
        holdsPlace = false
        worker.governor.giveBack()
    }

    /// Whether the client would take an ordinary response for the beginning of its tunnel: in HTTP/2
    /// any success is (RFC 8441, section 5; H19).
    private func wouldOpenTunnel(_ head: ResponseHead) -> Bool {
        request.version == .http2 && request.upgrade != nil && (200..<300).contains(head.status)
    }

    /// Queues the head for the client. It leaves at the end of this turn's read, with the body
    /// bytes that came with it, or at once when there are none.
    func sendHead(_ head: ResponseHead) {
        phase = .relaying
        var head = head
        if worker.running.settings.headers.addsVia { head.fields.append(.via, head.version.via) }
        client.queueHead(head, answering: request, isStream: stream != nil)
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
        case .tunnel: relayTunnel(payload, isLast: isLast)
        case .waiting, .connecting, .awaitingHead, .ended: return
        }
    }

    /// What the gateway says behind the body, whose last piece is about to be passed on. A stream
    /// that Sluice closes has an end of its own.
    func relay(trailers: Fields) {
        if case .relaying = phase { client.queueTrailers(trailers) }
    }

    func sendBody(_ payload: Range<Int>, isLast: Bool) {
        bytesSent &+= UInt64(payload.count)
        client.sendBody(payload, isLast: isLast)
        if client.isBlocked { noteBlocked() }
    }

    /// The client has not taken everything, and when it last took something is known now.
    func noteBlocked() {
        stream?.vitals.noteBlocked(since: sharedNow - (now - client.lastProgress))
    }

    /// The client has taken what was waiting for it.
    func clientDrained() {
        switch phase {
        case .awaitingHead, .relaying, .leaving, .tunnel:
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
        end(mayGoOn: true, isHurried: false)
    }

    func recordRequest() {
        worker.shared.record(
            .request(
                LogEvent.Request(
                    method: request.method.text, path: request.target.path,
                    status: UInt16(clamping: status), duration: now - startedAt, bytes: bytesSent,
                    client: clientText, protocol: client.protocol, requestID: requestID,
                    fault: nil)))
    }
}

extension ResponseHead {
    /// The gateway's name for the request, as far as logs show it.
    var shownRequestID: String? {
        fields.lines(.xRequestID).first.map {
            String(decoding: $0.prefix(Self.requestIDBytesMax), as: UTF8.self)
        }
    }

    private static let requestIDBytesMax = 128
}
