import Locking

/// The log as it comes in.
final class LogBook: Sendable {
    private struct Pages {
        var lines: [LogLine] = []
        var counts: [String: Int] = [:]
    }

    private let pages = Guarded(Pages())

    func add(_ text: String) {
        let line = LogLine(text)
        pages.withLock { pages in
            pages.lines.append(line)
            pages.counts[line.event, default: 0] += 1
        }
    }

    var lines: [LogLine] { pages.withLock { $0.lines } }
    func count(_ event: String) -> Int { pages.withLock { $0.counts[event] ?? 0 } }

    func lines(from position: Int) -> ([LogLine], end: Int) {
        pages.withLock { (Array($0.lines[position...]), $0.lines.count) }
    }
}
