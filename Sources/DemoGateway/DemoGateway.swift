import Locking
package import Reactor

/// A small gateway with event streams, for the demo and the tests: it stands behind Sluice and
/// knows nothing of it. It has a thread of its own and may be asked and told from any other.
///
/// | path | answer |
/// |---|---|
/// | `GET /events...` | a stream, for a token that it believes |
/// | `POST /v1/chat?events=N&pause_ms=M` | a stream of N events that ends |
/// | `/hello`, `/chunked`, `/big?bytes=N`, `/status/NNN`, `/hop-by-hop` | ordinary responses |
/// | `/upload`, `/echo` | what it was sent: a sum of it, the bytes themselves |
/// | `/misbehave/NAME` | every mistake that a gateway can make, see `Misbehaviour` |
package final class DemoGateway: Sendable {
    /// Where it listens, with the port that the kernel chose when 0 was asked for.
    package let address: SocketAddress
    private let books = GatewayBooks()
    private let mailbox: Mailbox<GatewayCommand>
    private let thread: Guarded<GatewayThread?>

    package init(
        listening address: SocketAddress, profile: DemoGatewayProfile
    ) throws(SystemCallError) {
        let mailbox = try Mailbox<GatewayCommand>()
        let listener = try ListeningSocket(on: address, sharesPort: false)
        self.address = listener.address
        self.mailbox = mailbox
        thread = Guarded(
            try GatewayThread(listener.release(), mailbox, books: books, profile: profile))
    }

    deinit { stop() }

    /// Ends all streams and frees the port. Doing so twice is harmless.
    package func stop() {
        mailbox.post(.stop)
        thread.withLock { $0.take() }?.join()
    }

    // MARK: What is true

    /// The streams that are open, in the order in which they were opened.
    package var streams: [OpenStream] { books.streams }
    package var streamCount: Int { books.streamCount }

    /// How many streams each user has open.
    package func openStreams() -> [String: Int] {
        books.streams.reduce(into: [:]) { $0[$1.user, default: 0] += 1 }
    }

    /// The numbers of a user's open streams, the oldest first.
    package func openStreamIDs(of user: String) -> [Int] {
        books.streams.filter { $0.user == user }.map(\.id)
    }

    /// How many streams were ever opened: the number of the last one.
    package var streamsOpened: Int { books.streamsOpened }
    /// How many connections came since the start or the last `forget`.
    package var connectCount: Int { books.connections }
    package var openConnections: Int { books.openConnections }
    /// The latest requests, the oldest first.
    package var requests: [SeenRequest] { books.requests }
    package var requestCount: Int { books.requestCount }

    /// Calls `observer` after each change of the above, on the gateway's thread.
    package func observe(_ observer: @escaping @Sendable () -> Void) { books.observe(observer) }

    /// Forgets connections and requests that have been counted. Streams stay.
    package func forget() { books.reset() }

    // MARK: What it does

    /// Says an event on all streams, or on those of one user.
    package func publish(to user: String?, event: String, data: String) {
        mailbox.post(.publish(user: user, event: event, data: data))
    }

    /// Sends these bytes as one chunk of every stream's body.
    package func broadcast(_ bytes: [UInt8]) { send([bytes], to: nil) }

    /// Sends each piece as a chunk and in a turn of its own, to all streams or to those of one user.
    package func send(_ pieces: [[UInt8]], to user: String?) {
        mailbox.post(.send(pieces: pieces, user: user))
    }

    /// Ends streams: properly, or by a reset.
    package func closeStreams(ofUser user: String?, resetting: Bool) {
        mailbox.post(.closeStreams(user: user, resetting: resetting))
    }

    /// Behaves otherwise from now on. Streams that are open keep the clocks that they have set.
    package func adopt(_ profile: DemoGatewayProfile) { mailbox.post(.adopt(profile)) }
}

/// The gateway's thread. The loop is made there, so that nothing of it is ever seen by another.
private struct GatewayThread: Sendable {
    private let thread: Thread

    init(
        _ listener: CInt, _ mailbox: Mailbox<GatewayCommand>, books: GatewayBooks,
        profile: DemoGatewayProfile
    ) throws(SystemCallError) {
        thread = try Thread(name: "demo-gateway") {
            do throws(SystemCallError) {
                let loop = try GatewayLoop(
                    adopting: listener, mailbox: mailbox, books: books, profile: profile)
                try loop.run()
            } catch {
                preconditionFailure("The demo gateway cannot run: \(error.message)")
            }
        }
    }

    func join() { thread.join() }
}
