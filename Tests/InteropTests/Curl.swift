import Foundation
import Reactor
import TestSupport

/// One run of curl, with one or several requests.
final class Curl: Sendable {
    /// What a finished request came to. Its text is exact, for what is valid UTF-8.
    struct Answer {
        let status: Int
        /// New connections that it needed.
        let connects: Int
        let text: String

        /// The lines of the text, without their ends.
        var lines: [String] { text.split(whereSeparator: \.isNewline).map(String.init) }
    }

    struct Failed: Error { let exit: ChildProcess.Exit, errors: String }

    private let child: ChildProcess
    /// Begins the line that curl is told to write after each request.
    private static let mark = "curl-answer "

    /// Through Sluice. `targets` are paths with their queries.
    convenience init(_ sluice: SluiceProcess, _ targets: String..., with options: [String] = [])
        throws
    {
        let origin = "https://localhost:\(sluice.address.port)"
        let trust = ["--cacert", sluice.folder.path + "/ca.pem"]
        try self.init(trust + options, targets.map { origin + $0 })
    }

    /// Past Sluice.
    convenience init(direct gateway: SocketAddress, _ target: String, with options: [String] = [])
        throws
    {
        try self.init(options, ["http://\(gateway.text)\(target)"])
    }

    private init(_ options: [String], _ urls: [String]) throws {
        let report = "\n\(Self.mark)%{http_code} %{num_connects}\n"
        child = try ChildProcess(
            ["curl", "--silent", "--show-error", "--no-buffer", "--write-out", report] + options
                + urls)
    }

    deinit { leave() }

    /// Closes its connection without a word of its own, as a browser that is killed does.
    func leave() { child.signal(SIGKILL) }

    var isRunning: Bool { child.exit == nil }

    /// The whole lines that came so far.
    var linesSoFar: [String] { child.lines }

    /// Waits for a line that contains `text`.
    func hears(_ text: String) async throws {
        _ = try await child.bulletin.first(
            "\"\(text)\" at curl", clue: { (child.lines + [child.errors]).suffix(9).joined() }
        ) { child.lines.contains { $0.contains(text) } ? true : nil }
    }

    /// Waits for its end. It succeeds when each response was complete by its framing.
    func answers() async throws -> [Answer] {
        let exit = try await child.waitForExit()
        guard exit == .code(0) else { throw Failed(exit: exit, errors: child.errors) }
        // The last lines may be read a moment after the end.
        return try await child.bulletin.first("the end of curl's output") {
            child.lines.last?.hasPrefix(Self.mark) == true ? Self.split(child.lines) : nil
        }
    }

    /// Waits for its end, and returns the answer to its last request.
    func answer() async throws -> Answer {
        guard let answer = try await answers().last else {
            throw Failed(exit: .code(0), errors: "no answer")
        }
        return answer
    }

    private static func split(_ lines: [String]) -> [Answer] {
        var (answers, text): ([Answer], [String]) = ([], [])
        for line in lines {
            if line.hasPrefix(mark) {
                let numbers = line.dropFirst(mark.count).split(separator: " ").compactMap {
                    Int($0)
                }
                answers.append(
                    Answer(
                        status: numbers.first ?? 0, connects: numbers.last ?? 0,
                        text: text.joined(separator: "\n")))
                text = []
            } else {
                text.append(line)
            }
        }
        return answers
    }
}
