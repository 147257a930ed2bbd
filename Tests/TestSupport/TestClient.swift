import DemoGateway
import HTTPModel
import Locking
import Reactor
import TLS

/// A client with one connection. All of its doings happen on the clients' thread; a test tells it
/// what to do and waits for what comes.
package final class TestClient: Sendable {
    package enum Security: Sendable {
        case none
        case tls(TLSClientContext, serverName: String?)
    }

    package enum Handshake: Equatable, Sendable {
        case pending, done
        case failed(String)
    }

    /// How the connection ended.
    package enum End: Equatable, Sendable {
        /// With TLS's own word that nothing is missing.
        case closeNotify
        /// The peer ended its side without that word.
        case fin
        case reset
        case failed(String)
        case byUs
    }

    /// How a client goes.
    package enum Farewell: Sendable {
        /// Ends its own side and goes on reading.
        case halfClose
        /// close_notify without FIN: the socket stays open.
        case closeNotify
        case close
        /// FIN without close_notify.
        case vanish
        case reset
    }

    package struct State: Sendable {
        package var handshake = Handshake.pending
        package var tlsVersion: String?
        package var negotiatedProtocol: String?
        package var end: End?
        /// The first bytes as they came, before anybody has read anything into them.
        package var raw: [UInt8] = []
        package var receivedCount = 0
        var reader = ResponseReader()

        package var responses: [Response] { reader.responses }
        package var interim: [Int] { reader.interim }
        package var problem: String? { reader.problem }
    }

    private let state = Guarded(State())
    private let bulletin = Bulletin()
    private let name: String
    private static let rawMax = 65_536

    package init(
        to address: SocketAddress, security: Security, receiveBuffer: Int? = nil,
        name: String = "client"
    ) {
        self.name = name
        ClientLoop.post { [self] loop in
            do throws(SystemCallError) {
                let wire = try ClientWire(
                    self, to: address, security: security, receiveBuffer: receiveBuffer, loop: loop)
                loop.add(wire, of: self)
            } catch {
                ended(.failed(error.message))
            }
        }
    }

    // MARK: Telling it

    /// Sends a request; the response to it will be one of `responses`.
    package func request(
        _ method: String, _ target: String, fields: [(String, String)] = [], body: [UInt8]? = nil,
        host: String = "localhost"
    ) {
        var text = "\(method) \(target) HTTP/1.1\r\nhost: \(host)\r\n"
        for (name, value) in fields { text += "\(name): \(value)\r\n" }
        if let body { text += "content-length: \(body.count)\r\n" }
        send(Array((text + "\r\n").utf8) + (body ?? []), answering: method)
    }

    /// Sends bytes as they are. With a method, a response to it is expected.
    package func send(_ bytes: [UInt8], answering method: String? = nil) {
        if let method { state.withLock { $0.reader.expect(Method(method)) } }
        perform { $0.send(.bytes(bytes, sent: 0)) }
    }

    package func send(_ text: String, answering method: String? = nil) {
        send(Array(text.utf8), answering: method)
    }

    /// Sends so many bytes of the pattern as a body, without keeping them.
    package func sendPattern(_ count: Int, chunked isChunked: Bool) {
        perform { $0.send(.pattern(offset: 0, end: count, isChunked: isChunked)) }
    }

    package func leave(_ farewell: Farewell) { perform { $0.leave(farewell) } }
    /// Stops reading, as a client that hangs does.
    package func pause() { perform { $0.pause() } }
    package func resume() { perform { $0.resume() } }

    private func perform(_ action: @escaping @Sendable (ClientWire) -> Void) {
        ClientLoop.post { [self] loop in
            if let wire = loop.wire(of: self) { action(wire) }
        }
    }

    // MARK: Looking

    package var now: State { state.withLock { $0 } }
    /// The latest response.
    package var response: Response? { state.withLock { $0.reader.responses.last } }
    package var isOpen: Bool { state.withLock { $0.end == nil } }

    // MARK: Waiting

    /// Waits until `look` finds something in what came.
    package func first<Value: Sendable>(
        _ what: String, within limit: Duration = patience, _ look: @Sendable (State) -> Value?
    ) async throws -> Value {
        try await bulletin.first("\(what) at \(name)", within: limit, clue: { self.clue }) {
            state.withLock { look($0) }
        }
    }

    /// Waits until `condition` holds for what came.
    package func until(
        _ what: String, within limit: Duration = patience, _ condition: @Sendable (State) -> Bool
    ) async throws {
        _ = try await first(what, within: limit) { condition($0) ? true : nil }
    }

    package func handshake(within limit: Duration = patience) async throws -> Handshake {
        try await first("a handshake", within: limit) {
            $0.handshake == .pending && $0.end == nil ? nil : $0.handshake
        }
    }

    /// The head of the response with that number, counted from 0. Its body may still be coming.
    package func head(
        _ number: Int = 0, within limit: Duration = patience
    ) async throws -> Response {
        try await first("response \(number)", within: limit) {
            $0.responses.count > number ? $0.responses[number] : nil
        }
    }

    /// The whole response with that number.
    package func whole(
        _ number: Int = 0, within limit: Duration = patience
    ) async throws -> Response {
        try await first("the whole of response \(number)", within: limit) { state in
            guard state.responses.count > number, state.responses[number].isComplete else {
                return nil
            }
            return state.responses[number]
        }
    }

    package func event(
        within limit: Duration = patience,
        _ matches: @Sendable (ServerSentEvent) -> Bool
    ) async throws -> ServerSentEvent {
        try await first("an event", within: limit) {
            $0.responses.last?.events.first(where: matches)
        }
    }

    /// How the connection ended.
    @discardableResult
    package func end(within limit: Duration = patience) async throws -> End {
        try await first("the end", within: limit) { $0.end }
    }

    private var clue: String {
        state.withLock { state in
            let last = state.responses.last.map { "\($0.status), \($0.bodyCount) bytes of body" }
            return "handshake \(state.handshake), \(state.responses.count) responses, the last "
                + "\(last ?? "none"), end \(state.end.map { "\($0)" } ?? "not yet"), problem "
                + "\(state.problem ?? "none"), raw \(String(decoding: state.raw.suffix(200), as: UTF8.self))"
        }
    }
}

extension TestClient: WireOwner {
    func shookHands(tlsVersion: String?, negotiatedProtocol: String?) {
        note { state in
            state.handshake = .done
            state.tlsVersion = tlsVersion
            state.negotiatedProtocol = negotiatedProtocol
        }
    }

    func handshakeFailed(_ reason: String) { note { $0.handshake = .failed(reason) } }

    private func note(_ change: (inout State) -> Void) {
        state.withLock { change(&$0) }
        bulletin.post()
    }

    func received(_ bytes: Span<UInt8>) {
        state.withLock { state in
            state.receivedCount += bytes.count
            if state.raw.count + bytes.count <= Self.rawMax {
                for index in 0..<bytes.count { state.raw.append(bytes[index]) }
            }
            state.reader.read(bytes)
        }
        bulletin.post()
    }

    func ended(_ end: End) {
        state.withLock { state in
            state.end = end
            if end != .byUs { state.reader.end() }
        }
        bulletin.post()
    }
}
