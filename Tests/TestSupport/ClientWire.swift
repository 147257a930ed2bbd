import DemoGateway
import Glibc
import Reactor
import TLS

/// Who learns what happens on a wire. All of it is told on the clients' thread.
protocol WireOwner: AnyObject, Sendable {
    func shookHands(tlsVersion: String?, negotiatedProtocol: String?)
    func handshakeFailed(_ reason: String)
    func received(_ bytes: Span<UInt8>)
    func ended(_ end: TestClient.End)
}

/// The socket of one client, on the clients' thread.
final class ClientWire {
    private enum Phase {
        case connecting, handshaking, open, closed
    }

    /// What is to be sent: bytes, or a piece of the pattern that nobody keeps in memory.
    enum Outgoing {
        case bytes([UInt8], sent: Int)
        case pattern(offset: Int, end: Int, isChunked: Bool)
    }

    private let client: any WireOwner
    private let loop: ClientLoop
    private let security: TestClient.Security
    private var socket: Socket
    private var session: TLSSession?
    private var registration: Registration?
    private var phase = Phase.connecting
    private var outbox: [Outgoing] = []
    private var isPaused = false
    /// What is done once everything has been sent.
    private var farewell: TestClient.Farewell?

    init(
        _ client: any WireOwner, to address: SocketAddress, security: TestClient.Security,
        receiveBuffer: Int?, loop: ClientLoop
    ) throws(SystemCallError) {
        self.client = client
        self.loop = loop
        self.security = security
        socket = try Socket(connectingTo: address)
        if let receiveBuffer {
            var size = Int32(receiveBuffer)
            setsockopt(
                socket.rawValue, SOL_SOCKET, SO_RCVBUF, &size,
                socklen_t(MemoryLayout<Int32>.size))
        }
        registration = try loop.reactor.register(socket.rawValue, handler: self)
    }

    // MARK: Commands

    func send(_ outgoing: Outgoing) {
        outbox.append(outgoing)
        if phase == .open { flush() }
    }

    func leave(_ farewell: TestClient.Farewell) {
        self.farewell = farewell
        if farewell == .reset || outbox.isEmpty { sayFarewell() }
    }

    func pause() { isPaused = true }

    func resume() {
        guard isPaused else { return }
        isPaused = false
        if let registration { loop.reactor.again(registration, .readable) }
    }

    // MARK: The life of the connection

    private func connected() {
        if let error = socket.connectionError() { return ended(.failed(error.message)) }
        switch security {
        case .none:
            phase = .open
            client.shookHands(tlsVersion: nil, negotiatedProtocol: nil)
            flush()
            // The end may have come with the beginning; it is announced once.
            receive()
        case .tls(let context, let name):
            do throws(TLSSetupError) {
                session = try TLSSession(
                    connecting: context, on: socket.rawValue, serverName: name, resuming: nil)
            } catch {
                return ended(.failed(error.message))
            }
            phase = .handshaking
            shakeHands()
        }
    }

    private func shakeHands() {
        switch session?.handshake() {
        case .done:
            phase = .open
            client.shookHands(
                tlsVersion: session?.version, negotiatedProtocol: session?.negotiatedProtocol)
            flush()
            receive()
        case .wantsRead, .wantsWrite, nil: return
        case .failed(let failure):
            let text = "\(failure.reason) \(failure.detail)"
            client.handshakeFailed(text)
            ended(.failed(text))
        }
    }

    private func flush() {
        while let next = outbox.first {
            switch next {
            case .bytes(let bytes, let sent):
                guard let count = write(bytes, from: sent, to: bytes.count) else { return }
                if sent + count == bytes.count {
                    outbox.removeFirst()
                } else {
                    outbox[0] = .bytes(bytes, sent: sent + count)
                }
            case .pattern(let offset, let end, let isChunked):
                flushPattern(offset, end, isChunked)
                guard phase == .open, outbox.count > 0 else { return }
                if case .pattern(offset, end, _) = outbox[0] { return }
            }
        }
        if farewell != nil { sayFarewell() }
    }

