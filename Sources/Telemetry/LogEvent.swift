/// Everything Sluice ever logs: a closed set of records, one line of the log each.
///
/// A record is data. How it reads as JSON is written beside it, how it reads to a person in
/// `HumanLine`. `docs/LOGS.md` is generated from here.
package enum LogEvent: Sendable {
    case start(Start)
    case ready(Ready)
    case reload(Reload)
    case reloadFailed(ReloadFailed)
    case streamOpened(StreamOpened)
    case streamClosed(StreamClosed)
    case streamRefused(StreamRefused)
    case evict(Evict)
    case flap(Flap)
    case inject(Inject)
    case request(Request)
    case error(Failure)
    case logDropped(LogDropped)
    case drain(Drain)
    case stop(Stop)

    /// The records' names, as `event` carries them.
    package enum Kind: String, CaseIterable, Sendable {
        case start, ready, reload
        case reloadFailed = "reload_failed"
        case streamOpened = "stream_opened"
        case streamClosed = "stream_closed"
        case streamRefused = "stream_refused"
        case evict, flap, inject, request, error
        case logDropped = "log_dropped"
        case drain, stop
    }

    package var kind: Kind {
        switch self {
        case .start: .start
        case .ready: .ready
        case .reload: .reload
        case .reloadFailed: .reloadFailed
        case .streamOpened: .streamOpened
        case .streamClosed: .streamClosed
        case .streamRefused: .streamRefused
        case .evict: .evict
        case .flap: .flap
        case .inject: .inject
        case .request: .request
        case .error: .error
        case .logDropped: .logDropped
        case .drain: .drain
        case .stop: .stop
        }
    }

    package var level: LogLevel {
        switch self {
        case .start, .ready, .drain, .stop: .notice
        case .reload(let record): record.restartNeeded.isEmpty ? .notice : .warning
        case .reloadFailed: .error
        case .streamOpened, .streamClosed, .evict: .info
        case .streamRefused(let record): record.reason.isToldByFlap ? .debug : .info
        case .flap(let record): record.phase.level
        case .inject: .debug
        case .request(let record): record.status < 400 ? .debug : .info
        case .error(let record): record.level
        case .logDropped: .warning
        }
    }

    /// How much of the queue a line may take when its reader is slow.
    enum Claim {
        /// Anybody can have as many written as they send requests.
        case requested
        /// There are as many as something goes wrong, at a measured pace.
        case measured
        /// What the others are counted and understood by.
        case reserved
    }

    var claim: Claim {
        switch self {
        case .request, .streamRefused, .inject: .requested
        case .error(let record): record.isSum ? .reserved : .measured
        case .flap: .measured
        case .start, .ready, .reload, .reloadFailed, .streamOpened, .streamClosed, .evict,
            .logDropped, .drain, .stop:
            .reserved
        }
    }

    /// Appends the event as one line of JSON.
    package func write(to bytes: inout [UInt8], at time: Timestamp) {
        var line = JSONLine(appendingTo: exchange(&bytes, with: []))
        line.add("ts", date: time)
        line.add("level", level.rawValue)
        line.add("event", kind.rawValue)
        writeFields(to: &line)
        bytes = line.finish()
    }

    private func writeFields(to line: inout JSONLine) {
        switch self {
        case .start(let record): record.write(to: &line)
        case .ready(let record): record.write(to: &line)
        case .reload(let record): record.write(to: &line)
        case .reloadFailed(let record): record.write(to: &line)
        case .streamOpened(let record): record.write(to: &line)
        case .streamClosed(let record): record.write(to: &line)
        case .streamRefused(let record): record.write(to: &line)
        case .evict(let record): record.write(to: &line)
        case .flap(let record): record.write(to: &line)
        case .inject(let record): record.write(to: &line)
        case .request(let record): record.write(to: &line)
        case .error(let record): record.write(to: &line)
        case .logDropped(let record): record.write(to: &line)
        case .drain(let record): record.write(to: &line)
        case .stop(let record): record.write(to: &line)
        }
    }
}
