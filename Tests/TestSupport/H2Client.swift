import Locking
import Reactor

/// A client with one connection of HTTP/2, frame by frame. As with `TestClient`, all of its doings
/// happen on the clients' thread.
package final class H2Client: Sendable {
    private let inner = Guarded(H2Session())
    private let inflater = H2Inflater()
    private let bulletin = Bulletin()
    private let manners: H2Manners
    private let name: String

    init(
        to address: SocketAddress, security: TestClient.Security, manners: H2Manners, name: String
    ) {
        self.manners = manners
        self.name = name
        ClientLoop.post { [self] loop in
            do throws(SystemCallError) {
                let wire = try ClientWire(
                    self, to: address, security: security, receiveBuffer: manners.receiveBuffer,
                    loop: loop)
                loop.add(wire, of: self)
                // Waits for the handshake, before all that a test may send.
                if manners.greets {
                    let settings = H2Frame.settings(manners.settings)
                    wire.send(.bytes(H2Frame.preface + settings.bytes(), sent: 0))
                }
            } catch {
                ended(.failed(error.message))
            }
        }
    }

    // MARK: Telling it

    /// Sends a request. Without `endStream` its body is still to come.
    @discardableResult
    package func request(
        _ method: String, _ path: String, fields: [H2Header.Field] = [], endStream: Bool = true
    ) -> H2Exchange {
        open(
            block: H2Header.literal(H2Header.request(method, path) + fields), endStream: endStream)
    }

    /// Begins a stream with a field section of the test's own.
    @discardableResult
    package func open(block: [UInt8], endStream: Bool = true) -> H2Exchange {
        let stream = nextStream()
        send(.headers(block, on: stream, endStream: endStream))
        return exchange(stream)
    }

    /// Takes the id of a stream whose frames the test sends itself.
    package func nextStream() -> Int {
        inner.withLock { inner in
            let id = inner.state.next
            inner.state.next += 2
            inner.state.change(id) { _ in }
            return id
        }
    }

    package func exchange(_ stream: Int) -> H2Exchange { H2Exchange(client: self, id: stream) }

    package func send(_ frames: H2Frame...) { send(frames.flatMap { $0.bytes() }) }

    /// Sends bytes as they are.
    package func send(_ bytes: [UInt8]) { perform { $0.send(.bytes(bytes, sent: 0)) } }

    /// Sends a body as far as the windows allow, and the rest when they do.
    func upload(_ bytes: [UInt8], pattern: Range<Int>, on stream: Int, endStream: Bool) {
        // In its turn, behind the stream's HEADERS: a pump that waits already must not overtake them.
        perform { [self] _ in
            inner.withLock {
                $0.uploads[stream] = H2Upload(
                    left: bytes[...], pattern: pattern, endStream: endStream)
            }
        }
        pump()
    }

    package func leave(_ farewell: TestClient.Farewell) { perform { $0.leave(farewell) } }
    /// Stops reading, as a client that hangs does.
    package func pause() { perform { $0.pause() } }
    package func resume() { perform { $0.resume() } }

    private func perform(_ action: @escaping @Sendable (ClientWire) -> Void) {
        ClientLoop.post { [self] loop in
            if let wire = loop.wire(of: self) { action(wire) }
        }
    }

    // MARK: Looking and waiting

    package var now: H2State { inner.withLock { $0.state } }
    package var isOpen: Bool { inner.withLock { $0.state.end == nil && $0.state.goAways.isEmpty } }

    /// Waits until `look` finds something in what came.
    package func first<Value: Sendable>(
        _ what: String, within limit: Duration = patience, _ look: @Sendable (H2State) -> Value?
    ) async throws -> Value {
        try await bulletin.first("\(what) at \(name)", within: limit, clue: { self.clue }) {
            inner.withLock { look($0.state) }
        }
    }

    package func until(
        _ what: String, within limit: Duration = patience, _ condition: @Sendable (H2State) -> Bool
    ) async throws {
        _ = try await first(what, within: limit) { condition($0) ? true : nil }
    }

    /// Waits until both sides have agreed to what the other allows.
    package func ready() async throws {
        try await until("SETTINGS") { $0.settings != nil && $0.settingsAcks > 0 }
    }

    /// Waits until the server has read everything that was sent so far, and answered it.
    package func settled(_ number: UInt8 = 200) async throws {
        let before = now.pongs.count { $0 == number }
        send(.ping(number))
        try await until("a pong") { $0.pongs.count { $0 == number } > before }
    }

    /// How the connection ended.
    @discardableResult
    package func end(within limit: Duration = patience) async throws -> TestClient.End {
        try await first("the end", within: limit) { $0.end }
    }

    /// Why the server ends the connection.
    package func goAway(within limit: Duration = patience) async throws -> H2Code {
        try await first("a GOAWAY", within: limit) { $0.goAway }
    }

    private var clue: String {
        inner.withLock { inner in
            let state = inner.state
            let last = state.streams.max { $0.key < $1.key }
            let status = last?.value.response.map { "\($0.status), \($0.bodyCount) bytes" }
            return "handshake \(state.handshake), \(state.streams.count) streams, the last "
                + "\(last?.key ?? 0) \(status ?? "without a head") ended \(last?.value.isEnded ?? false) "
                + "reset \(last?.value.reset?.description ?? "not"), goaway \(state.goAways), "
                + "end \(state.end.map { "\($0)" } ?? "not yet"), problem \(state.problem ?? "none")"
        }
    }
}

// MARK: On the clients' thread

extension H2Client: WireOwner {
    func shookHands(tlsVersion: String?, negotiatedProtocol: String?) {
        note { state in
            state.handshake = .done
            state.negotiatedProtocol = negotiatedProtocol
        }
    }

    func handshakeFailed(_ reason: String) { note { $0.handshake = .failed(reason) } }

    func ended(_ end: TestClient.End) { note { $0.end = end } }

    private func note(_ change: (inout H2State) -> Void) {
        inner.withLock { change(&$0.state) }
        bulletin.post()
    }

    func received(_ bytes: Span<UInt8>) {
        // In one step, so that nothing a test sends because of the news comes before the replies.
        inner.withLock {
            $0.received(bytes, manners, inflater)
            pump()
        }
        bulletin.post()
    }

    /// Sends what waits, as far as the windows allow.
    private func pump() {
        perform { [self] wire in
            let bytes = inner.withLock { $0.takeOutput() }
            if !bytes.isEmpty { wire.send(.bytes(bytes, sent: 0)) }
        }
    }
}
