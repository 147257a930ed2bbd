import Ledger
import Pacing
import Reactor
import Synchronization
import Telemetry

/// What all threads of the process share.
final class Shared: Sendable {
    let ledger: SharedLedger
    let log: LogQueue
    /// One for each worker, by its index.
    let mailboxes: [Mailbox<WorkerMessage>]
    /// Client connections of all workers.
    let addressBook = AddressBook()
    /// Clients whose requests were in doubt.
    let doubts = DoubtPace()
    /// How many failures are written down one by one.
    let pace = FailurePace()
    /// Connections to gateways of all workers.
    let gatewaySlots = GatewaySlots()
    let pendingBytes = PendingBytes()
    /// What the gateway lets pages of other origins read.
    let origins = OriginBook()
    /// Who may go to the gateway, and how fast clients come back.
    let pacing: SharedPace
    /// What waits for slow clients.
    let buffered = BufferedBytes()

    private let memoryFlag = Atomic<Bool>(false)

    /// Whether the process holds as much memory as it may: nothing new begins then.
    var isShortOfMemory: Bool {
        get { memoryFlag.load(ordering: .relaxed) }
        set { memoryFlag.store(newValue, ordering: .relaxed) }
    }

    init(
        ledger: SharedLedger, log: LogQueue, mailboxes: [Mailbox<WorkerMessage>], pacing: SharedPace
    ) {
        self.pacing = pacing
        self.ledger = ledger
        self.log = log
        self.mailboxes = mailboxes
    }

    func record(_ event: LogEvent) {
        guard log.accepts(event.level) else { return }
        log.push(event, at: .now)
    }

    /// Carries the news of an eviction to the worker that owns the stream.
    func close(_ victim: Victim) {
        mailboxes[Int(victim.owner)].post(.close(victim.id, victim.reason))
    }
}

/// What other threads say to a worker.
enum WorkerMessage: Sendable {
    /// The stream has lost its place: end it for that reason.
    case close(StreamID, CloseReason)
    /// New settings are in force, and the ledger has judged every stream anew.
    case adopt(Running)
    /// Accept nothing more and bring to an end what there is, within that time; the streams of all
    /// workers leave one after the other during `leaving`.
    case drain(timeout: Duration, leaving: Duration)
    /// It is the turn of a request that waits.
    case admitted(AdmissionQueue.Ticket)
    /// Somebody else waits in the place of a request.
    case displaced(AdmissionQueue.Ticket)
    /// Too much waits for clients: name the one that has taken nothing for longest.
    case nameSlowest
    /// End the clients that have taken nothing since then, until it is enough; one at least.
    case relieve(until: Duration)
    /// Somebody waits for a connection to a gateway: those that idle are closed.
    case closeIdleGateways
    /// Leave now.
    case stop
}
