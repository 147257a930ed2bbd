import Reactor
import Telemetry

/// Keeps one cause from filling the log. When a gateway dies, thousands of exchanges fail in the same
/// moment and all for the same reason (U11): the first of a second are written down, of the others
/// only how many there were. The closing lines of streams are not its business.
final class FailurePace: TimerHandler {
    private struct Tally {
        let level: LogLevel
        let fault: Fault
        var count = 0
    }

    private unowned let worker: Worker
    /// By reason, of which there are a few.
    private var tallies: [String: Tally] = [:]

    private static let linesPerSecond = 200

    init(for worker: Worker) { self.worker = worker }

    /// Whether a line for this failure is due. What clients do wrong has a line each.
    func allows(_ failure: Failure) -> Bool {
        guard failure.fault != .client else { return true }
        if tallies.isEmpty {
            _ = worker.reactor.schedule(self, at: worker.reactor.now + .seconds(1))
        }
        let fresh = Tally(level: failure.level, fault: failure.fault)
        tallies[failure.reason, default: fresh].count += 1
        return tallies[failure.reason, default: fresh].count <= Self.linesPerSecond
    }

    /// Tells what was left out.
    func settle() {
        for (reason, tally) in tallies where tally.count > Self.linesPerSecond {
            let surplus = tally.count - Self.linesPerSecond
            worker.shared.record(
                .error(
                    LogEvent.Failure(
                        level: tally.level, reason: reason, fault: tally.fault,
                        detail: "\(surplus) more lines like these left out",
                        client: nil, stream: nil, method: nil, path: nil)))
        }
        tallies = [:]
    }

    func timerFired(now: Duration) -> Duration? {
        settle()
        return nil
    }
}
