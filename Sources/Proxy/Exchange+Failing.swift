import HTTP1
import HTTPModel
import Ledger
import Reactor
import Settings
import Telemetry

/// What can go wrong with an exchange, and what its client is told.
extension Exchange {
    func gatewayFailed(_ failure: Failure) {
        switch phase {
        case .connecting: fail(failure)
        case .awaitingHead:
            if mayTryAgain { tryAgain() } else { fail(failure) }
        case .relaying, .leaving: breakOff(failure, closing: .error)
        case .waiting, .ended: return
        }
    }

    /// Whether the request may be sent once more. Only such a one takes a pooled connection, which
    /// may die at any moment: no request shall fail that would not have failed without us.
    var mayBeRepeated: Bool {
        request.method.isIdempotent && request.framing == .none
    }

    /// Whether a connection from the pool turned out to be dead before the gateway can have acted
    /// on the request, and the request may be sent again (RFC 9112, section 9.3.1; U09).
    private var mayTryAgain: Bool {
        guard let gateway, gateway.isReused, !gateway.hasAnswered else { return false }
        return mayBeRepeated
    }

    private func tryAgain() {
        gateway?.close()
        gateway = nil
        connect(mayReuse: false)
    }

    func clientFailed(_ failure: Failure) {
        switch phase {
        case .waiting where failure.status != nil, .connecting where failure.status != nil,
            .awaitingHead where failure.status != nil:
            fail(failure)
        case .waiting, .connecting, .awaitingHead, .relaying, .leaving:
            breakOff(failure, closing: failure.closeReason)
        case .ended: return
        }
    }

    /// Answers for the gateway. Only before a response head has gone out.
    func fail(_ failure: Failure) {
        guard releaseClosing() else { return }
        client.record(failure, request: request, stream: nil)
        let keepsAlive = request.wantsKeepAlive && requestIsComplete && failure.allowsKeepAlive
        guard let answer = failure.answer else { return client.close() }
        answerClient(answer, keepsAlive: keepsAlive)
    }

    /// Sends an answer of ours. The exchange has been released.
    private func answerClient(_ answer: Answer, keepsAlive: Bool) {
        let note: ConnectionNote = keepsAlive ? .none : .close
        client.queue(answer.serialize(answering: request.method, connection: note))
        client.exchangeEnded(keepsAlive: keepsAlive, isHurried: false)
    }

    /// Turns the request away with an answer of ours, whether or not the gateway has accepted it.
    func turnAway(_ answer: Answer) {
        guard releaseClosing() else { return }
        let keepsAlive =
            request.wantsKeepAlive && requestIsComplete && request.version == .http11
        answerClient(answer, keepsAlive: keepsAlive)
    }

    /// Ends an exchange whose response has begun: the client must not take it for complete.
    func breakOff(_ failure: Failure, closing reason: CloseReason) {
        let stream = stream?.id.text
        if self.stream != nil {
            if failure.fault == .gateway { disperse() }
            closeStream(reason)
        }
        guard releaseClosing() else { return }
        // The closing line of a stream has said that its client left.
        if stream == nil || reason == .error {
            client.record(failure, request: request, stream: stream)
        }
        // Where only the end of the connection ends the body, a proper end would be a lie.
        if responseFraming == .untilClose { client.cut() } else { client.close() }
    }

    /// Closes both sides without a word: the process ends.
    func abandon() {
        closeStream(.drain)
        guard releaseClosing() else { return }
        client.close()
    }
}
