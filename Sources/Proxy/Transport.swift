import Reactor
import TLS

/// What one receive came to.
enum Received {
    case bytes(Int)
    case wouldBlock
    /// The peer has finished properly: close_notify, or FIN where there is no TLS.
    case ended
    /// The peer is gone without a proper end; with what the system says of it, if it was the one to
    /// notice.
    case cut(SystemCallError?)
    case failed(TLSFailure)
}

/// What one send came to.
enum Sent {
    case bytes(Int)
    case wouldBlock
    /// Nobody takes bytes here any more.
    case cut
}

/// A socket, a client's or one to a gateway, with or without TLS around it.
///
/// Declared in this order so that the session ends before the descriptor it uses is closed.
struct Transport: ~Copyable {
    private var session: TLSSession?
    private var socket: Socket

    init(plain socket: consuming Socket) {
        session = nil
        self.socket = socket
    }

    init(
        accepting socket: consuming Socket, context: TLSServerContext
    ) throws(TLSSetupError) {
        session = try TLSSession(accepting: context, on: socket.rawValue)
        self.socket = socket
    }

    /// Starts to connect to a gateway. The socket becomes writable when that is settled.
    init(connectingTo destination: GatewayDestination) throws {
        let endpoint = destination.endpoint
        let socket = try Socket(connectingTo: destination.address)
        guard let context = endpoint.context else {
            session = nil
            self.socket = socket
            return
        }
        let session = try TLSSession(
            connecting: context, on: socket.rawValue, serverName: endpoint.serverName,
            resuming: endpoint.resumption)
        self.session = consume session
        self.socket = socket
    }

    var rawValue: CInt { socket.rawValue }

    /// Why connecting failed, `nil` when it succeeded.
    func connectionError() -> SystemCallError? { socket.connectionError() }

    /// Whether nothing waits to be read: no byte, no end, no error, neither in the kernel nor in TLS,
    /// which reads ahead and announces nothing.
    var isSilent: Bool { !hasPending && socket.isSilent }

    /// Whether TLS holds bytes that it has read ahead.
    var hasPending: Bool { ask { $0.hasPending } == true }

    /// Lets the system give up a peer that stays silent for so long.
    func giveUpPeer(after patience: Duration) { socket.giveUpPeer(after: patience) }

    /// What a later session may resume this one with.
    func resumption() -> TLSResumption? { ask { $0.isResumed ? nil : $0.resumption } }

    mutating func handshake() -> TLSSession.HandshakeProgress {
        session?.handshake() ?? .done
    }

    /// What ALPN settled on; `nil` without TLS or ALPN.
    func negotiatedProtocol() -> String? { ask { $0.negotiatedProtocol } }

    /// The host that the client has named; `nil` without TLS.
    func serverName() -> String? { ask { $0.serverName } }

    /// The name in the peer's certificate; `nil` without one that was verified.
    func certificateName() -> String? { ask { $0.certificateName } }

    /// What is wrong with the peer's certificate; `nil` when nothing is.
    func certificateProblem() -> String? { ask { $0.certificateProblem } }

    private func ask<Answer>(_ question: (borrowing TLSSession) -> Answer?) -> Answer? {
        switch session {
        case .some(let session): question(session)
        case nil: nil
        }
    }

    mutating func receive(into buffer: IOBuffer, _ range: Range<Int>) -> Received {
        let progress = buffer.withMutableBytes(range) { bytes in session?.read(into: &bytes) }
        switch progress {
        case .bytes(let count): return .bytes(count)
        case .wouldBlock, .wantsWrite: return .wouldBlock
        case .closedByPeer: return .ended
        case .truncated: return .cut(nil)
        case .failed(let failure): return .failed(failure)
        case nil: return receiveBelowTLS(into: buffer, range)
        }
    }

    /// What comes on the socket itself: all there is without TLS, and after a handshake that failed
    /// nothing that anybody could read.
    func receiveBelowTLS(into buffer: IOBuffer, _ range: Range<Int>) -> Received {
        switch socket.read(into: buffer, range) {
        case .bytes(let count): .bytes(count)
        case .wouldBlock: .wouldBlock
        case .end: .ended
        case .failed(let error): .cut(error)
        }
    }

    mutating func send(_ bytes: Span<UInt8>) -> Sent {
        switch session?.write(bytes) {
        case .bytes(let count): return .bytes(count)
        case .wouldBlock: return .wouldBlock
        case .failed: return .cut
        case nil: break
        }
        return switch socket.write(bytes) {
        case .bytes(let count): .bytes(count)
        case .wouldBlock: .wouldBlock
        case .failed: .cut
        }
    }

    /// Says that nothing more will come: close_notify, then FIN. Reading goes on.
    ///
    /// - Returns: false when the socket has no room for the close_notify yet; without it, the end
    ///   would look like a truncation.
    mutating func finish() -> Bool {
        if case .wouldBlock = session?.sendCloseNotify() { return false }
        socket.finishWriting()
        return true
    }

    /// After a handshake that failed: FIN behind the alert. TLS has nothing more to say.
    func finishBelowTLS() { socket.finishWriting() }

    /// Makes closing drop what is unsent and reset the connection.
    func resetOnClose() { socket.resetOnClose() }

    mutating func close() {
        session = nil
        socket.close()
    }
}
