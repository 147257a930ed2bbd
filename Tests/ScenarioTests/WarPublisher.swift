import DemoGateway
import Locking

/// Publishes the numbers from 1 to everybody, at an even pace, until its owner goes.
final class WarPublisher: Sendable {
    private final class Count: Sendable {
        private let value = Guarded(0)

        var now: Int { value.withLock { $0 } }

        func next() -> Int {
            value.withLock { value in
                value += 1
                return value
            }
        }
    }

    private let task: Task<Void, Never>
    private let count: Count

    init(_ gateway: DemoGateway, pace: Duration) {
        let count = Count()
        self.count = count
        task = Task {
            while !Task.isCancelled {
                gateway.publish(to: nil, event: "number", data: "\(count.next())")
                // Woken by being cancelled, or because it is time.
                try? await Task.sleep(for: pace)
            }
        }
    }

    deinit { task.cancel() }

    /// The last number that was published, or is about to be.
    var latest: Int { count.now }
}
