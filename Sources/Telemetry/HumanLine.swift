/// How log events read to a person who watches `sluice demo`:
///
///     12:03:11  evict    s-1  alice: newer stream s-2 took its place (cap 1)
///
/// A line is for reading only; programs read the JSON.
package struct HumanLine: Sendable {
    /// Only for a terminal.
    private let usesColours: Bool

    package init(usesColours: Bool) { self.usesColours = usesColours }

    /// Appends the event as one line of text.
    package func write(_ event: LogEvent, to bytes: inout [UInt8], at time: Timestamp) {
        let summary = Summary(event)
        bytes.append(clockOf: time)
        bytes.append(contentsOf: "  ".utf8)
        append(verb: summary.verb, in: Colour(event), to: &bytes)
        let subject = summary.subject.map { $0.padded(to: 5) } ?? ""
        bytes.append(
            escaping: subject + summary.text, for: .line, bytesMax: JSONLine.stringBytesMax)
        bytes.append(UInt8(ascii: "\n"))
    }

    private func append(verb: String, in colour: Colour, to bytes: inout [UInt8]) {
        let text = verb.padded(to: 9)
        guard usesColours, let code = colour.code else {
            bytes.append(contentsOf: text.utf8)
            return
        }
        bytes.append(contentsOf: "\u{1B}[\(code)m\(text)\u{1B}[0m".utf8)
    }
}

/// The three columns after the time.
private struct Summary {
    let verb: String
    /// A stream's id.
    var subject: String?
    let text: String

    init(_ event: LogEvent) {
        switch event {
        case .start(let record): (verb, text) = ("start", record.summary)
        case .ready(let record):
            (verb, text) = ("ready", "listening on \(record.listen.joined(separator: ", "))")
        case .reload(let record): (verb, text) = ("reload", record.summary)
        case .reloadFailed(let record): (verb, text) = ("reload", record.summary)
        case .streamOpened(let record):
            (verb, subject, text) = ("open", record.context.stream, record.summary)
        case .streamClosed(let record):
            (verb, subject, text) = ("close", record.context.stream, record.summary)
        case .streamRefused(let record): (verb, text) = ("refuse", record.summary)
        case .evict(let record):
            (verb, subject, text) = ("evict", record.context.stream, record.summary)
        case .flap(let record): (verb, text) = ("flap", record.summary)
        case .inject(let record):
            (verb, subject, text) = ("inject", record.stream, record.summary)
        case .request(let record): (verb, text) = ("request", record.summary)
        case .error(let record):
            (verb, subject, text) = (record.level.rawValue, record.stream, record.summary)
        case .logDropped(let record):
            (verb, text) = ("dropped", "\(record.count) lines of this log were lost")
        case .drain(let record):
            (verb, text) = ("drain", "closing \(record.streams) streams")
        case .stop(let record):
            (verb, text) = ("stop", record.summary)
        }
    }
}

private enum Colour {
    case plain, green, yellow, red

    init(_ event: LogEvent) {
        self =
            switch event {
            case .ready, .streamOpened: .green
            case .evict, .streamRefused, .logDropped: .yellow
            case .reloadFailed: .red
            case .error(let record): record.level == .error ? .red : .yellow
            case .flap(let record): record.phase.level == .warning ? .yellow : .plain
            case .start, .reload, .streamClosed, .inject, .request, .drain, .stop: .plain
            }
    }

    /// As the terminal wants it (ECMA-48, section 8.3.117).
    var code: Int? {
        switch self {
        case .plain: nil
        case .green: 32
        case .yellow: 33
        case .red: 31
        }
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - unicodeScalars.count))
    }
}
