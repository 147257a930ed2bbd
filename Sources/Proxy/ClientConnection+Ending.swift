import HTTP1
import HTTPModel
import Reactor
import Settings

/// How a client's connection ends, by its own time or by ours.
extension ClientConnection {
    /// Sends what waits, says goodbye and closes. A hurried client has a second for it; any other
    /// has as long as it goes on reading.
    func finish(isHurried: Bool = false) {
        guard case .open = phase else { return }
        phase = .finishing
        self.isHurried = isHurried
        letGo()
        // With nothing waiting so far, the wait begins now, for the last word of TLS.
        let since = outbox.isEmpty ? now : lastProgress
        setDeadline(isHurried ? now + Self.farewell : since + limits.writeTimeout)
        flush()
        if case .finishing = phase, outbox.isEmpty { linger() }
    }

    func linger() {
        guard transport.finish() else { return }  // Once more when the socket can be written.
        if peerIsGone { return close() }
        phase = .lingering
        setDeadline(now + Self.farewell)
        // What came meanwhile has had its edge already.
        if let registration { worker.reactor.again(registration, .readable) }
    }

    /// Closes with a reset: what the kernel still holds is dropped, and nobody takes it for whole.
    func cut() {
        transport.resetOnClose()
        close()
    }

    /// Closes at once, with no word that could be taken for a proper end.
    func close() {
        if case .closed = phase { return }
        phase = .closed
        letGo()
        endHolding()
        dropOutbox()
        if let registration { worker.reactor.deregister(registration) }
        if let timer { worker.reactor.cancel(timer) }
        timer = nil
        transport.close()
        worker.remove(self)
    }

    func record(_ failure: Failure, request: RequestHead?, stream: String?) {
        worker.record(failure, of: origin, request: request, stream: stream)
    }
}

extension ClientConnection: TimerHandler {
    func timerFired(now: Duration) -> Duration? {
        var next = deadline
        if case .open = phase {
            next = openTimerFired()
        } else if deadline <= now {
            expire()
        }
        guard timer != nil else { return nil }
        // It may be ending since, and then has another deadline.
        if case .open = phase {} else { next = deadline }
        return max(next, now + .milliseconds(1))
    }

    /// The deadline of a phase in which nothing is spoken any more has come.
    private func expire() {
        switch phase {
        case .finishing where !isHurried: expireUnread()
        case .finishing: cut()
        case .lingering where isHurried: cut()
        case .lingering: close()
        case .open, .closed: return
        }
    }

    /// What waits was not taken in time. Whoever goes on reading, however slowly, has more.
    func expireUnread() {
        if lastProgress + limits.writeTimeout > now {
            return setDeadline(lastProgress + limits.writeTimeout)
        }
        record(.clientStalled, request: nil, stream: nil)
        cut()
    }
}
