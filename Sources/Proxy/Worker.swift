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
    private var herd = Herd()
    private let backpressure = Backpressure()
    /// Live streams, by their id: whom messages of other threads are about.
    var streams: [StreamID: Exchange] = [:]
    /// Present while a reload has not reached all of them.
    var reloadWalk: ReloadWalk?
    private(set) var isDraining = false
    private var acceptors: [Acceptor] = []
    private var connections: [ObjectIdentifier: any ConnectedClient] = [:]
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

    // MARK: Pace

    /// What this worker may take of what the whole process may.
    func share(of count: Int) -> Double { Double(count) / Double(shared.mailboxes.count) }

    /// How fast requests for streams go to the gateway, so also how fast clients come back.
    var streamsPerSecond: Double { share(of: running.settings.gateway.streamsPerSecond) }

    /// Counts a stream that ends: over how long its client, with those that have just ended as
    /// well, should come back.
    func countClose() -> Duration { herd.count(at: reactor.now, rate: streamsPerSecond) }

    /// Milliseconds from `base` on, over half of it or over `spread`, whichever is longer.
    func jittered(_ base: Duration, over spread: Duration) -> Int {
        let extra = max(base / 2, spread) * Double.random(in: 0...1)
        return Int(((base + extra) / .milliseconds(1)).rounded())
    }

    /// How long an evicted client waits, in milliseconds: by half longer in every round, up to a
    /// limit, before jitter.
    func evictedRetry(round: Int) -> Int {
        let streams = running.settings.streams
        var base = streams.evictedRetry
        for _ in 0..<min(round, 64) where base < streams.evictedRetryMax { base = base * 3 / 2 }
        return jittered(
            min(base, streams.evictedRetryMax),
            over: herd.spread(at: reactor.now, rate: streamsPerSecond))
    }

    /// `tombstone` as text, for as long as it holds.
    func seal(_ tombstone: Tombstone, for user: User) -> String {
        let lifetime = running.settings.streams.tombstoneLifetime
        return running.seal.write(
            tombstone, for: user,
            expires: Clock.timeOfDay().seconds + lifetime.components.seconds)
    }

    // MARK: Slow clients

    /// The bytes that wait for clients of this worker have become more or fewer. Too many cost the
    /// client that has taken nothing for longest its connection.
    func noteBuffered(_ change: Int) {
        backpressure.bytes += change
        guard change > 0, backpressure.bytes > bufferedBytesMax, !backpressure.isRelieving else {
            return
        }
        backpressure.isRelieving = true
        backpressure.relieve = { [unowned self] in relieve() }
        _ = reactor.schedule(backpressure, at: reactor.now)
    }

    /// This worker's share, and room for a few reads at least: the kernel hands out connections
    /// unevenly.
    private var bufferedBytesMax: Int {
        max(Int(share(of: running.settings.limits.bufferedBytes)), Self.bufferedBytesMin)
    }

    private static let bufferedBytesMin = 262_144

    private func relieve() {
        backpressure.isRelieving = false
        let slowest = connections.values.filter(\.isBlocked)
            .sorted { $0.waitsSince < $1.waitsSince }
        for connection in slowest {
            guard backpressure.bytes > bufferedBytesMax else { return }
            connection.giveUp()
        }
    }

    // MARK: Messages

    func receive(_ message: WorkerMessage) {
        switch message {
        case .close(let id, let reason): streams[id]?.leave(reason)
        case .adopt(let running): adopt(running)
        case .closeIdleGateways: pool.closeAll()
        case .drain(let timeout): drain(within: timeout)
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
        let rate = shared.ledger.policySet.global.reloadClosesPerSecond
        let walk = ReloadWalk(
            over: self, spread: .seconds(Double(streams.count) / share(of: max(1, rate))))
        reloadWalk = walk
        _ = reactor.schedule(walk, at: reactor.now)
    }

    /// Accepts nothing more, closes streams with a word when to come back, lets short exchanges
    /// finish.
    private func drain(within timeout: Duration) {
        guard !isDraining else { return }
        isDraining = true
        drainDeadline = reactor.now + timeout
        closeAcceptors()
        _ = reactor.schedule(DrainPace(for: self, within: timeout), at: reactor.now)
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
