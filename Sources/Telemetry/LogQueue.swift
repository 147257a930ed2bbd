import Locking
import Synchronization

/// Where every thread leaves its log lines and the one writer thread finds them.
///
/// Lines are rendered into one buffer, which the writer exchanges for its own empty one, so a
/// steady flow allocates nothing. The queue is bounded: when the writer cannot keep up, the newest
/// lines are dropped and counted, and traffic goes on. Dropping the newest keeps the beginning of
/// whatever went wrong. Lines of requests have half of the room, and those of streams and of the
/// process a reserve beyond it: no flood of bad requests hides who was there and why they went.
///
/// Invariants: `lines` is zero exactly when `bytes` is empty; neither exceeds its limit and the
/// reserve.
package final class LogQueue: Sendable {
    /// How much may wait for the writer.
    package struct Limits: Sendable {
        package let linesMax: Int
        package let bytesMax: Int
        /// Beyond that, for the lines of streams and of the process.
        package let reserveLines: Int
        package let reserveBytes: Int

        /// The reserve is enough for every stream of an instance to be opened and closed.
        package static let standard = Limits(
            linesMax: 8192, bytesMax: 4 << 20, reserveLines: 40_960, reserveBytes: 20 << 20)

        package init(
            linesMax: Int, bytesMax: Int, reserveLines: Int = 0, reserveBytes: Int = 0
        ) {
            precondition(linesMax > 0 && reserveLines >= 0 && reserveBytes >= 0)
            precondition(bytesMax >= JSONLine.lineBytesMax, "Not even one line would fit.")
            self.linesMax = linesMax
            self.bytesMax = bytesMax
            self.reserveLines = reserveLines
            self.reserveBytes = reserveBytes
        }

        fileprivate func room(for claim: LogEvent.Claim) -> (lines: Int, bytes: Int) {
            switch claim {
            case .requested:
                (max(1, linesMax / 2), max(JSONLine.lineBytesMax, bytesMax / 2))
            case .measured: (linesMax, bytesMax)
            case .reserved: (linesMax + reserveLines, bytesMax + reserveBytes)
            }
        }
    }

    /// Whom the lines are for.
    package enum Format: Sendable {
        case json
        case human(HumanLine)
    }

    private struct Pending {
        var bytes: [UInt8] = []
        var lines = 0
        /// Lost since the last `log_dropped`, and since the start.
        var dropped = 0
        var droppedTotal = 0

        mutating func drop(_ count: Int) {
            dropped += count
            droppedTotal += count
        }
    }

    /// A buffer that a burst has made larger than this is given back to the system.
    private static let keptBytesMax = 256 << 10

    private let pending = Guarded(Pending())
    private let minimumSeverity: Atomic<UInt8>
    private let format: Format
    private let limits: Limits
    private let wake: @Sendable () -> Void

    /// `wake` is called, on the thread that pushes, whenever the queue stops being empty.
    package init(
        level: LogLevel, format: Format, limits: Limits, wake: @escaping @Sendable () -> Void
    ) {
        minimumSeverity = Atomic(level.severity)
        self.format = format
        self.limits = limits
        self.wake = wake
    }

    /// From now on, lines below `level` are not written.
    package func setLevel(_ level: LogLevel) {
        minimumSeverity.store(level.severity, ordering: .relaxed)
    }

    /// Whether a line of this level would be written. Ask before gathering what only the log needs.
    package func accepts(_ level: LogLevel) -> Bool {
        level.severity >= minimumSeverity.load(ordering: .relaxed)
    }

    /// Lines lost since the start.
    package var droppedTotal: Int { pending.withLock(\.droppedTotal) }

    /// Leaves a line for the writer. Never waits for it.
    package func push(_ event: LogEvent, at time: Timestamp) {
        guard accepts(event.level) else { return }
        let isFirst = pending.withLock { pending in
            guard hasRoom(pending, for: event.claim) else {
                pending.drop(1)
                return false
            }
            render(event, at: time, to: &pending.bytes)
            pending.lines += 1
            return pending.lines == 1
        }
        if isFirst { wake() }
    }

    /// Replaces what is in `batch` by all waiting lines, and says how many there are; zero is
    /// nothing to write. Losses are reported after the last line that was not lost, by a
    /// `log_dropped` line that is not counted.
    package func takeBatch(into batch: inout [UInt8], at time: Timestamp) -> Int {
        batch.removeAll(keepingCapacity: batch.capacity <= Self.keptBytesMax)
        return pending.withLock { pending in
            guard pending.lines > 0 else { return 0 }
            let lines = pending.lines
            swap(&batch, &pending.bytes)
            pending.lines = 0
            if pending.dropped > 0 {
                let count = pending.dropped
                let losses = LogEvent.LogDropped(count: count, total: pending.droppedTotal)
                render(.logDropped(losses), at: time, to: &batch)
                pending.dropped = 0
            }
            return lines
        }
    }

    /// The writer could not write the `count` lines it had taken.
    package func countLost(_ count: Int) {
        pending.withLock { $0.drop(count) }
    }

    /// Assumes the longest line, so that nothing is rendered only to be dropped.
    private func hasRoom(_ pending: borrowing Pending, for claim: LogEvent.Claim) -> Bool {
        let room = limits.room(for: claim)
        return pending.lines < room.lines
            && pending.bytes.count + JSONLine.lineBytesMax <= room.bytes
    }

    private func render(_ event: LogEvent, at time: Timestamp, to bytes: inout [UInt8]) {
        switch format {
        case .json: event.write(to: &bytes, at: time)
        case .human(let line): line.write(event, to: &bytes, at: time)
        }
    }
}
