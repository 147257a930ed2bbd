import Reactor
import TLS

/// Changes the keys of the session tickets now and then, so that a stolen one opens little.
final class TicketRotation: TimerHandler {
    static let period = TLSTicketKeys.rotationPeriod
    private let running: () -> Running

    init(running: @escaping () -> Running) { self.running = running }

    func timerFired(now: Duration) -> Duration? {
        // Without random numbers the old keys serve on; the next period tries again.
        try? running().ticketKeys.rotate()
        return now + Self.period
    }
}
