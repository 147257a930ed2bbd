import Reactor

/// Requests of one worker that wait for a connection to a gateway while there are as many as there may
/// be (`gateway.connections_max`). Networks take turns, so that one with many requests does not keep
/// another's single one waiting.
///
/// Each waits for `connect_timeout` at most, and what its head holds counts in `limits.pending_bytes`.
/// A slot that another worker gives back is found by asking again.
final class GatewayQueue: TimerHandler {
    enum Verdict {
        case go
        /// `Exchange.gatewayHasRoom` will be called.
        case wait
        case full
    }

    private unowned let worker: Worker
    /// By the network of the client, in the order in which they came. Some have left meanwhile.
    private var lines: [Int: [Exchange]] = [:]
    /// The networks in turn.
    private var ring: [Int] = []
    private var turn = 0
    /// How many have not left, and how many are in the lines.
    private var (waiting, entries) = (0, 0)
    private var timer: TimerID?
    private var nextCall = Duration.zero

    private static let interval = Duration.milliseconds(10)
    private static let waitingMax = 4096
    /// Between two calls to other workers to close what idles.
    private static let callInterval = Duration.milliseconds(50)
    /// Those who have left are kept until there are so many more than wait.
    private static let leftMax = 256

    init(for worker: Worker) { self.worker = worker }

    private var slots: GatewaySlots { worker.shared.gatewaySlots }
    private var countMax: Int { worker.running.gatewayConnectionsMax }

    /// Takes a slot for a connection, or a place in the queue.
    func enter(_ exchange: Exchange) -> Verdict {
        if !slots.areWanted, take() { return .go }
        guard waiting < Self.waitingMax else { return .full }
        makeRoom()
        exchange.awaitsGateway = true
        let network = exchange.network
        if lines[network] == nil { ring.append(network) }
        lines[network, default: []].append(exchange)
        (waiting, entries) = (waiting + 1, entries + 1)
        slots.noteWaiting(1)
        if timer == nil { timer = worker.reactor.schedule(self, at: worker.reactor.now) }
        return .wait
    }

    /// A request that got a slot, or whose time or client is gone.
    func leave(_ exchange: Exchange) {
        guard exchange.awaitsGateway else { return }
        exchange.awaitsGateway = false
        waiting -= 1
        slots.noteWaiting(-1)
    }

    /// A connection has ended.
    func giveBack() {
        slots.giveBack()
        if waiting > 0, let timer { worker.reactor.hasten(timer, to: worker.reactor.now) }
    }

    /// Whether there is a slot. A connection that idles makes room for one that is needed.
    private func take() -> Bool {
        if slots.take(atMost: countMax) { return true }
        return worker.pool.closeOldest() && slots.take(atMost: countMax)
    }

    /// Has the other workers close what idles.
    private func makeRoom() {
        let now = worker.reactor.now
        guard nextCall <= now else { return }
        nextCall = now + Self.callInterval
        for (index, mailbox) in worker.shared.mailboxes.enumerated()
        where index != Int(worker.index) {
            mailbox.post(.closeIdleGateways)
        }
    }

    func timerFired(now: Duration) -> Duration? {
        compact()
        while waiting > 0, take() {
            guard let next = next() else {
                slots.giveBack()
                break
            }
            leave(next)
            next.gatewayHasRoom()
        }
        guard waiting > 0 else {
            (lines, ring, turn, entries, timer) = ([:], [], 0, 0, nil)
            return nil
        }
        makeRoom()
        return now + Self.interval
    }

    /// The first of the network whose turn it is.
    private func next() -> Exchange? {
        while !ring.isEmpty {
            if turn >= ring.count { turn = 0 }
            let network = ring[turn]
            while let first = lines[network]?.first {
                lines[network]?.removeFirst()
                entries -= 1
                if first.awaitsGateway {
                    turn += 1
                    return first
                }
            }
            lines[network] = nil
            ring.swapAt(turn, ring.count - 1)
            ring.removeLast()
        }
        return nil
    }

    /// Forgets those who have left, once they are more than those who wait.
    private func compact() {
        guard entries > 2 * waiting + Self.leftMax else { return }
        for (network, line) in lines {
            let left = line.filter(\.awaitsGateway)
            lines[network] = left.isEmpty ? nil : left
        }
        ring = ring.filter { lines[$0] != nil }
        entries = waiting
    }
}
