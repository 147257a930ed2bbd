private import COpenSSL
private import Glibc

/// One TLS session on a non-blocking socket. It owns the `SSL`; the descriptor is the caller's, who
/// closes it after the session is gone.
///
/// Invariants:
/// 1. After a failure nothing more is asked of OpenSSL: every call answers with that failure.
/// 2. A write that would block is repeated with the same bytes, wherever they stand by then.
/// 3. Each call clears the thread's error queue first and leaves it empty, so that no session is
///    blamed for what another one did (T19).
///
/// Nothing here waits, allocates or takes a lock, but for what OpenSSL does in a handshake.
@safe package struct TLSSession: ~Copyable {
    /// For the calls of this module while `self` is alive.
    let session: OpaquePointer
    private let allowance: ReadAllowance
    /// The server's or client's context, whose callbacks OpenSSL may call while the session lives.
    private let owner: AnyObject
    private var failure: TLSFailure?
    /// The length of the write that would block, or 0.
    private var pendingWriteCount = 0

    package enum HandshakeProgress: Sendable {
        case done, wantsRead, wantsWrite
        case failed(TLSFailure)
    }

    package enum ReadProgress: Sendable {
        /// Data came. There may be more: read again until `wouldBlock`, or see ``hasPending``.
        case bytes(Int)
        /// The socket has nothing more to read.
        case wouldBlock
        /// An answer that TLS itself owes the peer does not fit into the socket: read again when
        /// it can be written.
        case wantsWrite
        /// The peer has said that it will send no more (close_notify).
        case closedByPeer
        /// The connection ended without that word: what came before may be cut short (T13).
        case truncated
        case failed(TLSFailure)
    }

    package enum WriteProgress: Sendable {
        /// So many bytes are taken, up to one record of 16 KiB. Write the rest, if there is one.
        case bytes(Int)
        /// Nothing is taken. Come back with the same bytes, and more after them if there are,
        /// when the socket can be written.
        case wouldBlock
        case failed(TLSFailure)
    }

    package enum CloseProgress: Sendable {
        case sent
        /// The socket is full, or a write must be finished first. Call again, or give up.
        case wouldBlock
        /// There is no session that could be closed. Close the socket.
        case impossible
    }

    /// The server's end of a connection that was just accepted.
    package init(
        accepting context: TLSServerContext, on descriptor: CInt
    ) throws(TLSSetupError) {
        let session = try unsafe Self.makeSession(of: context.initial, on: descriptor)
        // SAFETY: the session is ours, and about to be owned by `self`.
        unsafe SSL_set_accept_state(session)
        unsafe self.init(session, owner: context)
    }

    /// The client's end. The server's certificate must be for `serverName`, a host name or an IP
    /// address, if there is one and the context trusts not just anyone.
    package init(
        connecting context: TLSClientContext, on descriptor: CInt, serverName: String?,
        resuming resumption: TLSResumption?
    ) throws(TLSSetupError) {
        let session = try unsafe Self.makeSession(of: context.context, on: descriptor)
        // SAFETY: the session is ours, and about to be owned by `self`.
        unsafe SSL_set_connect_state(session)
        if let serverName, unsafe !expect(serverName, on: session) {
            unsafe SSL_free(session)
            throw TLSSetupError("\"\(serverName)\" is no host name and no IP address")
        }
        if let resumption, unsafe SSL_set_session(session, resumption.pointer) != 1 {
            unsafe SSL_free(session)
            throw TLSSetupError("OpenSSL cannot resume: \(ErrorQueue.takeReason())")
        }
        unsafe self.init(session, owner: context)
    }

    /// Adopts a session whose socket is set.
    private init(_ session: OpaquePointer, owner: AnyObject) {
        unsafe self.session = session
        unsafe allowance = ReadAllowance(for: session)
        self.owner = owner
    }

    deinit {
        // SAFETY: the session is ours alone, and its context is still alive: `owner` goes after.
        unsafe SSL_free(session)
    }

    private static func makeSession(
        of context: ContextHandle, on descriptor: CInt
    ) throws(TLSSetupError) -> OpaquePointer {
        ErrorQueue.clear()
        // SAFETY: the context is borrowed for the call; the session takes a reference of its own.
        guard let session = unsafe SSL_new(context.pointer) else {
            throw TLSSetupError("no TLS session: \(ErrorQueue.takeReason())")
        }
        guard unsafe SSL_set_fd(session, descriptor) == 1 else {
            unsafe SSL_free(session)
            throw TLSSetupError("no TLS session: \(ErrorQueue.takeReason())")
        }
        return unsafe session
    }
}

// MARK: - The byte path

extension TLSSession {
    /// Takes the handshake as far as the socket allows. Call it again when the socket is ready,
    /// until it is done or has failed; an alert for the peer has been sent by then. Once it is done,
    /// read at once: data may have come with its last bytes, and no edge announces it again.
    package mutating func handshake() -> HandshakeProgress {
        if let failure { return .failed(failure) }
        ErrorQueue.clear()
        // SAFETY: `self` owns the session.
        let result = unsafe SSL_do_handshake(session)
        if result == 1 {
            allowance.renew()
            return .done
        }
        return switch obstacle(result, systemError: errno) {
        case .wantsRead: .wantsRead
        case .wantsWrite: .wantsWrite
        case .closedByPeer, .truncated: .failed(fail(TLSFailure(.peerClosed)))
        case .failed(let failure): .failed(refusing(failure))
        }
    }

