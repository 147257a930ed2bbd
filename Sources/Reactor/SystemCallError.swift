internal import Glibc

/// A system call said no. The name is static, so an error costs no allocation.
package struct SystemCallError: Error, Equatable, Sendable {
    package let call: StaticString
    package let errno: CInt

    package init(call: StaticString, errno: CInt) {
        self.call = call
        self.errno = errno
    }

    /// What the system says of it, in its own words.
    package var message: String {
        // SAFETY: strerror answers every number with a static text, or one that lives until the
        // thread's next call; it is copied at once.
        let words = unsafe strerror(errno).map { unsafe String(cString: $0) } ?? "unknown error"
        return "\(call): \(words)"
    }

    /// Whether the process or the machine is out of descriptors, memory or ports, so that waiting helps.
    package var isExhaustion: Bool {
        switch errno {
        case EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL: true
        default: false
        }
    }

    /// Whether it is only to this one destination that no port of ours is left.
    package var isOutOfPorts: Bool { errno == EADDRNOTAVAIL }

    /// Whether a connect found no room in the backlog of a unix socket.
    package var isBacklogFull: Bool { errno == EAGAIN }

    package static func == (left: Self, right: Self) -> Bool { left.errno == right.errno }
}
