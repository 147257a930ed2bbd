import Reactor

/// One worker's idle connections to the gateway, for ordinary requests. The latest used goes out
/// first, since it is the least likely to have been closed meanwhile.
///
/// Invariant: every connection in it is pooled, and there are at most `idleMax`.
final class GatewayPool {
    private let reactor: Reactor
    private var idle: [GatewayConnection] = []
    private var timer: TimerID?
    private var idleMax: Int
    private var idleTimeout: Duration

    init(reactor: Reactor, idleMax: Int, idleTimeout: Duration) {
        self.reactor = reactor
        self.idleMax = idleMax
        self.idleTimeout = idleTimeout
    }

    func configure(idleMax: Int, idleTimeout: Duration) {
        self.idleMax = idleMax
        self.idleTimeout = idleTimeout
    }

    /// A connection on which nothing has happened since. What waits unread on one, an end or bytes
    /// that nobody asked for, must reach no other client (U08), and its event may be in hand still.
    func take(for endpoint: GatewayEndpoint?) -> GatewayConnection? {
        while let index = idle.lastIndex(where: { $0.endpoint === endpoint }) {
            let connection = idle.remove(at: index)
            if connection.isSilent { return connection }
            connection.close()
        }
        return nil
    }

    /// `isWanted`: somebody waits for a connection, maybe to another gateway.
    func put(_ connection: GatewayConnection, isWanted: Bool) {
        guard idle.count < idleMax, !isWanted else { return connection.close() }
        idle.append(connection)
        if timer == nil { timer = reactor.schedule(self, at: reactor.now + idleTimeout) }
    }

    func remove(_ connection: GatewayConnection) {
        idle.removeAll { $0 === connection }
    }

    /// Whether there was one that could be closed.
    func closeOldest() -> Bool {
        guard !idle.isEmpty else { return false }
        idle.removeFirst().close()
        return true
    }

    /// Closes those whose endpoint is such a one.
    func closeAll(where isUnwanted: (GatewayEndpoint) -> Bool = { _ in true }) {
        for connection in idle where connection.endpoint.map(isUnwanted) ?? true {
            connection.close()
        }
        idle.removeAll(where: \.isClosed)
    }
}

extension GatewayPool: TimerHandler {
    func timerFired(now: Duration) -> Duration? {
        let expired = idle.prefix { $0.pooledAt + idleTimeout <= now }
        for connection in expired { connection.close() }
        idle.removeFirst(expired.count)
        guard let oldest = idle.first else {
            timer = nil
            return nil
        }
        return oldest.pooledAt + idleTimeout
    }
}
