import Foundation
import TestSupport
import Testing

extension Scenarios {
    @Suite("After a time in which it stood still")
    struct StoppedTimeTests {
        /// A worker with a stream has deadlines and one without has none: they wake differently.
        @Test(
            "G06: a drain after it still lets a request in flight finish", arguments: [0, 1])
        func drains(streams: Int) async throws {
            let stage = try await Stage { $0.drainTimeout = "3s" }
            var live: [TestClient] = []
            for number in 0..<streams {
                live.append(try await stage.sluice.openStream("user-\(number)"))
            }

            try await stage.sluice.child.freeze()
            // Time itself is what is tested here: longer than the drain may take.
            try await Task.sleep(for: .seconds(5))
            stage.sluice.signal(SIGCONT)
            let client = stage.sluice.client()
            client.request("GET", "/misbehave/late")
            _ = try await stage.gateway.request { $0.target == "/misbehave/late" }
            stage.sluice.signal(SIGTERM)

            #expect(try await client.whole().text == "ok")
            #expect(try await client.end() == .closeNotify)
            for client in live { #expect(try await client.whole().retry != nil) }
            #expect(try await stage.sluice.child.waitForExit() == .code(0))
            let stop = try await stage.sluice.log("stop")
            #expect(stop["reason"] == "drained")
            stage.sluice.expectSoundLog()
            try await stage.gateway.streams(0)
        }
    }
}
