internal import CLinux
internal import Glibc

/// What one accept came to.
package enum AcceptProgress: ~Copyable {
    case accepted(Socket, SocketAddress)
    case wouldBlock
    /// That connection is lost, the next may do.
    case aborted
    case failed(SystemCallError)
}

/// A socket that accepts connections; non-blocking.
package struct ListeningSocket: ~Copyable {
    private var descriptor: Descriptor

    /// How many connections may wait to be accepted. The kernel caps it at `somaxconn`.
    private static let backlog: CInt = 4096

    /// Binds and listens. With `sharesPort`, every worker may bind the same address and the kernel
    /// spreads connections among them (`SO_REUSEPORT`, socket(7)).
    package init(on address: SocketAddress, sharesPort: Bool) throws(SystemCallError) {
        let kind = CInt(SOCK_STREAM.rawValue) | SOCK_NONBLOCK_FLAG | SOCK_CLOEXEC_FLAG
        let rawValue = Glibc.socket(address.family, kind, 0)
        guard rawValue >= 0 else { throw SystemCallError(call: "socket", errno: errno) }
        let descriptor = Descriptor(adopting: rawValue)
        if !address.isUnix {
            _ = clinux_set_option(rawValue, SOL_SOCKET, SO_REUSEADDR, 1)
            if sharesPort { _ = clinux_set_option(rawValue, SOL_SOCKET, SO_REUSEPORT, 1) }
        }
        var storage = address.storage
        // SAFETY: the kernel copies the address during the call.
        guard unsafe clinux_bind(rawValue, &storage, address.length) == 0 else {
            throw SystemCallError(call: "bind", errno: errno)
        }
        guard listen(rawValue, Self.backlog) == 0 else {
            throw SystemCallError(call: "listen", errno: errno)
        }
        self.descriptor = descriptor
    }

    /// Whether somebody else listens at `address`: then it cannot be bound without being shared.
    package static func isTaken(_ address: SocketAddress) throws(SystemCallError) -> Bool {
        let kind = CInt(SOCK_STREAM.rawValue) | SOCK_NONBLOCK_FLAG | SOCK_CLOEXEC_FLAG
        let rawValue = Glibc.socket(address.family, kind, 0)
        guard rawValue >= 0 else { throw SystemCallError(call: "socket", errno: errno) }
        let descriptor = Descriptor(adopting: rawValue)
        var storage = address.storage
        guard address.isUnix else {
            _ = clinux_set_option(rawValue, SOL_SOCKET, SO_REUSEADDR, 1)
            // SAFETY: the kernel copies the address during the call.
            return unsafe clinux_bind(descriptor.rawValue, &storage, address.length) != 0
                && errno == EADDRINUSE
        }
        // SAFETY: as above.
        guard unsafe clinux_connect(descriptor.rawValue, &storage, address.length) != 0 else {
            return true
        }
        switch errno {
        // Nobody has bound it, or it is no socket, which the one who binds it will find out.
        case ECONNREFUSED, ENOENT: return false
        // A full backlog, or a socket of another kind: somebody is there.
        case EAGAIN, EPROTOTYPE: return true
        case let code: throw SystemCallError(call: "connect", errno: code)
        }
    }

    /// Binds a unix socket and listens, in the place of a file that nobody listens on any more.
    ///
    /// - Returns: `nil` if somebody does.
    package static func claim(_ address: SocketAddress) throws(SystemCallError) -> Claim? {
        let path = address.unixPath ?? ""
        // Two that start at once must not take each other's new socket for one left behind.
        let lock = FolderLock(around: path)
        guard try !isTaken(address) else { return nil }
        SocketFile.removeStale(at: path)
        let socket = try ListeningSocket(on: address, sharesPort: false)
        let file = SocketFile(boundAt: path)
        lock?.release()
        return Claim(socket: socket, file: file)
    }

    /// A unix socket and the file that stands for it.
    package struct Claim: ~Copyable {
        package let socket: ListeningSocket
        package let file: SocketFile?

        /// Gives the descriptor to an owner on another thread.
        package consuming func release() -> CInt { socket.release() }
    }

    package init(adopting rawValue: CInt) { descriptor = Descriptor(adopting: rawValue) }

    package var rawValue: CInt { descriptor.rawValue }

    /// The address it is bound to, with the port the kernel chose when 0 was asked for.
    package var address: SocketAddress {
        var storage = sockaddr_storage()
        // SAFETY: the function fills the storage it is lent.
        _ = unsafe clinux_local_address(rawValue, &storage)
        return SocketAddress(
            storage: storage, length: socklen_t(MemoryLayout<sockaddr_storage>.size))
    }

    package func accept() -> AcceptProgress {
        var storage = sockaddr_storage()
        // SAFETY: the function fills the storage it is lent.
        let rawValue = unsafe clinux_accept(descriptor.rawValue, &storage)
        if rawValue >= 0 {
            let address = SocketAddress(
                storage: storage, length: socklen_t(MemoryLayout<sockaddr_storage>.size))
            return .accepted(Socket(adopting: rawValue), address)
        }
        switch errno {
        case EAGAIN: return .wouldBlock
        // accept(2): errors of the new connection itself, to be treated like "try again".
        case EINTR, ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH,
            EOPNOTSUPP, ENETUNREACH, EPERM:
            return .aborted
        case let code: return .failed(SystemCallError(call: "accept", errno: code))
        }
    }

    /// Whether a connection waits to be accepted.
    package var hasWaiting: Bool {
        var request = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
        // SAFETY: the kernel writes into the one structure it is lent.
        return unsafe poll(&request, 1, 0) == 1
    }

    package mutating func close() { descriptor.close() }

    /// Gives the descriptor to an owner on another thread.
    package consuming func release() -> CInt { descriptor.release() }
}
