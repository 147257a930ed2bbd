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
        case .relaying, .leaving, .tunnel: breakOff(failure, closing: .error)
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
        case .waiting, .connecting, .awaitingHead, .relaying, .leaving, .tunnel:
            breakOff(failure, closing: failure.closeReason)
        case .ended: return
        }
    }

    /// Answers for the gateway. Only before a response head has gone out.
    func fail(_ failure: Failure) {
        guard releaseClosing() else { return }
        client.record(failure, request: request, stream: nil, network: network)
        guard let answer = failure.answer else { return client.breakOff() }
        client.answer(
            readable(answer), to: request, mayGoOn: requestIsComplete && failure.allowsKeepAlive)
    }

    /// Turns the request away with an answer of ours, whether or not the gateway has accepted it.
    func turnAway(_ answer: Answer) {
        guard releaseClosing() else { return }
        client.answer(readable(answer), to: request, mayGoOn: requestIsComplete)
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
            client.record(failure, request: request, stream: stream, network: network)
        }
        client.breakOff()
    }

    /// Closes both sides without a word: the process ends.
    func abandon() {
        closeStream(.drain)
        guard releaseClosing() else { return }
        client.breakOff()
    }
}
