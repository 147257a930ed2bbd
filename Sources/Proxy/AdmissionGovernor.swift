import Reactor
import Settings

/// Holds back requests for event streams when many come at once, as after a restart, so that the
/// gateway sees a ramp and not a wall: a token bucket with a queue in front, first come, first
/// served.
///
/// The queue is bounded: nobody is let in who could not be served within `admission_wait`. Whoever
/// leaves meanwhile is passed over.
final class AdmissionGovernor {
    enum Verdict {
        case go
        /// `Exchange.admitted` will be called.
        case wait
        case full
    }

    private unowned let worker: Worker
    private var tokens: Double
    private var lastRefill: Duration
    private var queue: [Exchange] = []
    /// Those before it have been served.
    private var head = 0
    /// How many of the queue have not left.
    private var waiting = 0
    private var timer: TimerID?

    /// Requests that have left are kept until there are this many, and as many as wait.
    private static let servedMax = 256

    init(worker: Worker) {
        self.worker = worker
        tokens = worker.share(of: worker.running.settings.gateway.streamsBurst)
        lastRefill = worker.reactor.now
    }

    private var rate: Double { worker.streamsPerSecond }

    func enter(_ exchange: Exchange) -> Verdict {
        refill()
        if head == queue.count, tokens >= 1 {
            tokens -= 1
            return .go
        }
        let wait = worker.running.settings.gateway.admissionWait
        guard Double(waiting) < rate * (wait / .seconds(1)) else { return .full }
        queue.append(exchange)
        waiting += 1
        exchange.isQueued = true
        compact()
        if timer == nil { timer = worker.reactor.schedule(self, at: nextToken) }
        return .wait
    }

    /// A request that was let through, or whose client has gone.
    func leave(_ exchange: Exchange) {
        guard exchange.isQueued else { return }
        exchange.isQueued = false
        waiting -= 1
    }

    /// How long the newest of those who wait has to.
    var backlog: Duration { .seconds(Double(waiting) / rate) }

    private func refill() {
        let now = worker.reactor.now
        let earned = max((now - lastRefill) / .seconds(1), 0) * rate
        tokens = min(
            tokens + earned, max(worker.share(of: worker.running.settings.gateway.streamsBurst), 1))
        lastRefill = now
    }

    private var nextToken: Duration {
        worker.reactor.now + .seconds(max(1 - tokens, 0) / rate)
    }

    private func serve() {
        refill()
        while head < queue.count {
            guard queue[head].isQueued else {
                head += 1
                continue
            }
            guard tokens >= 1 else { break }
            tokens -= 1
            head += 1
            leave(queue[head - 1])
            queue[head - 1].admitted()
        }
        compact()
    }

    /// Forgets those who have left, once they are more than those who wait.
    private func compact() {
        guard queue.count > 2 * waiting + Self.servedMax || head == queue.count else { return }
        queue = queue[head...].filter(\.isQueued)
        head = 0
    }
}

extension AdmissionGovernor: TimerHandler {
    func timerFired(now: Duration) -> Duration? {
        serve()
        guard head < queue.count else {
            timer = nil
            return nil
        }
        return max(nextToken, now + .milliseconds(1))
    }
}
