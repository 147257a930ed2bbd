import Foundation
import TestSupport

/// A program that tells what it does in lines of JSON, each with an `event`. Ends with its owner.
final class Reporter: Sendable {
    let child: ChildProcess

    init(_ command: [String]) throws { child = try ChildProcess(command) }

    deinit { child.signal(SIGKILL) }

    func lines(_ event: String) -> [LogLine] {
        child.lines.map { LogLine($0) }.filter { $0.event == event }
    }

    /// Waits for a line.
    @discardableResult
    func line(
        _ event: String, within limit: Duration = patience,
        where matches: @Sendable (LogLine) -> Bool = { _ in true }
    ) async throws -> LogLine {
        try await child.bulletin.first(
            "a line \(event)", within: limit,
            clue: { (child.lines.suffix(10) + [child.errors]).joined(separator: "\n") }
        ) { lines(event).first(where: matches) }
    }

    /// Waits for something that is said once on standard error.
    func says(_ text: String) async throws {
        _ = try await child.bulletin.first("\"\(text)\"", clue: { child.errors }) {
            child.errors.contains(text) ? true : nil
        }
    }
}
