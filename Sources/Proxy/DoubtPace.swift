import Locking
import Reactor
import Telemetry

/// Keeps those whose token is in doubt from filling the log: each client has one line in a minute,
/// and of the others only how many there were. All workers share it, because a client comes back to
/// any of them; its lock is taken when a request is refused for that.
///
/// Invariant: as many clients stand in `order` as in `heldBack`, and never more than `clientsMax`.
final class DoubtPace: Sendable {
    /// Bounds the clients that are told apart. Those above it have one line in common.
    static let clientsMax = 4096
    static let window = Duration.seconds(60)
    /// Bounds what is done at a time.
    private static let batchMax = 64

    private struct Book {
        /// How many lines were left out, by client.
        var heldBack: [String: Int] = [:]
        /// The clients by when their minute ends, the first to end in front.
        var order = Queue()
    }

    /// A queue whose front moves on; what is behind it is freed when it is half of all.
    private struct Queue {
        private var entries: [(client: String, end: Duration)] = []
        private var front = 0

        var first: (client: String, end: Duration)? {
            front < entries.count ? entries[front] : nil
        }

        mutating func append(_ client: String, until end: Duration) {
            entries.append((client, end))
        }

        mutating func popFirst() {
            front += 1
            guard front * 2 >= entries.count else { return }
            entries.removeFirst(front)
            front = 0
        }
    }

    /// What is due after a refusal.
    struct Due {
        /// Whether it has a line of its own.
        let hasLine: Bool
        /// When somebody must call `settle`; `nil` when somebody is about to already.
        let settling: Duration?
    }

    private let book = Guarded(Book())
    /// Stands for all clients that found no room.
    private static let others = "others"

    /// Counts a refusal of `client`.
    func note(_ client: String, now: Duration) -> Due {
        book.withLock { book in
            let isNew = book.heldBack[client] == nil
            let key = isNew && book.heldBack.count >= Self.clientsMax - 1 ? Self.others : client
            if let count = book.heldBack[key] {
                book.heldBack[key] = count &+ 1
                return Due(hasLine: false, settling: nil)
            }
            let isFirst = book.heldBack.isEmpty
            book.heldBack[key] = 0
            book.order.append(key, until: now + Self.window)
            return Due(hasLine: true, settling: isFirst ? now + Self.window : nil)
        }
    }

    /// Takes out clients whose minute is over, with how many lines each was denied, and says when it
    /// must be called again. `nil` for `now` ends the minute of all.
    func settle(now: Duration?) -> (denied: [(client: String, count: Int)], next: Duration?) {
        book.withLock { book in
            var denied: [(client: String, count: Int)] = []
            for _ in 0..<Self.batchMax {
                guard let (client, end) = book.order.first, now.map({ end <= $0 }) ?? true else {
                    break
                }
                book.order.popFirst()
                if let count = book.heldBack.removeValue(forKey: client), count > 0 {
                    denied.append((client, count))
                }
            }
            return (denied, book.order.first?.end)
        }
    }
}

/// Tells what was left out, when the minute is over.
final class DoubtSettlement: TimerHandler {
    private unowned let worker: Worker

    init(for worker: Worker) { self.worker = worker }

    /// Whether a request of `client` that was refused for its token has a line of its own.
    func allows(_ client: String) -> Bool {
        let due = worker.shared.doubts.note(client, now: worker.reactor.sharedNow)
        if let settling = due.settling {
            let wait = settling - worker.reactor.sharedNow
            _ = worker.reactor.schedule(self, at: worker.reactor.now + wait)
        }
        return due.hasLine
    }

    /// Tells what is due, and when to come again.
    private func settle() -> Duration? {
        let now = worker.reactor.sharedNow
        let (denied, next) = worker.shared.doubts.settle(now: now)
        tell(denied)
        return next.map { worker.reactor.now + max($0 - now, .milliseconds(1)) }
    }

    /// The process ends: tells all that there is.
    func settleAll() {
        while true {
            let (denied, next) = worker.shared.doubts.settle(now: nil)
            tell(denied)
            if next == nil { return }
        }
    }

    private func tell(_ denied: [(client: String, count: Int)]) {
        for (client, count) in denied {
            worker.shared.record(
                .error(
                    LogEvent.Failure(
                        level: .info, reason: "token_doubt", fault: .client,
                        detail: "\(count) more refused for their tokens within a minute",
                        client: client, stream: nil, method: nil, path: nil)))
        }
    }

    func timerFired(now: Duration) -> Duration? { settle() }
}
