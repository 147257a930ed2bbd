import Locking
package import Reactor
import Synchronization
package import Telemetry

/// The one thread that writes log lines. It may be blocked by whoever reads them; nobody waits for
/// it but the end of the process, and that not for long.
package final class LogWriter: Sendable {
    /// Where lines go.
    package enum Target: Equatable, Sendable {
        case stdout, stderr
        case file(String)

        /// Whether the process was started without it, so that nobody reads what is written there.
        package var isMissing: Bool {
            switch self {
            case .stdout: StandardStreams.missing?.output == true
            case .stderr: StandardStreams.missing?.error == true
            case .file: false
            }
        }

        fileprivate func open() throws(SystemCallError) -> OutputFile {
            switch self {
            case .stdout: try .standardOutput()
            case .stderr: try .standardError()
            case .file(let path): try OutputFile(appendingTo: path)
            }
        }
    }

    private enum Command: Sendable {
        case write
        case reopen(Target)
        case stop
    }

    package let queue: LogQueue
    private let mailbox: Mailbox<Command>
    private let hasStopped = Atomic(false)
    private let thread = Guarded<Thread?>(nil)

    /// Opens the target, so that a bad one is known before anything else happens, and starts to
    /// write.
    package init(
        to target: Target, level: LogLevel, format: LogQueue.Format
    ) throws(SystemCallError) {
        let mailbox = try Mailbox<Command>()
        self.mailbox = mailbox
        queue = LogQueue(level: level, format: format, limits: .standard) { mailbox.post(.write) }
        let first = try target.open().release()
        let started = try Thread(name: "sluice-log") { [self] in run(first) }
        thread.withLock { $0 = started }
    }

    /// Opens the target anew: after a rotation, or because a reload names another one. When that
    /// fails, lines go on to the old one and the log says so (G12).
    package func reopen(_ target: Target) { mailbox.post(.reopen(target)) }

    /// Has everything written that was said so far, and waits for it a moment.
    package func stop(atMost patience: Duration) {
        mailbox.post(.stop)
        let deadline = Clock.monotonic() + patience
        while !hasStopped.load(ordering: .acquiring), Clock.monotonic() < deadline {
            Clock.pause(.milliseconds(1))
        }
        // One that still waits for its reader is left behind.
        guard hasStopped.load(ordering: .acquiring) else { return }
        thread.withLock { $0 }?.join()
    }

    private func run(_ descriptor: CInt) {
        var file = OutputFile(adopting: descriptor)
        var batch: [UInt8] = []
        while true {
            for command in mailbox.waitForAll() {
                switch command {
                case .write: writeAll(to: file, &batch)
                case .reopen(let target):
                    writeAll(to: file, &batch)
                    if let opened = open(target) { file = opened }
                case .stop:
                    writeAll(to: file, &batch)
                    hasStopped.store(true, ordering: .releasing)
                    return
                }
            }
        }
    }

    private func open(_ target: Target) -> OutputFile? {
        guard !target.isMissing else {
            recordReopenFailure("it was closed at the start")
            return nil
        }
        do throws(SystemCallError) {
            return try target.open()
        } catch {
            recordReopenFailure(error.message)
            return nil
        }
    }

    private func recordReopenFailure(_ detail: String) {
        queue.push(
            .error(
                LogEvent.Failure(
                    level: .error, reason: "log_reopen_failed", fault: .sluice, detail: detail,
                    client: nil, stream: nil, method: nil, path: nil)),
            at: .now)
    }

    private func writeAll(to file: borrowing OutputFile, _ batch: inout [UInt8]) {
        while true {
            let lines = queue.takeBatch(into: &batch, at: .now)
            guard lines > 0 else { return }
            do throws(SystemCallError) {
                try file.write(batch.span)
            } catch {
                queue.countLost(lines)  // A full disk or a dead reader: counted, and told later.
            }
        }
    }
}

extension Timestamp {
    /// The time of day, for a log line.
    static var now: Timestamp {
        let time = Clock.timeOfDay()
        return Timestamp(seconds: time.seconds, nanoseconds: Int(time.nanoseconds))
    }
}
