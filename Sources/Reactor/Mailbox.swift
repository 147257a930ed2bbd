internal import CLinux
internal import Glibc
internal import Locking

/// Messages for one reactor from other threads: a queue behind a mutex, and an eventfd that wakes
/// the reactor. Senders never wait for the receiver.
///
/// The queue is bounded by what is said in it: one message per live stream, per request that waits and
/// per reload at most.
package final class Mailbox<Message: Sendable>: Sendable {
    private let waiting = Guarded<[Message]>([])
    private let wakeup: Wakeup

    package init() throws(SystemCallError) { wakeup = try Wakeup() }

    package func post(_ message: Message) {
        let wasEmpty = waiting.withLock { queue in
            queue.append(message)
            return queue.count == 1
        }
        if wasEmpty { wakeup.signal() }
    }

    /// Everything posted so far, in order.
    package func takeAll() -> [Message] {
        wakeup.clear()
        return waiting.withLock { queue in
            let messages = queue
            queue = []
            return messages
        }
    }

    package var descriptor: CInt { wakeup.rawValue }

    /// Blocks until something was posted. For a thread that has nothing else to do.
    package func waitForAll() -> [Message] {
        while true {
            let messages = takeAll()
            if !messages.isEmpty { return messages }
            wakeup.wait()
        }
    }
}

/// An eventfd: something to write that makes a reactor turn.
package final class Wakeup: Sendable {
    package let rawValue: CInt

    package init() throws(SystemCallError) {
        rawValue = eventfd(0, CInt(EFD_NONBLOCK) | CInt(EFD_CLOEXEC))
        guard rawValue >= 0 else { throw SystemCallError(call: "eventfd", errno: errno) }
    }

    deinit { _ = close(rawValue) }

    package func signal() {
        // The only failure is a full counter, and then the reactor is awake already.
        _ = eventfd_write(rawValue, 1)
    }

    /// Blocks until `signal` was called since the last `clear`.
    func wait() {
        var request = pollfd(fd: rawValue, events: Int16(POLLIN), revents: 0)
        // SAFETY: the kernel writes into the one structure it is lent.
        _ = unsafe poll(&request, 1, -1)
    }

    package func clear() {
        var count: eventfd_t = 0
        // SAFETY: the kernel fills the integer it is lent.
        _ = unsafe eventfd_read(rawValue, &count)
    }
}
