import Reactor

/// Those who wait until a gateway on a unix socket has room for one more connection.
///
/// TCP sends its SYN again until there is room. A unix socket with a full backlog says no (EAGAIN,
/// connect(2)), and nothing announces room: so the first in the row asks again now and then, and
/// those behind it follow as long as there is room. Nobody in the row holds a descriptor. Each leaves
/// it at its exchange's own deadline.
///
/// Invariant: `timer` is set exactly while there is a row.
final class GatewayBacklog: TimerHandler {
    private let reactor: Reactor
    /// By gateway; none is empty.
    private var rows: [ObjectIdentifier: [GatewayConnection]] = [:]
    private var timer: TimerID?
    private var pause = pauseMin

    private static let pauseMin = Duration.milliseconds(5)
    private static let pauseMax = Duration.milliseconds(40)

    init(reactor: Reactor) { self.reactor = reactor }

    /// Whether whoever comes now has somebody before it.
    func hasRow(at endpoint: GatewayEndpoint) -> Bool { rows[ObjectIdentifier(endpoint)] != nil }

    func join(_ connection: GatewayConnection, at endpoint: GatewayEndpoint) {
        rows[ObjectIdentifier(endpoint), default: []].append(connection)
        if timer == nil { timer = reactor.schedule(self, at: reactor.now + pause) }
    }

    func timerFired(now: Duration) -> Duration? {
        var someGotIn = false
        // One that finds another gateway meanwhile may join that one's row.
        let waiting = rows
        rows = [:]
        for (key, row) in waiting {
            // Those who have left go with the first look.
            let row = row.filter(\.isAwaitingRoom)
            let rest = row.drop { connection in
                let isSettled = connection.tryForRoom()
                if isSettled { someGotIn = true }
                return isSettled
            }
            let stay = rest.filter(\.isAwaitingRoom)
            if !stay.isEmpty { rows[key, default: []].insert(contentsOf: stay, at: 0) }
        }
        guard !rows.isEmpty else {
            (timer, pause) = (nil, Self.pauseMin)
            return nil
        }
        pause = someGotIn ? Self.pauseMin : min(pause * 2, Self.pauseMax)
        return now + pause
    }
}
