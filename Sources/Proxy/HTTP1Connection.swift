import HTTP1
import HTTPModel
import Reactor
import Settings
import Telemetry

/// A client's connection that speaks HTTP/1.1, or 1.0: one exchange after the other.
///
///     readingHead <──> exchanging
///
/// While an exchange waits for its response nothing is read but its request body, so a client that
/// pipelines is held back by TCP. Reading is in `HTTP1Connection+Reading.swift`, what carries an
/// exchange in `HTTP1Connection+Carrying.swift`.
final class HTTP1Connection: ClientConnection {
    enum Turn {
        case readingHead
        case exchanging(Exchange)
    }

    var turn = Turn.readingHead
    var inbox = Inbox()
    var finder = HeadFinder()
    /// What the finder has seen of a head that goes on.
    var partialHead: [UInt8] = []
    /// What both of them are counted as.
    private var heldBytes = 0
    /// What came behind the current request and was thrown away: the connection ends with the response,
    /// and the client asks again on another.
    var thrownAway = 0
    /// What is left of the current request's body.
    var bodyDecoder: BodyDecoder?
    /// How the body of the current response leaves.
    var responseFraming = BodyFraming.none
    /// What stands behind the body of the current response.
    var trailers: Fields?
    /// Whether the client was told that the connection goes on after the current response.
    var keepsAlive = false
    /// Whether our direction of a tunnel ends when all has left.
    var owesEnd = false

    func begin() {
        setDeadline(now + limits.headerTimeout)
        receive()
    }

    /// The exchange that is under way.
    private var exchange: Exchange? {
        guard case .open = phase, case .exchanging(let exchange) = turn else { return nil }
        return exchange
    }

    // MARK: Sending

    override func outboxDrained() {
        endSending()
        if let exchange { return exchange.clientDrained() }
        if !finder.hasBegun { setDeadline(now + limits.keepAliveTimeout) }
        // Nothing was read as long as the answer before was not taken.
        if let registration { worker.reactor.again(registration, .readable) }
    }

    override func outboxMoved() { exchange?.noteBlocked() }

    // MARK: The end

    override func finishIfIdle() {
        if case .open = phase, case .readingHead = turn, !finder.hasBegun { finish() }
    }

    override func abandon() {
        exchange?.abandon()
        close()
    }

    override func giveUp() {
        if let exchange { return exchange.clientFailed(.clientStalled) }
        record(.clientStalled, request: nil, stream: nil)
        cut()
    }

    override func letGo() {
        turn = .readingHead
        bodyDecoder = nil
        inbox = Inbox()
        partialHead = []
        _ = noteReading()
    }

    /// Counts what was read and not used. Whether that is within the limits.
    func noteReading() -> Bool {
        let count = partialHead.count + inbox.byteCount
        defer { heldBytes = count }
        return noteHeld(count - heldBytes)
    }

    // MARK: Time

    override func openTimerFired() -> Duration {
        guard let exchange else {
            if deadline <= now { expireReading() }
            return deadline
        }
        if isBlocked, lastProgress + limits.writeTimeout <= now {
            exchange.clientFailed(.clientStalled)
        } else if awaitsBody(of: exchange), deadline <= now {
            exchange.clientFailed(.bodyTimeout)
        }
        return nextLook
    }

    /// Whether the client is due to send more of a request body.
    private func awaitsBody(of exchange: Exchange) -> Bool {
        bodyDecoder != nil && exchange.wantsRequestBody && !exchange.isTunnel
    }

    private var nextLook: Duration {
        // While an exchange goes on, its own timer watches the rest; this one only looks in.
        var next = now + .seconds(60)
        guard let exchange else { return deadline }
        if isBlocked { next = min(next, lastProgress + limits.writeTimeout) }
        if awaitsBody(of: exchange) { next = min(next, deadline) }
        return next
    }

    private func expireReading() {
        if isBlocked {
            expireUnread()
        } else if finder.hasBegun {
            refuse(.headTimeout, request: nil)
        } else {
            finish()
        }
    }

    override func receive() { receiveOpen() }
}
