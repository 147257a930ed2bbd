import DemoGateway
import Foundation
import TestSupport

/// curl with a stream of alice, in a process that can be put to sleep.
final class GhostSleeper: Sendable {
    let child: ChildProcess

    init(_ address: String) throws {
        let token = DemoToken.make(user: "alice", plan: nil)
        child = try ChildProcess([
            "curl", "--silent", "--no-buffer", "--insecure",
            "https://\(address)/events?access_token=\(token)",
        ])
    }

    deinit { child.signal(SIGKILL) }

    /// Waits until `condition` holds for the lines that came.
    func until(_ what: String, _ condition: @Sendable ([String]) -> Bool) async throws {
        _ = try await child.bulletin.first(what) { condition(child.lines) ? true : nil }
    }

    /// The id of the last event that came whole: a blank line stands behind it.
    var lastID: Int? {
        var (id, last): (Int?, Int?) = (nil, nil)
        for line in child.lines {
            if line.hasPrefix("id:") { id = Int(line.dropFirst(3).trimmingPrefix(" ")) }
            if line.isEmpty { last = id }
        }
        return last
    }
}
