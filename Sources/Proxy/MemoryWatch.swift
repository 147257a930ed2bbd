import Reactor
import Settings
import Telemetry

/// Looks at how much memory the process holds, and has new work turned away before live streams
/// suffer. One line when that begins and one when it ends.
final class MemoryWatch: TimerHandler {
    private unowned let control: Control

    private static let interval = Duration.milliseconds(250)
    /// It ends a little below the limit, so that it does not begin again at once.
    private static let hysteresis = 0.95

    init(for control: Control) { self.control = control }

    func timerFired(now: Duration) -> Duration? {
        let limit = control.running.settings.limits.memoryMax ?? MemoryUse.allowance
        if let limit, let resident = MemoryUse.residentBytes { judge(resident, limit) }
        return now + Self.interval
    }

    private func judge(_ resident: Int, _ limit: Int) {
        let shared = control.shared
        if !shared.isShortOfMemory, resident > limit {
            shared.isShortOfMemory = true
            record("memory_high", .error, "\(resident) bytes are resident, \(limit) allowed")
        } else if shared.isShortOfMemory {
            // What was freed is not given back by itself.
            MemoryUse.giveBack()
            let resident = MemoryUse.residentBytes ?? resident
            guard Double(resident) < Double(limit) * Self.hysteresis else { return }
            shared.isShortOfMemory = false
            record("memory_normal", .notice, "\(resident) bytes are resident")
        }
    }

    private func record(_ reason: String, _ level: LogLevel, _ detail: String) {
        control.shared.record(
            .error(
                .init(
                    level: level, reason: reason, fault: .sluice, detail: detail, client: nil,
                    stream: nil, method: nil, path: nil)))
    }
}
