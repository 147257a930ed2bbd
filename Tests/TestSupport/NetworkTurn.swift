import Locking

/// A turn at the network interfaces of this machine, which ends with the last reference to it.
///
/// A browser takes an interface that comes or goes for another network and drops its connections
/// (Chromium's `ERR_NETWORK_CHANGED`). So those who make interfaces and those who run a browser do
/// it one after the other.
package final class NetworkTurn: Sendable {
    private struct Queue {
        var isTaken = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private static let queue = Guarded(Queue())

    private init() {}

    /// Waits for it.
    package static func take() async -> NetworkTurn {
        await withCheckedContinuation { continuation in
            let isFree = queue.withLock { queue in
                if queue.isTaken { queue.waiting.append(continuation) }
                defer { queue.isTaken = true }
                return !queue.isTaken
            }
            if isFree { continuation.resume() }
        }
        return NetworkTurn()
    }

    deinit {
        let next = Self.queue.withLock { queue in
            guard queue.waiting.isEmpty else { return Optional(queue.waiting.removeFirst()) }
            queue.isTaken = false
            return nil
        }
        next?.resume()
    }
}