    /// The same failure, when the peer has been told of it.
    private func refusing(_ failure: TLSFailure) -> TLSFailure {
        if failure.isExcess { allowance.refuseHandshake() }
        return failure
    }

    /// Reads the data of one record, or what fits of it.
    ///
    /// - Returns: `bytes(0)` only for an empty buffer.
    package mutating func read(into bytes: inout MutableSpan<UInt8>) -> ReadProgress {
        if let failure { return .failed(failure) }
        if bytes.isEmpty { return .bytes(0) }
        ErrorQueue.clear()
        var count = 0
        let session = unsafe session
        // SAFETY: OpenSSL writes no more than the span's count, and keeps no pointer to it.
        let result = unsafe bytes.withUnsafeMutableBytes { bytes in
            unsafe SSL_read_ex(session, bytes.baseAddress, bytes.count, &count)
        }
        if result == 1 {
            allowance.renew()
            return .bytes(count)
        }
        return switch obstacle(result, systemError: errno) {
        case .wantsRead: .wouldBlock
        case .wantsWrite: .wantsWrite
        case .closedByPeer: .closedByPeer
        case .truncated: .truncated
        case .failed(let failure): .failed(failure)
        }
    }

    /// Writes up to one record.
    package mutating func write(_ bytes: Span<UInt8>) -> WriteProgress {
        if let failure { return .failed(failure) }
        precondition(
            bytes.count >= pendingWriteCount,
            "A write that would block is repeated with the same bytes; some are missing now.")
        if bytes.isEmpty { return .bytes(0) }
        ErrorQueue.clear()
        var count = 0
        let session = unsafe session
        // SAFETY: OpenSSL reads no more than the span's count, and keeps no pointer to it.
        let result = unsafe bytes.withUnsafeBytes { bytes in
            unsafe SSL_write_ex(session, bytes.baseAddress, bytes.count, &count)
        }
        if result == 1 {
            pendingWriteCount = 0
            return .bytes(count)
        }
        switch obstacle(result, systemError: errno) {
        case .wantsRead, .wantsWrite:
            pendingWriteCount = min(bytes.count, Int(SSL3_RT_MAX_PLAIN_LENGTH))
            return .wouldBlock
        case .closedByPeer, .truncated: return .failed(fail(TLSFailure(.peerClosed)))
        case .failed(let failure): return .failed(failure)
        }
    }

    /// Says that we will send no more. Reading goes on; the peer's own word is not waited for.
    package mutating func sendCloseNotify() -> CloseProgress {
        guard failure == nil, unsafe SSL_is_init_finished(session) == 1 else { return .impossible }
        if pendingWriteCount > 0 { return .wouldBlock }
        ErrorQueue.clear()
        // SAFETY: `self` owns the session.
        let result = unsafe SSL_shutdown(session)
        if result >= 0 { return .sent }
        return switch obstacle(result, systemError: errno) {
        case .wantsRead, .wantsWrite: .wouldBlock
        case .closedByPeer, .truncated, .failed: .impossible
        }
    }

    /// Whether bytes that the kernel has already handed over wait here: data to read, or a part of
    /// a record. An edge-triggered caller that stops reading before `wouldBlock` must come back by
    /// itself while this holds, since no edge announces them.
    package var hasPending: Bool {
        // SAFETY: `self` owns the session.
        unsafe SSL_has_pending(session) == 1
    }

    /// What kept a call from succeeding.
    private enum Obstacle {
        case wantsRead, wantsWrite, closedByPeer, truncated
        case failed(TLSFailure)
    }

    private mutating func obstacle(_ result: CInt, systemError: CInt) -> Obstacle {
        // SAFETY: `self` owns the session, and `result` is what its last call returned.
        switch unsafe SSL_get_error(session, result) {
        case SSL_ERROR_WANT_READ:
            return allowance.isSpent ? .failed(fail(TLSFailure(.flood))) : .wantsRead
        case SSL_ERROR_WANT_WRITE: return .wantsWrite
        case SSL_ERROR_ZERO_RETURN: return .closedByPeer
        case SSL_ERROR_SSL:
            let error = ErrorQueue.takeOldestFromTLS()
            let failure = fail(error.map(TLSFailure.init) ?? TLSFailure(.other))
            let isTruncated = error?.reason == SSL_R_UNEXPECTED_EOF_WHILE_READING
            return isTruncated ? .truncated : .failed(failure)
        case SSL_ERROR_SYSCALL:
            ErrorQueue.clear()
            return .failed(fail(TLSFailure(systemError: systemError)))
        default: return .failed(fail(TLSFailure(.other)))  // OpenSSL's list, not ours.
        }
    }

    /// Notes the failure: OpenSSL must not be called again after it (`SSL_get_error(3)`).
    private mutating func fail(_ failure: TLSFailure) -> TLSFailure {
        self.failure = failure
        return failure
    }
}
