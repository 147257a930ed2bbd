import DemoGateway
import Locking
import TestSupport

/// Counts what reaches the gateway, by path. The gateway itself forgets old requests.
final class WarTally: Sendable {
    private struct Pages {
        var seen = 0
        var connects: [String: Int] = [:]
    }

    private let pages = Guarded(Pages())

    init(_ gateway: DemoGateway) {
        // Called after each change, on the gateway's thread, so no request is passed over.
        gateway.observe { [weak gateway, weak self] in
            if let gateway { self?.look(gateway) }
        }
    }

    private func look(_ gateway: DemoGateway) {
        let count = gateway.requestCount
        pages.withLock { pages in
            guard count > pages.seen, let request = gateway.requests.last else { return }
            pages.seen = count
            let path = request.target.prefix { $0 != "?" }
            pages.connects[String(path), default: 0] += 1
        }
    }

    /// How many requests came so far.
    func connects(_ path: String) -> Int { pages.withLock { $0.connects[path] ?? 0 } }
}
