import Foundation
import Locking
import Reactor
import TLS

/// A gateway that does what a test tells it, byte for byte and at any moment: for what no script of
/// the demo gateway can do. Every connection is served by `serve` on a thread of its own.
package final class RawGateway: Sendable {
    package let address: SocketAddress
    private let listener: Int32
    private let serve: @Sendable (RawPeer) -> Void
    private let visits = RawVisits()

    package convenience init(
        on port: UInt16 = 0, _ serve: @escaping @Sendable (RawPeer) -> Void
    ) throws {
        guard let any = SocketAddress(ip: "127.0.0.1", port: port) else {
            throw TestGateway.NoLoopback()
        }
        let socket = try ListeningSocket(on: any, sharesPort: false)
        let address = socket.address
        self.init(listener: socket.release(), address: address, serve)
        open()
    }

    /// One on a unix socket with room for `backlog` connections that it has not taken, which are all
    /// that come before `open`.
    package convenience init(
        unixPath: String, backlog: Int32, _ serve: @escaping @Sendable (RawPeer) -> Void
    ) throws {
        guard let address = SocketAddress(unixPath: unixPath) else {
            throw TestGateway.NoLoopback()
        }
        let socket = try ListeningSocket(on: address, sharesPort: false)
        let descriptor = socket.release()
        listen(descriptor, backlog)
        self.init(listener: descriptor, address: address, serve)
    }

    private init(
        listener: Int32, address: SocketAddress, _ serve: @escaping @Sendable (RawPeer) -> Void
    ) {
        self.listener = listener
        self.address = address
        self.serve = serve
        // Threads of its own wait for the kernel; those of the tests are never held.
        _ = fcntl(listener, F_SETFL, fcntl(listener, F_GETFL) & ~O_NONBLOCK)
    }

    /// Begins to take connections.
    package func open() {
        let (visits, listener, serve) = (visits, listener, serve)
        Foundation.Thread.detachNewThread {
            while true {
                let descriptor = accept(listener, nil, nil)
                if descriptor < 0, errno == EINTR || errno == ECONNABORTED { continue }
                guard descriptor >= 0 else { return }
                let peer = RawPeer(descriptor, visits)
                visits.add(peer)
                Foundation.Thread.detachNewThread { serve(peer) }
            }
        }
    }

    /// Takes a place in the row of those that it has not accepted. Returns the descriptor.
    package func occupy() throws -> Int32 {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let descriptor = withUnsafeMutablePointer(to: &storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { name -> Int32 in
                getsockname(listener, name, &length)
                let descriptor = socket(
                    Int32(name.pointee.sa_family), Int32(SOCK_STREAM.rawValue), 0)
                guard connect(descriptor, name, length) == 0 else { return -1 }
                return descriptor
            }
        }
        guard descriptor >= 0 else { throw TestGateway.NoLoopback() }
        return descriptor
    }

    /// Wakes the threads, which end then.
    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        visits.end()
    }

    /// The connections that came, the oldest first.
    package var peers: [RawPeer] { visits.peers }
    /// The request heads that were read, on all connections.
    package var heads: [String] { visits.heads }

    /// Waits until so many heads were read.
    package func heads(_ count: Int, within limit: Duration = patience) async throws {
        _ = try await visits.bulletin.first("\(count) heads at the gateway", within: limit) {
            heads.count >= count ? true : nil
        }
    }
}

/// Who came, and what was read of them.
private final class RawVisits: Sendable {
    private struct State {
        var peers: [RawPeer] = []
        var heads: [String] = []
    }

    let bulletin = Bulletin()
    private let state = Guarded(State())

    var peers: [RawPeer] { state.withLock { $0.peers } }
    var heads: [String] { state.withLock { $0.heads } }

    func add(_ peer: RawPeer) {
        state.withLock { $0.peers.append(peer) }
        bulletin.post()
    }

    func add(head: String) {
        state.withLock { $0.heads.append(head) }
        bulletin.post()
    }

    func end() {
        let peers = state.withLock { state in
            defer { state.peers = [] }
            return state.peers
        }
        for peer in peers { peer.hangUp() }
    }
}

/// One connection of a `RawGateway`.
package final class RawPeer: Sendable {
    private let descriptor: Int32
    private let isOpen = Guarded(true)
    private let visits: RawVisits

    fileprivate init(_ descriptor: Int32, _ visits: RawVisits) {
        self.descriptor = descriptor
        self.visits = visits
    }

    deinit { close() }

    /// Goes on with TLS, once the handshake is done.
    package func secure(_ context: TLSServerContext) throws -> SecurePeer {
        try SecurePeer(context, on: descriptor)
    }

    package func send(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// Waits for one request head, `nil` when the connection ends before it does. What comes behind
    /// it is left unread.
    @discardableResult
    package func readHead() -> String? {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while !bytes.suffix(4).elementsEqual([13, 10, 13, 10]) {
            guard recv(descriptor, &byte, 1, 0) == 1 else { return nil }
            bytes.append(byte)
        }
        let head = String(decoding: bytes, as: UTF8.self)
        visits.add(head: head)
        return head
    }

    /// Waits for exactly so many bytes, `nil` when the connection ends before they are here.
    package func read(_ count: Int) -> String? {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while bytes.count < count {
            guard recv(descriptor, &byte, 1, 0) == 1 else { return nil }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Waits for the end, or a reset, and keeps what came before it as if it were one more head.
    package func readToEnd() {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while recv(descriptor, &byte, 1, 0) == 1 { bytes.append(byte) }
        note(String(decoding: bytes, as: UTF8.self))
    }

    /// Keeps a text as if it were one more head.
    package func note(_ text: String) { visits.add(head: text) }

    /// Waits until the other side has sent its last byte, and whether it was the end of its
    /// direction, not a reset.
    package func readsEnd() -> Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, 0) == 0
    }

    /// Ends the direction from here.
    package func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Ends both directions, and with them whatever waits for one. The descriptor stays.
    package func hangUp() {
        isOpen.withLock { if $0 { shutdown(descriptor, Int32(SHUT_RDWR)) } }
    }

    /// Closes so that the other side finds the connection reset.
    package func reset() {
        var hard = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    package func close() {
        isOpen.withLock { isOpen in
            if isOpen { _ = Glibc.close(descriptor) }
            isOpen = false
        }
    }
}
