internal import Ledger

extension LogEvent {
    /// The text of `docs/LOGS.md`.
    package static func reference() -> String {
        ([introduction, levels] + Kind.allCases.map(section) + [reasons])
            .joined(separator: "\n") + "\n"
    }

    /// The moment of all examples.
    package static let exampleTime = Timestamp(seconds: 1_795_521_791, nanoseconds: 42_000_000)

    private static var introduction: String {
        """
        # Logs

        This page is generated from the types in `Sources/Telemetry`; a test keeps it current.

        Sluice writes one JSON object per line. The records below are all there are. Each begins with

        | field | meaning |
        |---|---|
        | `ts` | when it happened: RFC 3339, UTC, with milliseconds |
        | `level` | see [Levels](#levels) |
        | `event` | the record's name |

        and goes on with its own fields, always in the order given here.

        - A field without a value is left out, never `null`. Those fields are marked *optional*.
        - Names of fields, events and reasons do not change. New ones may be added.
        - Times that end in `_ms` are whole milliseconds. Sizes are bytes.
        - Tokens, cookies and queries never appear. A user whose token has no usable claim appears as
          a keyed hash of the token.
        - Text from outside is escaped: control characters, ESC, U+2028 and U+2029, and the marks that
          turn the reading direction. Bytes that are not UTF-8 become U+FFFD.
        - A text longer than \(JSONLine.stringBytesMax) bytes is cut and ends in `…[cut]`. A line is at most \
        \(JSONLine.lineBytesMax) bytes long.
        - Of `error` lines with the same reason 200 are written in a second, at most 100 of them for one
          client, and then one with how many were left out. Every stream has its closing line.
        - Lines wait in memory for one writer: up to \(LogQueue.Limits.standard.linesMax) lines or \
        \(LogQueue.Limits.standard.bytesMax >> 20) MiB, half of it for `request`,
          `stream_refused` and `inject`. For the lines of streams and of the process there is room for \
        \(LogQueue.Limits.standard.reserveLines)
          lines or \(LogQueue.Limits.standard.reserveBytes >> 20) MiB more. When the log's reader is slower than that, the newest lines are dropped
          and counted in `log_dropped`.
          Traffic never waits for the log.

        """
    }

    private static var levels: String {
        table(
            title: "## Levels", head: ("level", "meaning"),
            rows: LogLevel.allCases.map { ($0.rawValue, $0.meaning) })
    }

    private static func section(_ kind: Kind) -> String {
        let reference = kind.reference
        var example: [UInt8] = []
        reference.example.write(to: &example, at: exampleTime)
        let rows = reference.fields.map { field in
            (field.name, field.isOptional ? "\(field.meaning) (*optional*)" : field.meaning)
        }
        return """
            \(table(
                title: "## \(kind.rawValue)\n\n\(reference.when)\n\nLevel: \(reference.level).",
                head: ("field", "meaning"), rows: rows))
            ```json
            \(String(decoding: example.dropLast(), as: UTF8.self))
            ```

            """
    }

    private static var reasons: String {
        let tables = [
            table(
                title: "### Why a stream closed", head: ("reason", "meaning"),
                rows: CloseReason.allCases.map { ($0.rawValue, $0.meaning) }),
            table(
                title: "### Why a newcomer was refused", head: ("reason", "meaning"),
                rows: StreamRefused.Reason.allCases.map { ($0.rawValue, $0.meaning) }),
            table(
                title: "### Which limit evicts", head: ("reason", "limit"),
                rows: CloseReason.evictions.map { ($0.rawValue, $0.meaning) }),
            table(
                title: "### Why this stream is evicted", head: ("choice", "meaning"),
                rows: Choice.allCases.map { ($0.rawValue, $0.meaning) }),
            table(
                title: "### What Sluice writes into a stream", head: ("kind", "meaning"),
                rows: Inject.Kind.allCases.map { ($0.rawValue, $0.meaning) }),
            table(
                title: "### Why the process stops", head: ("reason", "meaning"),
                rows: StopReason.allCases.map { ($0.rawValue, $0.meaning) }),
            table(
                title: "### Whose fault", head: ("fault", "meaning"),
                rows: Fault.allCases.map { ($0.rawValue, $0.meaning) }),
            table(
                title: "### What a reload changed", head: ("part", "meaning"),
                rows: ReloadPart.allCases.map { ($0.rawValue, $0.meaning) }),
        ]
        return "## Reasons\n\n" + tables.joined(separator: "\n")
    }

    private static func table(
        title: String, head: (String, String), rows: [(String, String)]
    ) -> String {
        let lines = rows.map { "| `\($0.0)` | \($0.1) |" }.joined(separator: "\n")
        return """
            \(title)

            | \(head.0) | \(head.1) |
            |---|---|
            \(lines)

            """
    }
}
