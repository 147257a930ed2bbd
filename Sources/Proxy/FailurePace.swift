import Locking
import Reactor
import Telemetry

/// Keeps one cause from filling the log. When a gateway dies, thousands of exchanges fail in the same
/// moment and all for the same reason (U11), and a client can send as many bad requests as it likes.
/// The first of a second are written down, of the others only how many there were. One client gets
/// half of the lines of a reason, so that those of others are among them. The closing lines of streams
/// are not its business.
///
/// One for the process: the rates are the same whatever the number of workers.
///
/// Invariant: every failure that was asked about is either allowed or in a later surplus.
final class FailurePace: Sendable {
    private struct Tally {
        let level: LogLevel
        let fault: Fault
        var allowed = 0
        var heldBack = 0
        /// Lines of each client; at most `clientsMax`.
        var clients: [Int: Int] = [:]
    }

    /// By reason, of which there are a few.
    private let tallies = Guarded([String: Tally]())

    static let linesPerSecond = 200
    static let linesPerSecondOfClient = 100
    /// Clients that are told apart within a second; all others count as one.
    private static let clientsMax = 256

    /// Whether a line for this failure is due. `begin` is called with the first one of a second:
    /// whoever is called takes the surplus when the second is over.
    func allows(_ failure: LogEvent.Failure, of client: Int, begin: () -> Void = {}) -> Bool {
        let (isFirst, isDue) = tallies.withLock { tallies in
            let fresh = Tally(level: failure.level, fault: failure.fault)
            return (
                tallies.isEmpty,
                Self.count(client, in: &tallies[failure.reason, default: fresh])
            )
        }
        if isFirst { begin() }
        return isDue
    }

    private static func count(_ client: Int, in tally: inout Tally) -> Bool {
        let isKnown = tally.clients[client] != nil || tally.clients.count < clientsMax
        let key = isKnown ? client : 0
        guard tally.allowed < linesPerSecond,
            tally.fault != .client || tally.clients[key, default: 0] < linesPerSecondOfClient
        else {
            tally.heldBack += 1
            return false
        }
        tally.allowed += 1
        tally.clients[key, default: 0] += 1
        return true
    }

    /// What was held back since the last time, one line for each reason. The next second begins.
    func takeSurplus() -> [LogEvent.Failure] {
        let taken = tallies.withLock { tallies in
            defer { tallies = [:] }
            return tallies
        }
        return taken.sorted { $0.key < $1.key }.filter { $0.value.heldBack > 0 }.map {
            LogEvent.Failure(leftOut: $1.heldBack, level: $1.level, reason: $0, fault: $1.fault)
        }
    }
}

extension Worker {
    /// Writes a failure down, or counts it. `client`: the network that it comes from, hashed.
    func record(_ failure: LogEvent.Failure, of client: Int) {
        guard shared.log.accepts(failure.level) else { return }
        let isDue = shared.pace.allows(failure, of: client) {
            _ = reactor.schedule(
                SecondOfFailures(shared: shared), at: reactor.now + SecondOfFailures.length)
        }
        if isDue { shared.record(.error(failure)) }
    }
}

extension Shared {
    /// Tells what was left out.
    func recordLeftOut() {
        for failure in pace.takeSurplus() { record(.error(failure)) }
    }
}

/// Ends a second in which something failed.
private final class SecondOfFailures: TimerHandler {
    static let length = Duration.seconds(1)
    private let shared: Shared

    init(shared: Shared) { self.shared = shared }

    func timerFired(now: Duration) -> Duration? {
        shared.recordLeftOut()
        return nil
    }
}
