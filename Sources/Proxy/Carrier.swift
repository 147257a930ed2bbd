import HTTP1
import HTTPModel
import Reactor
import Telemetry

/// What carries an exchange to its client: a connection of HTTP/1.1, or one stream of HTTP/2. The
/// exchange speaks of heads and bodies; how they are framed, and what becomes of the connection
/// behind them, is the carrier's matter.
protocol Carrier: AnyObject {
    var worker: Worker { get }
    var origin: ConnectedPeer { get }
    var `protocol`: ClientProtocol { get }
    /// The descriptor of the connection, to ask the kernel about the peer.
    var descriptor: CInt { get }

    /// Whether the client has not taken everything yet.
    var isBlocked: Bool { get }
    /// Whether so much waits for the client that its gateway is paused.
    var isFull: Bool { get }
    /// When the client last took bytes that were waiting for it.
    var lastProgress: Duration { get }

    /// Counts bytes of the request that are held, or were given back. Whether that is within the limits.
    func noteHeld(_ change: Int) -> Bool

    /// Goes on with the request's body: the gateway has taken what there was.
    func resumeBody()

    /// Sends an interim response.
    func sendInterim(_ head: ResponseHead)
    /// Queues the head. It leaves with the body bytes that follow in the same turn, or at `flush`.
    func queueHead(_ head: ResponseHead, answering request: RequestHead, isStream: Bool)
    /// Keeps what stands behind the body, for when its last piece comes.
    func queueTrailers(_ trailers: Fields)
    /// Sends bytes of the worker's buffer, after what is queued; keeps what the client does not take.
    func sendBody(_ payload: Range<Int>, isLast: Bool)
    /// Queues bytes of our own for the body, and with `isLast` its proper end.
    func queueBody(_ bytes: [UInt8], isLast: Bool)
    /// Sends what is queued, as far as the client takes it.
    func flush()

    /// The gateway goes on with the protocol `name`: bytes both ways from here on. `sendBody` with
    /// `isLast` ends our direction alone.
    func openTunnel(_ head: ResponseHead, to name: String)

    /// The exchange is over and all of its response is queued. `mayGoOn`: another exchange may
    /// follow, as far as this one is concerned. `isHurried`: a client that does not read has a
    /// second for what is queued.
    func exchangeEnded(mayGoOn: Bool, isHurried: Bool)
    /// The exchange is over, and this short response of ours is all that its client gets.
    func answer(_ answer: Answer, to request: RequestHead, mayGoOn: Bool)
    /// The exchange is over and its response is not whole: the client must learn so.
    func breakOff()
}

extension Carrier {
    /// `network`: as whose doing it counts, if trusted proxies have told more than the socket.
    func record(_ failure: Failure, request: RequestHead?, stream: String?, network: Int? = nil) {
        worker.record(failure, of: origin, request: request, stream: stream, network: network)
    }
}

extension Worker {
    func record(
        _ failure: Failure, of origin: ConnectedPeer, request: RequestHead?, stream: String?,
        network: Int? = nil
    ) {
        record(
            LogEvent.Failure(
                level: failure.level, reason: failure.reason, fault: failure.fault,
                detail: failure.detail, client: origin.peer, stream: stream,
                method: request?.method.text, path: request?.target.path),
            of: network ?? origin.network)
    }
}
