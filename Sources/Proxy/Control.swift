import Ledger
import Policy
import Reactor
import Settings
import Telemetry

/// The control reactor, on the main thread: signals, reloads, the paced departure of surplus
/// streams, and the end of the process. It carries no traffic, and what may
/// wait for a disk or a name runs on a thread of its own.
final class Control {
    enum Phase {
        case starting, serving
        case draining(StopReason)
    }

    let mailbox: Mailbox<ControlMessage>
    let shared: Shared
    let reactor: Reactor
    let writer: LogWriter
    let load: Loader
    private let addresses: [String]
    private let signals: SignalSource
    var phase = Phase.starting
    var running: Running
    var loaded: Loaded
    /// What the process was started with: what only a restart applies is compared with this.
    let started: Settings
    private var workersStarted = 0
    private var workersStopped = 0
    private var streamsDrained = 0
    private var exitCode: Int32 = 0
    var surplusTimer: TimerID?
    /// The thread that reads files for a reload. Files and names may keep it waiting; signals are
    /// heard meanwhile.
    var loader: Thread?
    /// SIGHUP has come again since the loader began.
    var wantsReload = false
    private var drainDeadline = Duration.zero
    private var gatewayWatch: GatewayWatch?

    /// Between two looks at surplus streams, before jitter.
    static let surplusInterval = Duration.milliseconds(50)

    init(
        shared: Shared, running: Running, loaded: Loaded, writer: LogWriter,
        load: @escaping Loader, addresses: [String], signals: consuming SignalQueue
    ) throws(SystemCallError) {
        self.shared = shared
        self.running = running
        self.loaded = loaded
        started = loaded.settings
        self.writer = writer
        self.load = load
        self.addresses = addresses
        mailbox = try Mailbox<ControlMessage>()
        reactor = try Reactor()
        self.signals = SignalSource(signals)
    }

    /// Turns until every worker has ended. Returns the exit code.
    func run() -> Int32 {
        do throws(SystemCallError) {
            let signals = CallbackHandler { [unowned self] in handleSignals() }
            let messages = CallbackHandler { [unowned self] in handleMessages() }
            _ = try reactor.register(self.signals.rawValue, handler: signals)
            _ = try reactor.register(mailbox.descriptor, handler: messages)
            _ = reactor.schedule(
                TicketRotation(running: { [unowned self] in self.running }),
                at: reactor.now + TicketRotation.period)
            let watch = GatewayWatch(for: self)
            gatewayWatch = watch
            _ = reactor.schedule(watch, at: reactor.now)
            _ = reactor.schedule(MemoryWatch(for: self), at: reactor.now)
            _ = reactor.schedule(
                FlapWatch(shared: shared, reactor: reactor), at: reactor.now + FlapWatch.interval)
            reactor.run()
        } catch {
            recordFailure("control_failed", error.message)
            exitCode = 70
        }
        return exitCode
    }

    /// The last line of the log.
    func recordStop() {
        shared.recordLeftOut()
        let reason: StopReason =
            switch phase {
            case .draining(let reason): reason
            case .starting, .serving: .failed
            }
        shared.record(
            .stop(.init(reason: reason, exitCode: exitCode, streamsClosed: streamsDrained)))
    }

    // MARK: Messages of the workers

    private func handleMessages() {
        for message in mailbox.takeAll() {
            switch message {
            case .workerStarted: workerStarted()
            case .workerStopped: workerEnded()
            case .reloaded(let outcome): finishReload(outcome)
            case .resolved: gatewayWatch?.resolved()
            case .workerFailed(let error):
                recordFailure("worker_failed", error.message)
                exitCode = 70
                if case .starting = phase { workersStarted += 1 }
                workerEnded()
                for mailbox in shared.mailboxes { mailbox.post(.stop) }
            }
        }
    }

    private func workerStarted() {
        workersStarted += 1
        guard workersStarted == shared.mailboxes.count, case .starting = phase else { return }
        phase = .serving
        shared.record(.ready(.init(listen: addresses)))
    }

    private func workerEnded() {
        workersStopped += 1
        guard workersStopped == shared.mailboxes.count else { return }
        if case .draining(.drained) = phase, reactor.now >= drainDeadline {
            phase = .draining(.drainTimeout)
        }
        reactor.stop()
    }

    // MARK: Signals

    /// Takes all signals that wait before acting on any, so that a storm is one reload, and a stop
    /// among them wins (G01, G02).
    private func handleSignals() {
        var wantsReload = false
        var wantsReopen = false
        var stops = 0
        while let signal = signals.next() {
            switch signal {
            case .reload: wantsReload = true
            case .reopenLog: wantsReopen = true
            case .stop: stops += 1
            case .quit: stops += 2
            }
        }
        if wantsReopen { writer.reopen(LogWriter.Target(running.settings.log.target)) }
        if stops > 0 {
            stop(atOnce: stops > 1)
        } else if wantsReload {
            reload()
        }
    }

    /// The first signal drains, the second ends it.
    private func stop(atOnce: Bool) {
        if case .draining = phase { return stopNow() }
        let timeout = running.settings.drain.timeout
        streamsDrained = shared.ledger.count
        drainDeadline = reactor.now + timeout
        phase = .draining(.drained)
        shared.record(.drain(.init(streams: streamsDrained, timeout: timeout)))
        if atOnce { return stopNow() }
        // As fast as a gateway is meant to get streams, or faster where the time is short.
        let rate = Double(running.settings.gateway.streamsPerSecond)
        let leaving = min(timeout / 2, .seconds(Double(streamsDrained) / rate))
        for mailbox in shared.mailboxes {
            mailbox.post(.drain(timeout: timeout, leaving: leaving))
        }
    }

    private func stopNow() {
        phase = .draining(.secondSignal)
        for mailbox in shared.mailboxes { mailbox.post(.stop) }
    }

    func recordFailure(_ reason: String, _ detail: String) {
        shared.record(
            .error(
                .init(
                    level: .error, reason: reason, fault: .sluice, detail: detail, client: nil,
                    stream: nil, method: nil, path: nil)))
    }
}

/// Calls a closure when its descriptor is readable.
private final class CallbackHandler: ReadinessHandler {
    private let callback: () -> Void

    init(_ callback: @escaping () -> Void) { self.callback = callback }

    func ready(_ readiness: Readiness) {
        if readiness.contains(.readable) { callback() }
    }
}

/// Holds the signals' descriptor for the control reactor.
private final class SignalSource {
    private let queue: SignalQueue

    init(_ queue: consuming SignalQueue) { self.queue = queue }

    var rawValue: CInt { queue.rawValue }

    func next() -> Signal? { queue.next() }
}
