import Reactor

/// What other threads ask of the gateway's.
enum GatewayCommand: Sendable {
    case publish(user: String?, event: String, data: String)
    case send(pieces: [[UInt8]], user: String?)
    case closeStreams(user: String?, resetting: Bool)
    case adopt(DemoGatewayProfile)
    case stop
}

/// The gateway on its own thread: the listener, the connections and the streams among them.
final class GatewayLoop {
    let reactor: Reactor
    let books: GatewayBooks
    let buffer = IOBuffer(capacity: 65_536)
    private(set) var profile: DemoGatewayProfile
    var limiter = RateLimiter()
    private var listener: ListeningSocket
    private let mailbox: Mailbox<GatewayCommand>
    private var connections: [Int: DemoConnection] = [:]
    private var streams: [Int: DemoStream] = [:]
    /// The last events with an id, for those who missed some.
    private var history: [(id: Int, bytes: [UInt8])] = []
    private var lastEventID = 0
    private static let historyMax = 1000

    init(
        adopting listener: CInt, mailbox: Mailbox<GatewayCommand>, books: GatewayBooks,
        profile: DemoGatewayProfile
    ) throws(SystemCallError) {
        self.listener = ListeningSocket(adopting: listener)
        self.mailbox = mailbox
        self.books = books
        self.profile = profile
        reactor = try Reactor()
    }

    /// Turns until it is told to stop.
    func run() throws(SystemCallError) {
        let clients = Callback { [unowned self] in acceptAll() }
        let commands = Callback { [unowned self] in obeyAll() }
        _ = try reactor.register(listener.rawValue, handler: clients)
        _ = try reactor.register(mailbox.descriptor, handler: commands)
        reactor.run()
        for connection in connections.values { connection.close() }
        listener.close()
    }

    // MARK: Connections

    private func acceptAll() {
        while true {
            switch listener.accept() {
            case .accepted(let socket, _): serve(socket)
            case .aborted: continue
            case .wouldBlock: return
            case .failed:
                // Out of descriptors: what waits is accepted with the next that comes.
                return
            }
        }
    }

    private func serve(_ socket: consuming Socket) {
        socket.disableDelay()
        let number = books.connectionOpened()
        do {
            connections[number] = try DemoConnection(socket, number: number, loop: self)
        } catch {
            books.connectionClosed()
        }
    }

    func remove(_ connection: DemoConnection) {
        guard connections.removeValue(forKey: connection.number) != nil else { return }
        books.connectionClosed()
    }

    // MARK: Streams

    func add(_ stream: DemoStream) { streams[stream.id] = stream }

    func remove(_ stream: DemoStream) {
        guard streams.removeValue(forKey: stream.id) != nil else { return }
        books.streamClosed(stream.id)
    }

    /// What somebody has missed who saw the event `id` last.
    func events(after id: Int) -> [[UInt8]] {
        history.filter { $0.id > id }.map(\.bytes)
    }

    /// The streams of a user, or all of them, in the order in which they were opened.
    private func streams(of user: String?) -> [DemoStream] {
        streams.values.filter { user == nil || $0.user == user }.sorted { $0.id < $1.id }
    }

    // MARK: Commands

    private func obeyAll() {
        for command in mailbox.takeAll() { obey(command) }
    }

    private func obey(_ command: GatewayCommand) {
        switch command {
        case .publish(let user, let event, let data): publish(event, data, to: user)
        case .send(let pieces, let user):
            for stream in streams(of: user) { stream.say(pieces: pieces) }
        case .closeStreams(let user, let resetting):
            for stream in streams(of: user) { close(stream, resetting: resetting) }
        case .adopt(let profile):
            self.profile = profile
            limiter = RateLimiter()
        case .stop: reactor.stop()
        }
    }

    private func close(_ stream: DemoStream, resetting: Bool) {
        if resetting {
            connections.values.first { $0.stream === stream }?.reset()
        } else {
            stream.end()
        }
    }

    private func publish(_ name: String, _ data: String, to user: String?) {
        var id: Int?
        if profile.sendsIDs {
            lastEventID += 1
            id = lastEventID
        }
        let event = EventText.event(name, data: data, id: id)
        if let id {
            history.append((id, event))
            if history.count > Self.historyMax { history.removeFirst(Self.historyMax / 2) }
        }
        let all = streams(of: user)
        let receivers = profile.publishesToNewestOnly && user != nil ? all.suffix(1) : all[...]
        for stream in receivers { stream.say(event) }
    }
}

/// Calls a closure when its descriptor is readable.
private final class Callback: ReadinessHandler {
    private let action: () -> Void

    init(_ action: @escaping () -> Void) { self.action = action }

    func ready(_ readiness: Readiness) {
        if readiness.contains(.readable) { action() }
    }
}
