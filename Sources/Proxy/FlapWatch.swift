import Ledger
import Reactor
import Telemetry

/// Tells when users whose clients kept evicting each other have come to rest.
final class FlapWatch: TimerHandler {
    static let interval = Duration.seconds(1)
    private let shared: Shared
    private unowned let reactor: Reactor

    init(shared: Shared, reactor: Reactor) {
        self.shared = shared
        self.reactor = reactor
    }

    func timerFired(now: Duration) -> Duration? {
        for flap in shared.ledger.endedFlaps(now: reactor.sharedNow) {
            shared.record(.flap(.init(flap, phase: .end(after: flap.end - flap.begin))))
        }
        return now + Self.interval
    }
}
