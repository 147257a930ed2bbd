import HTTP2
import Reactor

/// The body of a request on a stream of HTTP/2, on its way to the gateway.
extension HTTP2Stream {
    func bodyArrived(_ bytes: Span<UInt8>) {
        lastBodyProgress = now
        guard let exchange else { return connection.consumed(bytes.count, of: id) }
        unconsumed += bytes.count
        guard held.isEmpty, !awaitsTunnel, exchange.wantsRequestBody else {
            if !hold(bytes) { exchange.clientFailed(.pendingBytes) }
            return
        }
        relay(bytes, to: exchange)
        giveWindow()
    }

    func bodyEnded() {
        requestIsComplete = true
        if held.isEmpty, !awaitsTunnel, let exchange, exchange.wantsRequestBody {
            relayEnd(to: exchange)
        }
    }

    /// The gateway has taken what there was, or is there for the first time.
    func resumeBody() {
        guard !awaitsTunnel else { return flush() }
        if let exchange, !held.isEmpty, exchange.wantsRequestBody {
            let bytes = takeHeld()
            relay(bytes.span, to: exchange)
        }
        if let exchange, held.isEmpty, requestIsComplete, !exchange.requestIsComplete,
            exchange.wantsRequestBody
        {
            relayEnd(to: exchange)
        }
        giveWindow()
        flush()
    }

    /// Passes bytes on through the worker's buffer, where they get their frame.
    private func relay(_ bytes: Span<UInt8>, to exchange: Exchange) {
        var start = 0
        while start < bytes.count {
            let space = worker.buffer.readRange
            let count = min(space.count, bytes.count - start)
            worker.buffer.bytes.copy(
                bytes.extracting(start..<start + count), to: space.lowerBound)
            start += count
            exchange.relayRequestBody(
                space.lowerBound..<space.lowerBound + count, isLast: false)
        }
    }

    private func relayEnd(to exchange: Exchange) {
        let start = worker.buffer.readRange.lowerBound
        exchange.relayRequestBody(start..<start, isLast: true)
    }

    /// Lets the client send as much again as the gateway has taken.
    private func giveWindow() {
        guard unconsumed > 0, held.isEmpty, !awaitsTunnel, exchange?.wantsRequestBody != false
        else { return }
        connection.consumed(unconsumed, of: id)
        unconsumed = 0
        // Only now can the client go on.
        lastBodyProgress = now
    }

    /// Nobody wants the body any more; the window of the connection must not shrink for that.
    func forgetRequestBody() {
        _ = takeHeld()
        guard unconsumed > 0 else { return }
        connection.consumed(unconsumed, of: id)
        unconsumed = 0
    }
}
