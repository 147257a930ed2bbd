import Reactor
import Settings

/// Clients that do not take what waits for them. Too much of it in the process costs the client that
/// has taken nothing for longest its connection, in a turn of its own: nobody's connection ends in the
/// middle of a write.
extension Worker {
    private var bufferedBytesMax: Int { running.settings.limits.bufferedBytes }

    /// The bytes that wait for clients of this worker have become more or fewer.
    func noteBuffered(_ change: Int) {
        let total = shared.buffered.add(change)
        if change > 0, total > bufferedBytesMax { relieve() }
    }

    private func relieve() {
        take(shared.buffered.begin(workers: shared.mailboxes.count, now: reactor.sharedNow))
    }

    func nameSlowest() {
        let since = connections.values.lazy.filter(\.isBlocked).map(\.waitsSince).min()
        take(shared.buffered.report(since.map(shared(_:)), of: index))
    }

    func relieve(until: Duration) {
        let slowest = connections.values.filter(\.isBlocked)
            .sorted { $0.waitsSince < $1.waitsSince }
        for (number, connection) in slowest.enumerated() {
            relieve(of: connection, until: until, isFirst: number == 0)
        }
        shared.buffered.end()
        if shared.buffered.total > bufferedBytesMax { relieve() }
    }

    /// Ends what the connection carries and has taken nothing since `until`, one after the other; of
    /// the first connection at least one.
    private func relieve(of connection: any ConnectedClient, until: Duration, isFirst: Bool) {
        var isFirst = isFirst
        var total = shared.buffered.total
        while total > bufferedBytesMax, connection.isBlocked,
            isFirst || shared(connection.waitsSince) <= until
        {
            connection.giveUp()
            let rest = shared.buffered.total
            guard rest < total else { return }
            (total, isFirst) = (rest, false)
        }
    }

    private func take(_ step: BufferedBytes.Step) {
        switch step {
        case .nothing: return
        case .ask: for worker in shared.mailboxes.indices { tell(UInt32(worker), .nameSlowest) }
        case .relieve(let worker, let until): tell(worker, .relieve(until: until))
        }
    }

    /// A moment of this worker's clock on the one that all share.
    private func shared(_ time: Duration) -> Duration {
        time + (reactor.sharedNow - reactor.now)
    }
}
