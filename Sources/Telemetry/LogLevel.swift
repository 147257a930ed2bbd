/// How much a log line asks of its reader.
package enum LogLevel: String, CaseIterable, Comparable, Sendable {
    case error, warning, notice, info, debug

    /// What the level says, as the reference explains it.
    package var meaning: String {
        switch self {
        case .error: "A person must act."
        case .warning: "Degraded, but serving."
        case .notice:
            "The life of the process: start, ready, reload, drain, stop; and that a flap is over."
        case .info: "What happened to a stream, and requests that failed."
        case .debug:
            "Requests that went well, refusals within a flap, and what Sluice writes into streams."
        }
    }

    package static func < (left: LogLevel, right: LogLevel) -> Bool {
        left.severity < right.severity
    }

    /// Grows with urgency, so that one comparison tells whether a line is wanted.
    var severity: UInt8 {
        switch self {
        case .error: 4
        case .warning: 3
        case .notice: 2
        case .info: 1
        case .debug: 0
        }
    }
}