    /// Sends some of the pattern; a chunk of it is made into bytes of its own.
    private func flushPattern(_ offset: Int, _ end: Int, _ isChunked: Bool) {
        let start = offset % DemoPattern.period
        let count = min(DemoPattern.period - start, end - offset)
        if isChunked {
            let piece = Array(DemoPattern.block[start..<start + count])
            let head = Array("\(String(count, radix: 16))\r\n".utf8)
            let isLast = offset + count == end
            let tail = Array((isLast ? "\r\n0\r\n\r\n" : "\r\n").utf8)
            outbox[0] = .bytes(head + piece + tail, sent: 0)
            if !isLast {
                outbox.append(.pattern(offset: offset + count, end: end, isChunked: true))
            }
            return
        }
        guard let sent = write(DemoPattern.block, from: start, to: start + count) else { return }
        if offset + sent == end {
            outbox.removeFirst()
        } else {
            outbox[0] = .pattern(offset: offset + sent, end: end, isChunked: false)
        }
    }

    /// How many bytes were taken, `nil` when none can be now.
    private func write(_ bytes: [UInt8], from start: Int, to end: Int) -> Int? {
        let span = bytes.span
        guard session != nil else {
            switch socket.write(span.extracting(start..<end)) {
            case .bytes(let count): return count
            case .wouldBlock: return nil
            case .failed:
                outbox = []
                return nil
            }
        }
        switch session?.write(span.extracting(start..<end)) {
        case .bytes(let count): return count
        case .wouldBlock, nil: return nil
        case .failed:
            outbox = []
            return nil
        }
    }

    private func receive() {
        while phase == .open, !isPaused {
            switch read() {
            case .bytes(let count):
                let buffer = loop.buffer
                client.received(buffer.bytes(0..<count))
            case .wouldBlock: return
            case .end(let end): return ended(end)
            }
        }
    }

    private enum Got {
        case bytes(Int)
        case wouldBlock
        case end(TestClient.End)
    }

    private func read() -> Got {
        let buffer = loop.buffer
        let range = 0..<buffer.capacity
        guard session != nil else {
            return switch socket.read(into: buffer, range) {
            case .bytes(let count): .bytes(count)
            case .wouldBlock: .wouldBlock
            case .end: .end(.fin)
            case .failed: .end(.reset)
            }
        }
        let progress = buffer.withMutableBytes(range) { bytes in session?.read(into: &bytes) }
        return switch progress {
        case .bytes(let count): .bytes(count)
        case .wouldBlock, .wantsWrite, nil: .wouldBlock
        case .closedByPeer: .end(.closeNotify)
        case .truncated: .end(.fin)
        case .failed(let failure) where failure.kind == .peerClosed: .end(.reset)
        case .failed(let failure): .end(.failed("\(failure.reason) \(failure.detail)"))
        }
    }

    private func sayFarewell() {
        switch farewell {
        case .halfClose:
            // FIN alone, or after a close_notify: the other direction stays open.
            _ = session?.sendCloseNotify()
            socket.finishWriting()
            farewell = nil
        case .closeNotify:
            _ = session?.sendCloseNotify()
            farewell = nil
        case .close:
            _ = session?.sendCloseNotify()
            ended(.byUs)
        case .vanish: ended(.byUs)
        case .reset:
            socket.resetOnClose()
            ended(.byUs)
        case nil: return
        }
    }

    private func ended(_ end: TestClient.End) {
        guard phase != .closed else { return }
        phase = .closed
        if let registration { loop.reactor.deregister(registration) }
        session = nil
        socket.close()
        loop.remove(client)
        client.ended(end)
    }
}

extension ClientWire: ReadinessHandler {
    func ready(_ readiness: Readiness) {
        switch phase {
        case .connecting: connected()
        case .handshaking: shakeHands()
        case .open:
            if readiness.contains(.writable) { flush() }
            receive()
        case .closed: return
        }
    }
}
