internal import CLinux
internal import Glibc

/// An open file descriptor. One owner; when the owner goes, the descriptor is closed.
package struct Descriptor: ~Copyable {
    /// -1 once it was closed early.
    package private(set) var rawValue: CInt

    /// Adopts a descriptor that the kernel has just handed out.
    package init(adopting rawValue: CInt) {
        precondition(rawValue >= 0, "A failed call has no descriptor to own.")
        self.rawValue = rawValue
    }

    package var isOpen: Bool { rawValue >= 0 }

    /// Closes it before its owner goes. Doing so twice is harmless.
    package mutating func close() {
        guard rawValue >= 0 else { return }
        _ = Glibc.close(rawValue)  // Gone even on EINTR: Linux never wants a retry here.
        rawValue = -1
    }

    /// Gives the descriptor to an owner on another thread.
    package consuming func release() -> CInt {
        let rawValue = rawValue
        discard self
        return rawValue
    }

    deinit {
        if rawValue >= 0 { _ = Glibc.close(rawValue) }
    }
}

/// What the process may open.
package enum DescriptorLimit {
    /// Raises the soft limit of open descriptors to the hard one and says what it is now.
    package static func raise() -> Int { Int(clamping: clinux_raise_descriptor_limit()) }
}
