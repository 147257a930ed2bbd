import Locking

/// A stream that is open on the gateway's side.
package struct OpenStream: Equatable, Sendable {
    /// Counts up from 1: the order in which streams were opened.
    package let id: Int
    package let user: String
    package let path: String
}

/// A request as the gateway read it.
package struct SeenRequest: Sendable {
    package let method: String
    /// Path and query.
    package let target: String
    /// All field lines in order, as they were spelled.
    package let fields: [(name: String, value: String)]
    /// Which of the gateway's connections it came on, counted from 1.
    package let connection: Int

    /// The values of all lines of that name.
    package func all(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }
}

/// What really happened at the gateway: the truth that others are compared with. Written by the
/// gateway's thread, read by anybody.
final class GatewayBooks: Sendable {
    private struct Pages {
        var streams: [Int: OpenStream] = [:]
        var streamsOpened = 0
        var connections = 0
        var openConnections = 0
        var requests: [SeenRequest] = []
        var requestCount = 0
        var observers: [@Sendable () -> Void] = []
    }

    private let pages = Guarded(Pages())
    /// Older requests are forgotten.
    private static let requestsMax = 4000

    // MARK: Reading

    var streams: [OpenStream] {
        pages.withLock { pages in pages.streams.values.sorted { $0.id < $1.id } }
    }
    var streamCount: Int { pages.withLock { $0.streams.count } }
    var streamsOpened: Int { pages.withLock { $0.streamsOpened } }
    var connections: Int { pages.withLock { $0.connections } }
    var openConnections: Int { pages.withLock { $0.openConnections } }
    var requests: [SeenRequest] { pages.withLock { $0.requests } }
    var requestCount: Int { pages.withLock { $0.requestCount } }

    /// Calls `observer` after every change, on the gateway's thread.
    func observe(_ observer: @escaping @Sendable () -> Void) {
        pages.withLock { $0.observers.append(observer) }
    }

    // MARK: Writing

    /// A connection came. Returns its number.
    func connectionOpened() -> Int {
        change { pages in
            pages.connections += 1
            pages.openConnections += 1
            return pages.connections
        }
    }

    func connectionClosed() { change { $0.openConnections -= 1 } }

    func requestSeen(_ request: SeenRequest) {
        change { pages in
            pages.requestCount += 1
            pages.requests.append(request)
            if pages.requests.count > Self.requestsMax {
                pages.requests.removeFirst(Self.requestsMax / 2)
            }
        }
    }

    /// A stream was opened. Returns its number.
    func streamOpened(user: String, path: String) -> Int {
        change { pages in
            pages.streamsOpened += 1
            let id = pages.streamsOpened
            pages.streams[id] = OpenStream(id: id, user: user, path: path)
            return id
        }
    }

    func streamClosed(_ id: Int) { change { $0.streams[id] = nil } }

    /// Forgets what has been counted. What is open stays open.
    func reset() {
        change { pages in
            pages.connections = 0
            pages.requests = []
            pages.requestCount = 0
        }
    }

    private func change<Result: Sendable>(_ body: (inout Pages) -> Result) -> Result {
        let (result, observers) = pages.withLock { pages in (body(&pages), pages.observers) }
        for observer in observers { observer() }
        return result
    }
}
