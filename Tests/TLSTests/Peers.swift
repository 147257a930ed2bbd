import Testing

@testable import TLS

/// A server and a client of ours, connected. Each step is a call, so no test ever waits.
struct Peers: ~Copyable {
    var server: TLSSession
    var client: TLSSession
    let sockets: SocketPair

    init(
        _ serverContext: TLSServerContext, _ clientContext: TLSClientContext,
        serverName: String? = "localhost", resuming resumption: TLSResumption? = nil,
        bufferBytes: CInt? = nil
    ) throws {
        let sockets = try SocketPair(bufferBytes: bufferBytes)
        let server = try TLSSession(accepting: serverContext, on: sockets.server)
        let client = try TLSSession(
            connecting: clientContext, on: sockets.client, serverName: serverName,
            resuming: resumption)
        self.sockets = sockets
        self.server = server
        self.client = client
    }

    /// Lets both ends go on in turn until neither has anything left to do.
    mutating func shakeHands() -> (server: Handshake, client: Handshake) {
        var (serverEnd, clientEnd) = (Handshake.unfinished, Handshake.unfinished)
        for _ in 0..<20 {
            if clientEnd == .unfinished { clientEnd = Handshake(client.handshake()) }
            if serverEnd == .unfinished { serverEnd = Handshake(server.handshake()) }
        }
        return (serverEnd, clientEnd)
    }

    /// The same, when anything but success would make the test meaningless.
    mutating func connect() throws {
        let (server, client) = shakeHands()
        try #require(server == .done)
        try #require(client == .done)
    }
}

/// What a handshake came to, in a form that tests can compare.
enum Handshake: Equatable {
    case unfinished, done
    case failed(TLSFailure.Kind)

    init(_ progress: TLSSession.HandshakeProgress) {
        self =
            switch progress {
            case .done: .done
            case .wantsRead, .wantsWrite: .unfinished
            case .failed(let failure): .failed(failure.kind)
            }
    }
}

/// What a read came to, with the bytes themselves.
enum Reading: Equatable {
    case bytes([UInt8])
    case wouldBlock, wantsWrite, closedByPeer, truncated
    case failed(TLSFailure.Kind)
}

extension TLSSession {
    mutating func readBytes(upTo capacity: Int = 16_384) -> Reading {
        var bytes = [UInt8](repeating: 0, count: capacity)
        var span = bytes.mutableSpan
        let progress = read(into: &span)
        return switch progress {
        case .bytes(let count): .bytes(Array(bytes[..<count]))
        case .wouldBlock: .wouldBlock
        case .wantsWrite: .wantsWrite
        case .closedByPeer: .closedByPeer
        case .truncated: .truncated
        case .failed(let failure): .failed(failure.kind)
        }
    }

    /// Writes text that fits into the socket.
    mutating func writeText(_ text: String) throws {
        let bytes = Array(text.utf8)
        let progress = write(bytes.span)
        guard case .bytes(bytes.count) = progress else {
            Issue.record("\(text) was not written: \(progress)")
            return
        }
    }
}

func bytes(_ text: String) -> Reading { .bytes(Array(text.utf8)) }
