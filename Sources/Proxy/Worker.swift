import EventStream
import Identity
import Ledger
import Policy
import Reactor
import Settings
import Telemetry

/// A reactor that carries traffic: its listeners, its clients, its connections to the gateway, and
/// the streams among them. Only its own thread touches it; other threads post a `WorkerMessage`.
final class Worker {
    let index: UInt32
    let reactor: Reactor
    let shared: Shared
    /// Everything that a reload may change.
    private(set) var running: Running
    /// The one buffer through which all bytes of this worker pass.
    let buffer = TransitBuffer()
    /// Where frames of HTTP/2 come in and go out. Two, because what comes in on one connection can
    /// have something sent on another.
    let framesIn = IOBuffer(capacity: 16_384)
    let framesOut = IOBuffer(capacity: 16_384)
    let pool: GatewayPool
    /// Those for whom a gateway has no room yet.
    private(set) lazy var backlog = GatewayBacklog(reactor: reactor)
    /// Holds back requests for streams when many come at once.
    private(set) lazy var governor = AdmissionGovernor(worker: self)
    /// Holds back requests while there are as many connections to gateways as there may be.
    private(set) lazy var gatewayQueue = GatewayQueue(for: self)
    /// Which clients' doubtful tokens are written down.
    private(set) lazy var doubts = DoubtSettlement(for: self)
    /// Live streams, by their id: whom messages of other threads are about.
    var streams: [StreamID: Exchange] = [:]
    /// Present while a reload has not reached all of them.
    var reloadWalk: ReloadWalk?
    private(set) var isDraining = false
    private var acceptors: [Acceptor] = []
    private(set) var connections: [ObjectIdentifier: any ConnectedClient] = [:]
    /// Heartbeat patterns are compiled once per policy.
    private var compiled: [ObjectIdentifier: (policy: Policy, heartbeats: Heartbeats)] = [:]
    private var inbox: WorkerInbox?
    private var drainDeadline = Duration.zero

    init(index: UInt32, shared: Shared, running: Running) throws(SystemCallError) {
        self.index = index
        self.shared = shared
        self.running = running
        reactor = try Reactor()
        pool = GatewayPool(
            reactor: reactor, idleMax: running.settings.gateway.poolIdleMax,
            idleTimeout: running.settings.gateway.poolIdleTimeout)
    }

    /// Opens for business.
    func start(_ listeners: [BoundSocket]) throws(SystemCallError) {
        inbox = try WorkerInbox(for: self, mailbox: shared.mailboxes[Int(index)])
        for bound in listeners { acceptors.append(try Acceptor(bound, worker: self)) }
    }

    // MARK: Connections

    func add(_ connection: any ConnectedClient) {
        connections[ObjectIdentifier(connection)] = connection
    }

    func remove(_ connection: any ConnectedClient) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        shared.addressBook.leave(connection.place)
        stopIfDrained()
    }

    /// Its socket is somebody else's now, who is counted in its place.
    func forget(_ connection: any ConnectedClient) {
        connections[ObjectIdentifier(connection)] = nil
        stopIfDrained()
    }

    // MARK: Streams

    /// Writes down an eviction and has the stream closed by the worker that owns it.
    func evict(_ victim: Victim, cause: LogEvent.Evict.Cause) {
        shared.record(.evict(.init(victim, cause: cause, isObserved: false)))
        if victim.owner == index {
            streams[victim.id]?.leave(victim.reason)
        } else {
            shared.close(victim)
        }
    }

    func heartbeats(of policy: Policy?) -> Heartbeats {
        guard let policy, !policy.heartbeats.isEmpty else { return .none }
        let key = ObjectIdentifier(policy)
        if let known = compiled[key] { return known.heartbeats }
        let heartbeats = Heartbeats(
            policy.heartbeats.map {
                HeartbeatPattern(event: $0.event, dataContains: $0.dataContains)
            })
        compiled[key] = (policy, heartbeats)
        return heartbeats
    }

    /// `tombstone` as text, for as long as it holds.
    func seal(_ tombstone: Tombstone, for user: User) -> String {
        let lifetime = running.settings.streams.tombstoneLifetime
        return running.seal.write(
            tombstone, for: user,
            expires: Clock.timeOfDay().seconds + lifetime.components.seconds)
    }

    // MARK: Messages

    /// Says something to a worker, this one included: it is heard in a turn of its own.
    func tell(_ worker: UInt32, _ message: WorkerMessage) {
        shared.mailboxes[Int(worker)].post(message)
    }

    func receive(_ message: WorkerMessage) {
        switch message {
        case .close(let id, let reason): streams[id]?.leave(reason)
        case .adopt(let running): adopt(running)
        case .closeIdleGateways: pool.closeAll()
        case .drain(let timeout, let leaving): drain(within: timeout, leaving: leaving)
        case .admitted(let ticket): governor.admitted(ticket)
        case .displaced(let ticket): governor.displaced(ticket)
        case .nameSlowest: nameSlowest()
        case .relieve(let until): relieve(until: until)
        case .stop: stop()
        }
    }

    private func adopt(_ running: Running) {
        self.running = running
        pool.closeAll { !running.gateways.has($0) }
        compiled = [:]
        pool.configure(
            idleMax: running.settings.gateway.poolIdleMax,
            idleTimeout: running.settings.gateway.poolIdleTimeout)
        // Deadlines that a reload brings forward come one by one, at the pace of all its closes.
        let rate = Double(max(1, shared.ledger.policySet.global.reloadClosesPerSecond))
        let walk = ReloadWalk(
            over: self, spread: .seconds(Double(shared.ledger.count) / rate))
        reloadWalk = walk
        _ = reactor.schedule(walk, at: reactor.now)
    }

    /// Accepts nothing more, closes streams with a word when to come back, lets short exchanges
    /// finish.
    private func drain(within timeout: Duration, leaving: Duration) {
        guard !isDraining else { return }
        isDraining = true
        drainDeadline = reactor.now + timeout
        closeAcceptors()
        _ = reactor.schedule(DrainPace(for: self, during: leaving), at: reactor.now)
        for connection in connections.values { connection.finishIfIdle() }
        pool.closeAll()
        _ = reactor.schedule(self, at: drainDeadline)
        stopIfDrained()
    }

    private func closeAcceptors() {
        for acceptor in acceptors { acceptor.close() }
        acceptors = []
    }

    private func stopIfDrained() {
        if isDraining, connections.isEmpty { reactor.stop() }
    }

    /// Closes everything that is left.
    private func stop() {
        isDraining = true
        closeAcceptors()
        for connection in connections.values { connection.abandon() }
        pool.closeAll()
        reactor.stop()
    }
}

extension Worker: TimerHandler {
    /// The drain has taken all the time it may.
    func timerFired(now: Duration) -> Duration? {
        guard now < drainDeadline else {
            stop()
            return nil
        }
        return drainDeadline
    }
}

/// A worker's mailbox, registered with its reactor.
private final class WorkerInbox: ReadinessHandler {
    private unowned let worker: Worker
    private let mailbox: Mailbox<WorkerMessage>

    init(for worker: Worker, mailbox: Mailbox<WorkerMessage>) throws(SystemCallError) {
        self.worker = worker
        self.mailbox = mailbox
        _ = try worker.reactor.register(mailbox.descriptor, handler: self)
    }

    func ready(_ readiness: Readiness) {
        for message in mailbox.takeAll() { worker.receive(message) }
    }
}
