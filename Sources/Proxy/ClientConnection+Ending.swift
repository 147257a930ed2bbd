import HTTP1
import HTTPModel
import Reactor
import Settings

/// How a client's connection ends, by its own time or by ours.
extension ClientConnection {
    /// Sends what waits, says goodbye and closes. A hurried client has a second for it; any other
    /// has as long as it goes on reading.
    func finish(isHurried: Bool = false) {
        if case .closed = phase { return }
        phase = .finishing
        self.isHurried = isHurried
        bodyDecoder = nil
        inbox = Inbox()
        partialHead = []
        let patience = worker.running.settings.limits.writeTimeout
        setDeadline(isHurried ? now + Self.farewell : lastProgress + patience)
        flush()
        if case .finishing = phase, outbox.isEmpty { linger() }
    }

    func linger() {
        guard transport.finish() else { return }  // Once more when the socket can be written.
        if peerIsGone { return close() }
        phase = .lingering
        setDeadline(now + Self.farewell)
    }

    /// Ends a connection that nobody would miss: no request has begun on it.
    func finishIfIdle() {
        switch phase {
        case .handshaking: close()
        case .readingHead where !finder.hasBegun: finish()
        case .readingHead, .exchanging, .finishing, .lingering, .closed: return
        }
    }

    /// Ends the connection and whatever is under way on it: the process ends.
    func abandon() {
        if case .exchanging(let exchange) = phase { exchange.abandon() }
        close()
    }

    /// Closes with a reset: what the kernel still holds is dropped, and nobody takes it for whole.
    func cut() {
        transport.resetOnClose()
        close()
    }

    /// Ends a client that takes nothing, because others need the memory.
    func giveUp() {
        if case .exchanging(let exchange) = phase { return exchange.clientFailed(.clientStalled) }
        record(.clientStalled, request: nil, stream: nil)
        cut()
    }

    /// Closes at once, with no word that could be taken for a proper end.
    func close() {
        if case .closed = phase { return }
        phase = .closed
        dropOutbox()
        inbox = Inbox()
        if let registration { worker.reactor.deregister(registration) }
        if let timer { worker.reactor.cancel(timer) }
        timer = nil
        transport.close()
        worker.remove(self)
    }

    /// The exchange is over and its answer is queued.
    func exchangeEnded(keepsAlive: Bool, isHurried: Bool) {
        guard keepsAlive, !worker.isDraining else { return finish(isHurried: isHurried) }
        phase = .readingHead
        bodyDecoder = nil
        finder = HeadFinder()
        flush()
        let limits = worker.running.settings.limits
        setDeadline(now + (isBlocked ? limits.writeTimeout : limits.keepAliveTimeout))
        // What the client has pipelined has had its edge already.
        if let registration { worker.reactor.again(registration, .readable) }
    }
}

extension ClientConnection: TimerHandler {
    func timerFired(now: Duration) -> Duration? {
        let limits = worker.running.settings.limits
        if case .exchanging(let exchange) = phase {
            if isBlocked, lastProgress + limits.writeTimeout <= now {
                exchange.clientFailed(.clientStalled)
            } else if awaitsBody, deadline <= now {
                exchange.clientFailed(.bodyTimeout)
            }
        } else if deadline <= now {
            expire()
        }
        guard timer != nil else { return nil }
        return nextLook(limits.writeTimeout)
    }

    /// Whether the client is due to send more of a request body.
    private var awaitsBody: Bool {
        guard case .exchanging(let exchange) = phase, bodyDecoder != nil else { return false }
        return exchange.wantsRequestBody
    }

    private func nextLook(_ writeTimeout: Duration) -> Duration {
        // While an exchange goes on, its own timer watches the rest; this one only looks in.
        let far = now + .seconds(60)
        guard case .exchanging = phase else { return max(deadline, now + .milliseconds(1)) }
        var next = far
        if isBlocked { next = min(next, lastProgress + writeTimeout) }
        if awaitsBody { next = min(next, deadline) }
        return max(next, now + .milliseconds(1))
    }

    /// The deadline of a phase without an exchange has come.
    private func expire() {
        switch phase {
        case .handshaking:
            recordHandshake(reason: "tls_handshake_timeout", detail: nil)
            close()
        case .readingHead where isBlocked, .finishing where !isHurried: expireUnread()
        case .readingHead where finder.hasBegun: refuse(.headTimeout, request: nil)
        case .readingHead: finish()
        case .finishing: cut()
        case .lingering where isHurried: cut()
        case .lingering: close()
        case .exchanging, .closed: return
        }
    }

    /// An answer was not taken in time. Whoever goes on reading, however slowly, has more.
    private func expireUnread() {
        let patience = worker.running.settings.limits.writeTimeout
        if lastProgress + patience > now { return setDeadline(lastProgress + patience) }
        record(.clientStalled, request: nil, stream: nil)
        cut()
    }
}
