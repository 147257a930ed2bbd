internal import CLinux
internal import Glibc

/// What a read on a non-blocking socket came to.
package enum ReadProgress: Equatable {
    case bytes(Int)
    case wouldBlock
    /// The peer will send no more.
    case end
    case failed(SystemCallError)
}

/// What a write on a non-blocking socket came to.
package enum WriteProgress: Equatable {
    case bytes(Int)
    case wouldBlock
    case failed(SystemCallError)
}

/// A connected, or connecting, stream socket; non-blocking.
package struct Socket: ~Copyable {
    private var descriptor: Descriptor

    package init(adopting rawValue: CInt) {
        descriptor = Descriptor(adopting: rawValue)
    }

    /// Starts to connect. The socket becomes writable when that is settled; ask `connectionError`.
    package init(connectingTo address: SocketAddress) throws(SystemCallError) {
        let kind = CInt(SOCK_STREAM.rawValue) | SOCK_NONBLOCK_FLAG | SOCK_CLOEXEC_FLAG
        let rawValue = Glibc.socket(address.family, kind, 0)
        guard rawValue >= 0 else { throw SystemCallError(call: "socket", errno: errno) }
        let descriptor = Descriptor(adopting: rawValue)
        var storage = address.storage
        // SAFETY: the kernel copies the address during the call.
        let result = unsafe clinux_connect(rawValue, &storage, address.length)
        // EAGAIN: a unix socket whose backlog is full. The socket is of no use then.
        guard result == 0 || errno == EINPROGRESS else {
            throw SystemCallError(call: "connect", errno: errno)
        }
        self.descriptor = descriptor
        if !address.isUnix { disableDelay() }
    }

    package var rawValue: CInt { descriptor.rawValue }
    package var isOpen: Bool { descriptor.isOpen }

    /// Why connecting failed, `nil` when it succeeded.
    package func connectionError() -> SystemCallError? {
        let code = clinux_socket_error(rawValue)
        return code == 0 ? nil : SystemCallError(call: "connect", errno: code == -1 ? errno : code)
    }

    /// Sends small writes at once: an event must not wait for the acknowledgement of the last one.
    package func disableDelay() {
        _ = clinux_set_option(rawValue, CInt(IPPROTO_TCP), TCP_NODELAY, 1)
    }

    package func read(into buffer: IOBuffer, _ range: Range<Int>) -> ReadProgress {
        receive(into: buffer, range, flags: 0)
    }

    private func receive(
        into buffer: IOBuffer, _ range: Range<Int>, flags: CInt
    ) -> ReadProgress {
        buffer.withMutableBytes(range) { bytes in
            // SAFETY: the span names the memory and its bound.
            let result = unsafe bytes.withUnsafeMutableBytes { memory in
                retrying {
                    unsafe recv(descriptor.rawValue, memory.baseAddress, memory.count, flags)
                }
            }
            if result > 0 { return .bytes(result) }
            if result == 0 { return .end }
            if errno == EAGAIN { return .wouldBlock }
            return .failed(SystemCallError(call: "recv", errno: errno))
        }
    }

    /// Looks at what waits to be read, from its beginning, and leaves it there.
    package func peek(into buffer: IOBuffer, _ range: Range<Int>) -> ReadProgress {
        receive(into: buffer, range, flags: CInt(MSG_PEEK))
    }

    package func write(_ bytes: Span<UInt8>) -> WriteProgress {
        guard bytes.count > 0 else { return .bytes(0) }
        // SAFETY: the span names the memory and its bound.
        let result = unsafe bytes.withUnsafeBytes { memory in
            retrying {
                unsafe send(
                    descriptor.rawValue, memory.baseAddress, memory.count, CInt(MSG_NOSIGNAL))
            }
        }
        if result >= 0 { return .bytes(result) }
        if errno == EAGAIN { return .wouldBlock }
        return .failed(SystemCallError(call: "send", errno: errno))
    }

    /// Whether nothing waits to be read: no byte, no end, no error.
    package var isSilent: Bool {
        var byte: UInt8 = 0
        // SAFETY: the kernel writes at most the one byte it is lent.
        return unsafe recv(rawValue, &byte, 1, CInt(MSG_PEEK)) == -1 && errno == EAGAIN
    }

    /// Lets the kernel hold this much unsent and no more. It then takes bytes as the peer reads
    /// them, so a slow reader is told from one that has stopped, and costs little (tcp(7)).
    package func limitUnsent(toBytes count: Int32) {
        _ = clinux_set_option(rawValue, CInt(IPPROTO_TCP), TCP_NOTSENT_LOWAT, count)
    }

    /// Says that no more will be sent; the other direction stays open.
    package func finishWriting() {
        _ = shutdown(rawValue, CInt(SHUT_WR))
    }

    /// Makes closing drop what is unsent and reset the connection.
    package func resetOnClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        // SAFETY: the kernel copies the option during the call.
        _ = unsafe setsockopt(
            rawValue, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    package mutating func close() { descriptor.close() }
}

/// Repeats a system call that a signal interrupted.
func retrying(_ call: () -> Int) -> Int {
    while true {
        let result = call()
        if result != -1 || errno != EINTR { return result }
    }
}

// Glibc imports these as enumerations of another type than socket(2) wants.
let SOCK_NONBLOCK_FLAG = CInt(SOCK_NONBLOCK.rawValue)
let SOCK_CLOEXEC_FLAG = CInt(SOCK_CLOEXEC.rawValue)
