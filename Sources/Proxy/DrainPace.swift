import Ledger
import Reactor

/// Lets the streams of a worker go one after the other when the process ends, so that their clients
/// do not all arrive elsewhere at once. Every worker takes the same time for its own. Work is not among them: it may run on as long as the drain does.
final class DrainPace: TimerHandler {
    private unowned let worker: Worker
    /// Oldest first.
    private let leaving: [StreamID]
    private let start: Duration
    private let time: Duration
    private var left = 0

    private static let step = Duration.milliseconds(10)

    init(for worker: Worker, during time: Duration) {
        self.worker = worker
        self.time = time
        leaving = worker.streams.filter { $0.value.stream?.isWork == false }.keys.sorted()
        start = worker.reactor.now
    }

    func timerFired(now: Duration) -> Duration? {
        let part = time > .zero ? min((now - start) / time, 1) : 1
        let due = min(Int(Double(leaving.count) * part) + 1, leaving.count)
        while left < due {
            worker.streams[leaving[left]]?.leave(.drain)
            left += 1
        }
        return left < leaving.count ? now + Self.step : nil
    }
}
