import DemoGateway
import Foundation
import Locking
import Reactor
import TLS

/// Sluice itself, the built binary, in front of a gateway.
package final class SluiceProcess: Sendable {
    package let child: ChildProcess
    /// Holds `sluice.yaml`, `policies/`, `ca.pem`, `chain.pem` and `key.pem`.
    package let folder: TemporaryFolder
    /// Where clients can connect.
    package let address: SocketAddress
    private let book: LogBook
    /// What a client needs who trusts the first certificate and speaks HTTP/1.1.
    let security: TestClient.Security

    package struct StartError: Error, CustomStringConvertible {
        package let description: String
    }

    /// Starts it and waits until it is ready.
    package init(gateway: SocketAddress, options: SluiceOptions = SluiceOptions()) async throws {
        folder = try TemporaryFolder()
        try SelfSignedAuthority.write(to: folder.path, names: ["localhost", "127.0.0.1"])
        for (index, names) in options.furtherCertificates.enumerated() {
            try SelfSignedAuthority.write(to: "\(folder.path)/\(index)", names: names)
        }
        for (name, text) in options.policies { try folder.write(text, to: "policies/" + name) }
        let settings = try folder.write(
            options.settings(folder: folder.path, gateway: "http://\(gateway.text)"),
            to: "sluice.yaml")
        security = options.usesTLS ? try Self.security(folder) : .none
        let book = LogBook()
        self.book = book
        child = try ChildProcess(
            options.wrapper + [try Self.binary(), "run", "--config", settings],
            output: options.output
        ) { book.add($0) }
        do {
            address =
                options.port == 0
                ? try await Self.readyAddress(child, book)
                : try await Self.answeringAddress(options.port, child)
        } catch {
            child.signal(SIGKILL)
            throw error
        }
    }

    deinit { child.signal(SIGKILL) }

    /// The log cannot be read, so that it answers must do.
    private static func answeringAddress(
        _ port: UInt16, _ child: ChildProcess
    ) async throws -> SocketAddress {
        guard let address = SocketAddress(ip: "127.0.0.1", port: port) else {
            throw StartError(description: "port \(port) is none")
        }
        while child.exit == nil {
            let client = TestClient(to: address, security: .none)
            let handshake = try await client.handshake()
            client.leave(.reset)
            if handshake == .done { return address }
            // Nothing announces that a port is open: this is the one place that has to ask again.
            try await Task.sleep(for: .milliseconds(20))
        }
        throw StartError(description: "Sluice did not start: \(child.errors)")
    }

    private static func readyAddress(
        _ child: ChildProcess, _ book: LogBook
    ) async throws -> SocketAddress {
        let ready = try await child.bulletin.first(
            "Sluice to be ready",
            clue: { child.errors + "\n" + book.lines.map(\.text).suffix(5).joined(separator: "\n") }
        ) { () -> [String]? in
            if let line = book.lines.first(where: { $0.event == "ready" }) {
                return line.list("listen")
            }
            return child.exit == nil ? nil : []
        }
        guard let text = ready.first,
            let port = text.split(separator: ":").last.flatMap({ UInt16($0) }),
            let address = SocketAddress(ip: "127.0.0.1", port: port)
        else { throw StartError(description: "Sluice did not start: \(child.errors)") }
        return address
    }

    /// The program, found beside the tests.
    package static func binary() throws -> String {
        if let path = ProcessInfo.processInfo.environment["SLUICE_BINARY"] { return path }
        var folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        if folder.lastPathComponent.contains("swiftpm") {
            folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        }
        for _ in 0..<6 {
            folder.deleteLastPathComponent()
            let path = folder.appendingPathComponent("sluice").path
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
                !isFolder.boolValue
            {
                return path
            }
        }
        throw StartError(description: "There is no sluice beside the tests; build it first.")
    }

    // MARK: Its log

    package var lines: [LogLine] { book.lines }

    package func lines(_ event: String) -> [LogLine] { book.lines.filter { $0.event == event } }

    package func lines(
        _ event: String, where matches: (LogLine) -> Bool
    ) -> [LogLine] { lines(event).filter(matches) }

    /// How many lines there are of an event.
    package func count(_ event: String) -> Int { book.count(event) }

    /// Waits for a line.
    @discardableResult
    package func log(
        _ event: String, within limit: Duration = patience,
        where matches: @escaping @Sendable (LogLine) -> Bool = { _ in true }
    ) async throws -> LogLine {
        // Each line is looked at once.
        let position = Guarded(0)
        return try await child.bulletin.first(
            "the log line \(event)", within: limit, clue: { self.clue }
        ) {
            position.withLock { position in
                let (fresh, end) = book.lines(from: position)
                position = end
                return fresh.first { $0.event == event && matches($0) }
            }
        }
    }

    /// Waits until there are so many lines of an event.
    package func log(_ event: String, count: Int, within limit: Duration = patience) async throws {
        _ = try await child.bulletin.first(
            "\(count) log lines \(event)", within: limit,
            clue: { "There are \(self.count(event)). \(self.clue)" }
        ) { book.count(event) >= count ? true : nil }
    }

    private var clue: String {
        "exit \(child.exit.map { "\($0)" } ?? "none")\n\(child.errors)\n"
            + book.lines.suffix(8).map(\.text).joined(separator: "\n")
    }

    // MARK: Signals

    package func signal(_ number: Int32) { child.signal(number) }

    /// SIGTERM, and how it ended.
    @discardableResult
    package func stop(within limit: Duration = patience) async throws -> ChildProcess.Exit {
        child.signal(SIGTERM)
        return try await child.waitForExit(within: limit)
    }

    /// SIGHUP, and the line that tells what came of it.
    package func reload(_ files: [String: String] = [:]) async throws -> LogLine {
        for (name, text) in files { try folder.write(text, to: "policies/" + name) }
        let before = book.count("reload") + book.count("reload_failed")
        child.signal(SIGHUP)
        return try await child.bulletin.first("the outcome of a reload", clue: { self.clue }) {
            let outcomes = book.lines.filter { $0.event == "reload" || $0.event == "reload_failed" }
            return outcomes.count > before ? outcomes.last : nil
        }
    }
}
