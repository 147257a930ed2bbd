import Pacing
import Reactor
import Settings

/// One worker's side of the admission of requests for event streams, so that the gateway sees a ramp
/// and not a wall when many come at once. Who may go is decided for the whole process
/// (`AdmissionQueue`); here wait the requests themselves.
///
/// Each worker with somebody waiting looks whose turn it is, and tells the workers that have them. So
/// one that is busy holds up nobody else's.
final class AdmissionGovernor {
    enum Verdict {
        case go
        /// `Exchange.admitted` will be called, or `Exchange.refuseAdmission`.
        case wait
        case full
    }

    private unowned let worker: Worker
    private var waiting: [AdmissionQueue.Ticket: Exchange] = [:]
    private var timer: TimerID?

    init(worker: Worker) { self.worker = worker }

    private var limits: AdmissionQueue.Limits {
        .init(worker.running.settings.gateway, hasKnown: pace.hasKnown)
    }
    private var pace: SharedPace { worker.shared.pacing }
    private var now: Duration { worker.reactor.sharedNow }

    // MARK: Requests of this worker

    func enter(_ exchange: Exchange) -> Verdict {
        let row = exchange.admissionRow()
        let (verdict, displaced) = pace.enter(row, worker: worker.index, limits: limits, now: now)
        if let displaced { worker.tell(displaced.worker, .displaced(displaced)) }
        switch verdict {
        case .go:
            exchange.holdsPlace = true
            return .go
        case .wait(let ticket):
            exchange.ticket = ticket
            waiting[ticket] = exchange
            if timer == nil {
                timer = worker.reactor.schedule(self, at: worker.reactor.now + Self.shortest)
            }
            return .wait
        case .full: return .full
        }
    }

    /// The request is over, or was let through.
    func leave(_ exchange: Exchange) {
        guard let ticket = exchange.ticket else { return }
        exchange.ticket = nil
        waiting[ticket] = nil
        pace.leave(ticket)
    }

    /// A request that was let through has opened no stream: its place is somebody else's.
    func giveBack() { deliver(pace.giveBack(limits, now: now)) }

    func backlog(of row: AdmissionQueue.Row) -> Duration { pace.backlog(of: row, limits) }

    // MARK: News

    /// It is the request's turn. Whoever has left meanwhile does not keep the place.
    func admitted(_ ticket: AdmissionQueue.Ticket) {
        guard let exchange = waiting.removeValue(forKey: ticket) else { return giveBack() }
        exchange.ticket = nil
        exchange.holdsPlace = true
        exchange.admitted()
    }

    /// Somebody else waits in its place.
    func displaced(_ ticket: AdmissionQueue.Ticket) {
        guard let exchange = waiting.removeValue(forKey: ticket) else { return }
        exchange.ticket = nil
        exchange.refuseAdmission()
    }

    /// In a turn of its own: nobody's request begins in the middle of somebody else's.
    private func deliver(_ tickets: [AdmissionQueue.Ticket]) {
        for ticket in tickets { worker.tell(ticket.worker, .admitted(ticket)) }
    }
}

extension AdmissionGovernor: TimerHandler {
    private static let shortest = Duration.milliseconds(1)

    func timerFired(now: Duration) -> Duration? {
        let (tickets, next) = pace.serve(limits, now: self.now)
        for ticket in tickets where ticket.worker != worker.index {
            worker.tell(ticket.worker, .admitted(ticket))
        }
        for ticket in tickets where ticket.worker == worker.index { admitted(ticket) }
        guard !waiting.isEmpty else {
            timer = nil
            return nil
        }
        return now + max(next ?? .zero, Self.shortest)
    }
}

extension AdmissionQueue.Limits {
    init(_ settings: Settings.Gateway, hasKnown: Bool) {
        self.init(
            perSecond: settings.streamsPerSecond, burst: settings.streamsBurst,
            wait: settings.admissionWait, hasKnown: hasKnown)
    }
}
