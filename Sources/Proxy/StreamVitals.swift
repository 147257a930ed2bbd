import Ledger
import Locking
import Reactor
import Synchronization

/// How the client of one stream is doing. Its worker notes what it sees; whatever thread brings a
/// newcomer asks, when the ledger has named the stream as a candidate. All times are on the clock that
/// reactors share.
///
/// Noting an event is one relaxed store. The kernel is asked about the peer only when somebody wants
/// to know, and never after the stream's end: the descriptor may be another connection's by then.
final class StreamVitals: Vitals {
    private let descriptor: Guarded<CInt?>
    private let lastEventTime: Atomic<Int64>
    /// When the client took something last, while more is waiting; zero while nothing is.
    private let blockedSince = Atomic<Int64>(0)

    /// A client that is merely busy reads again before that.
    private static let stallPatience = Duration.seconds(1)

    init(descriptor: CInt, now: Duration) {
        self.descriptor = Guarded(descriptor)
        lastEventTime = Atomic(now.nanoseconds)
    }

    func health(by patience: Patience) -> Health {
        let lastEvent = Duration.nanoseconds(lastEventTime.load(ordering: .relaxed))
        let stalled = stalledTime
        if stalled >= max(patience.stalled, Self.stallPatience) {
            return Health(.stalled, isLost: true, lastEvent: lastEvent)
        }
        let sign = descriptor.withLock { $0.map(PeerSign.init(of:)) } ?? .heard
        if sign.silence > .zero, sign.silence >= patience.unacknowledged {
            return Health(.unacknowledged, isLost: true, lastEvent: lastEvent)
        }
        let condition: Condition =
            if stalled > Self.stallPatience {
                .stalled
            } else {
                sign.isSilent ? .unacknowledged : .well
            }
        return Health(condition, isLost: false, lastEvent: lastEvent)
    }

    /// For how long the client has taken nothing while bytes wait for it.
    private var stalledTime: Duration {
        let blocked = blockedSince.load(ordering: .relaxed)
        return blocked == 0
            ? .zero : max(Clock.monotonic() - .nanoseconds(blocked), .zero)
    }

    func noteEvent(at now: Duration) {
        lastEventTime.store(now.nanoseconds, ordering: .relaxed)
    }

    func noteBlocked(since time: Duration) {
        blockedSince.store(time.nanoseconds, ordering: .relaxed)
    }

    func noteDrained() { blockedSince.store(0, ordering: .relaxed) }

    /// The stream is over.
    func end() { descriptor.withLock { $0 = nil } }
}

extension Duration {
    /// Whole nanoseconds, as far as they fit.
    fileprivate var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : whole &+ attoseconds / 1_000_000_000
    }
}
