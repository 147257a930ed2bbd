internal import CLinux
internal import Glibc

/// What the kernel says of a descriptor.
package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let readable = Readiness(rawValue: 1)
    package static let writable = Readiness(rawValue: 2)
    /// The peer has finished sending (`EPOLLRDHUP`) or the connection is gone.
    package static let peerGone = Readiness(rawValue: 4)
}

/// One epoll instance. Edge-triggered: a descriptor is registered once, for everything.
@safe struct Poller: ~Copyable {
    private let descriptor: Descriptor
    /// Where the kernel writes; as many events as one turn handles at most.
    private let batch: UnsafeMutableBufferPointer<epoll_event>
    private static let batchSize = 512

    init() throws(SystemCallError) {
        let rawValue = epoll_create1(CInt(EPOLL_CLOEXEC))
        guard rawValue >= 0 else { throw SystemCallError(call: "epoll_create1", errno: errno) }
        descriptor = Descriptor(adopting: rawValue)
        unsafe batch = .allocate(capacity: Self.batchSize)
        unsafe batch.initialize(repeating: epoll_event())
    }

    deinit { unsafe batch.deallocate() }

    /// Registers for life: closing the descriptor is what removes it.
    func add(_ rawValue: CInt, token: Registration) throws(SystemCallError) {
        // SAFETY: `data` is a union of plain numbers and a pointer; only `u64` is ever used.
        var event = unsafe epoll_event()
        unsafe event.events =
            EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
        unsafe event.data.u64 = token.packed
        // SAFETY: the kernel copies the event during the call.
        let result = unsafe epoll_ctl(descriptor.rawValue, EPOLL_CTL_ADD, rawValue, &event)
        if result != 0 { throw SystemCallError(call: "epoll_ctl", errno: errno) }
    }

    /// Ends a registration of a descriptor that stays open.
    func remove(_ rawValue: CInt) {
        // Since Linux 2.6.9 the kernel does not look at the event (epoll_ctl(2)).
        _ = epoll_ctl(descriptor.rawValue, EPOLL_CTL_DEL, rawValue, nil)
    }

    /// Waits and says how many events are in the batch. A signal that interrupts is no event.
    mutating func wait(milliseconds: CInt) -> Int {
        // SAFETY: the batch outlives the call and its count is the bound.
        let count = unsafe epoll_wait(
            descriptor.rawValue, batch.baseAddress, CInt(Self.batchSize), milliseconds)
        precondition(count >= 0 || errno == EINTR, "epoll_wait refused our own descriptor.")
        return max(0, Int(count))
    }

    func event(at index: Int) -> (token: Registration, readiness: Readiness) {
        precondition(index >= 0 && index < Self.batchSize)
        // SAFETY: the index was just checked, and the whole batch is initialized.
        let (events, packed) = unsafe (batch[index].events, batch[index].data.u64)
        var readiness: Readiness = []
        if events & EPOLLIN.rawValue != 0 { readiness.insert(.readable) }
        if events & EPOLLOUT.rawValue != 0 { readiness.insert(.writable) }
        let gone = EPOLLRDHUP.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue
        // What is left to read must still be read, and the error shows itself to the reader.
        if events & gone != 0 { readiness.formUnion([.peerGone, .readable, .writable]) }
        return (Registration(packed: packed), readiness)
    }
}
