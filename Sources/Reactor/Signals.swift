internal import CLinux
internal import Glibc

/// The signals that Sluice listens to.
package enum Signal: Sendable {
    /// SIGHUP: read everything again.
    case reload
    /// SIGTERM and SIGINT: drain and stop.
    case stop
    /// SIGQUIT: stop at once.
    case quit
    /// SIGUSR1: open the log file again.
    case reopenLog
}

/// Signals as bytes to read (signalfd(2)), so that no code ever runs inside a handler.
///
/// Make it before any other thread: threads inherit the blocked signals from their maker.
package struct SignalQueue: ~Copyable {
    private let descriptor: Descriptor

    package init() throws(SystemCallError) {
        clinux_ignore(SIGPIPE)
        clinux_ignore(SIGUSR2)
        clinux_ignore(SIGALRM)
        let wanted = [SIGHUP, SIGTERM, SIGINT, SIGQUIT, SIGUSR1]
        // SAFETY: the function reads `count` integers of the array it is lent.
        let rawValue = unsafe clinux_signals(wanted, CInt(wanted.count))
        guard rawValue >= 0 else { throw SystemCallError(call: "signalfd", errno: errno) }
        descriptor = Descriptor(adopting: rawValue)
    }

    package var rawValue: CInt { descriptor.rawValue }

    /// The next signal that waits, `nil` when there is none.
    package func next() -> Signal? {
        while true {
            switch clinux_next_signal(descriptor.rawValue) {
            case 0: return nil
            case SIGHUP: return .reload
            case SIGTERM, SIGINT: return .stop
            case SIGQUIT: return .quit
            case SIGUSR1: return .reopenLog
            case _: continue  // Not one we asked for.
            }
        }
    }
}
