import Locking
import Reactor
import Settings

/// Where a client's connection is counted, from its accept to its close.
struct Place: Sendable {
    let listener: Int
    /// `nil` for a unix socket, and as long as a balancer has not told who it is.
    var prefix: AddressPrefix?
}

/// How many client connections there are: in all, by listener, and by address. All workers share
/// it; its lock is taken when a connection comes and when it goes.
///
/// Invariant: no number in it is zero or less, so it is never larger than the connections are many.
final class AddressBook: Sendable {
    /// What stands in the way of one more connection.
    enum Limit: String {
        case connections = "connections_max"
        case address = "connections_per_address_max"
    }

    private struct Pages {
        var total = 0
        var listeners: [Int: Int] = [:]
        var prefixes: [AddressPrefix: Int] = [:]
    }

    private let pages = Guarded(Pages())

    var count: Int { pages.withLock { $0.total } }

    /// Whether the process or the listener has as many as it may.
    func isFull(_ listener: Int, _ running: Running) -> Bool {
        pages.withLock { Self.isFull($0, listener, running) }
    }

    /// Counts a connection; `nil` when that is within every limit.
    func enter(_ place: Place, _ running: Running) -> Limit? {
        pages.withLock { pages in
            if Self.isFull(pages, place.listener, running) { return .connections }
            if let prefix = place.prefix, Self.isFull(pages, prefix, running) { return .address }
            pages.total += 1
            pages.listeners[place.listener, default: 0] += 1
            if let prefix = place.prefix { pages.prefixes[prefix, default: 0] += 1 }
            return nil
        }
    }

    /// Counts a connection that is counted already for its address too, now that it is known.
    func settle(_ prefix: AddressPrefix, _ running: Running) -> Limit? {
        pages.withLock { pages in
            if Self.isFull(pages, prefix, running) { return .address }
            pages.prefixes[prefix, default: 0] += 1
            return nil
        }
    }

    func leave(_ place: Place) {
        pages.withLock { pages in
            pages.total -= 1
            Self.countDown(&pages.listeners, place.listener)
            if let prefix = place.prefix { Self.countDown(&pages.prefixes, prefix) }
        }
    }

    private static func isFull(_ pages: Pages, _ listener: Int, _ running: Running) -> Bool {
        let listenerMax = running.listener(listener).connectionsMax ?? running.connectionsMax
        return pages.total >= running.connectionsMax
            || pages.listeners[listener, default: 0] >= listenerMax
    }

    private static func isFull(
        _ pages: Pages, _ prefix: AddressPrefix, _ running: Running
    ) -> Bool {
        pages.prefixes[prefix, default: 0] >= running.settings.limits.connectionsPerAddressMax
    }

    private static func countDown<Key>(_ counts: inout [Key: Int], _ key: Key) {
        let count = counts[key, default: 0] - 1
        counts[key] = count > 0 ? count : nil
    }
}
