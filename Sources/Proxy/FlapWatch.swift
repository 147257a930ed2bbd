import Ledger
import Reactor
import Telemetry

/// Tells when users whose clients kept evicting each other have come to rest.
final class FlapWatch: TimerHandler {
    static let interval = Duration.seconds(1)
    private let shared: Shared

    init(shared: Shared) { self.shared = shared }

    func timerFired(now: Duration) -> Duration? {
        for flap in shared.ledger.endedFlaps(now: now) {
            shared.record(.flap(.init(flap, phase: .end(after: now - flap.begin))))
        }
        return now + Self.interval
    }
}
