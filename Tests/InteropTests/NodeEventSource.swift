import Foundation
import TestSupport

/// Node's own EventSource, see Fixtures/eventsource.mjs.
struct NodeEventSource: Sendable {
    let reporter: Reporter

    /// Whether there is a Node with an EventSource.
    static let isAvailable: Bool = {
        let node = Process()
        node.executableURL = URL(filePath: "/usr/bin/env")
        node.arguments = ["node", "--experimental-eventsource", "-e", "0"]
        node.standardError = FileHandle.nullDevice
        // Whatever keeps it from running, there is none.
        guard (try? node.run()) != nil else { return false }
        node.waitUntilExit()
        return node.terminationStatus == 0
    }()

    /// A tab that is open. It waits a fraction of what it means to: one `haste`th.
    init(_ sluice: SluiceProcess, _ target: String, scheme: String, haste: Int) throws {
        reporter = try Reporter([
            "env", "NODE_EXTRA_CA_CERTS=\(sluice.folder.path)/ca.pem",
            "node", "--no-warnings", "--experimental-eventsource",
            Fixtures.path("eventsource.mjs"),
            "\(scheme)://localhost:\(sluice.address.port)\(target)", "\(haste)",
        ])
    }

    /// Waits until it says that it will wait so many milliseconds.
    func waiting(_ range: ClosedRange<Int>) async throws {
        try await reporter.line("waiting") { $0.number("ms").map(range.contains) == true }
    }

    /// The data of the events that its own listeners got, by their name.
    func data(_ name: String) -> [String] {
        reporter.lines("named").filter { $0["name"] == name }.compactMap { $0["data"] }
    }
}
