import Foundation
import Reactor
import TestSupport

/// A program that tells what it does in lines of JSON, each with an `event`. Ends with its owner.
final class Reporter: Sendable {
    let child: ChildProcess
    private let lastSignal: Int32

    /// `lastSignal` ends it: a program that has something to clear away gets one that it can hear.
    init(_ command: [String], lastSignal: Int32 = SIGKILL) throws {
        child = try ChildProcess(command)
        self.lastSignal = lastSignal
    }

    deinit { child.signal(lastSignal) }

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

    /// Waits for so many lines.
    func lines(
        _ event: String, count: Int,
        where matches: @Sendable (LogLine) -> Bool = { _ in true }
    ) async throws {
        _ = try await child.bulletin.first(
            "\(count) lines \(event)",
            clue: { (child.lines.suffix(10) + [child.errors]).joined(separator: "\n") }
        ) { lines(event).filter(matches).count >= count ? true : nil }
    }

    /// Where a gateway that says `ready` listens.
    func announcedAddress() async throws -> SocketAddress {
        let port = try await line("ready").number("port")
        guard let port = port.flatMap(UInt16.init(exactly:)),
            let address = SocketAddress(ip: "127.0.0.1", port: port)
        else { throw MissingSoftware(description: "the gateway named no port") }
        return address
    }

    /// Waits for something that is said once on standard error.
    func says(_ text: String) async throws {
        _ = try await child.bulletin.first("\"\(text)\"", clue: { child.errors }) {
            child.errors.contains(text) ? true : nil
        }
    }
}
