import Foundation
import TestSupport
import Testing

extension Scenarios {
    @Suite("Nothing is endless")
    struct ResourceTests {
        @Test func `R01: out of descriptors: those inside go on, it waits and recovers`()
            async throws
        {
            let stage = try await Stage { $0.wrapper = ["prlimit", "--nofile=64"] }
            let canary = try await stage.sluice.openStream("canary")
            var crowd = (0..<100).map { stage.sluice.stream("user-\($0)") }
            try await stage.sluice.log("error") {
                ["accept_failed", "connections_max"].contains($0["reason"])
            }

            let before = stage.sluice.child.cpuMilliseconds
            for number in 0..<20 {
                stage.gateway.gateway.publish(to: "canary", event: "Generic", data: "\(number)")
                _ = try await canary.event { $0.data == "\(number)" }
            }
            // Time itself is what is tested here: a busy loop would show.
            try await Task.sleep(for: .seconds(2))
            #expect(stage.sluice.child.cpuMilliseconds - before < 400)
            let complaints = stage.sluice.lines("error") { $0["fault"] == "sluice" }
            #expect(complaints.count < 20, "\(complaints.count)")

            for client in crowd { client.leave(.reset) }
            crowd = []
            #expect(try await stage.sluice.openStream("late").isOpen)
            try await stage.expectSoundEnd()
        }

        @Test func `R08: a full disk under the log stops nothing`() async throws {
            let stage = try await Stage {
                $0.logTarget = "/dev/full"
                do { $0.port = try freePort() } catch { Issue.record(error) }
            }
            let client = try await stage.sluice.openStream("alice")

            stage.gateway.gateway.publish(to: "alice", event: "Generic", data: "fine")

            _ = try await client.event { $0.data == "fine" }
            #expect(try await stage.sluice.stop() == .code(0))
        }

        @Test func `R09: a log that nobody reads loses lines and holds nobody up`() async throws {
            let pipe = Pipe()
            let stage = try await Stage {
                $0.output = pipe.fileHandleForWriting.fileDescriptor
                do { $0.port = try freePort() } catch { Issue.record(error) }
            }
            pipe.fileHandleForWriting.closeFile()
            let canary = try await stage.sluice.openStream("canary")

            // Far more lines than the pipe and the queue can hold.
            let client = stage.sluice.client()
            let requests = 12_000
            for _ in 0..<requests { client.request("GET", "/status/404") }
            _ = try await client.whole(requests - 1, within: .seconds(120))
            stage.gateway.gateway.publish(to: "canary", event: "Generic", data: "fine")
            _ = try await canary.event { $0.data == "fine" }

            // Once somebody reads, the loss is told.
            let log = LogBucket()
            pipe.fileHandleForReading.readabilityHandler = { log.add($0.availableData) }
            stage.sluice.signal(SIGTERM)
            #expect(try await stage.sluice.child.waitForExit() == .code(0))
            pipe.fileHandleForReading.readabilityHandler = nil
            if let rest = try pipe.fileHandleForReading.readToEnd() { log.add(rest) }
            #expect(log.lines.contains { LogLine($0).event == "log_dropped" })
            #expect(log.lines.allSatisfy { LogLine($0).fields != nil })
        }

        @Test func `R10: a log reader that dies kills nobody`() async throws {
            let pipe = Pipe()
            let stage = try await Stage {
                $0.output = pipe.fileHandleForWriting.fileDescriptor
                do { $0.port = try freePort() } catch { Issue.record(error) }
            }
            pipe.fileHandleForWriting.closeFile()
            pipe.fileHandleForReading.closeFile()

            let client = stage.sluice.client()
            for number in 0..<100 {
                client.request("GET", "/status/404")
                #expect(try await client.whole(number).status == 404)
            }

            #expect(try await stage.sluice.stop() == .code(0))
        }

        @Test(
            "R16: nothing from outside breaks a log line",
            arguments: [
                ("line\r\nbreak", isName: false), ("\u{1B}[31mred", isName: false),
                ("sep\u{2028}arator", isName: true), ("quote\"back\\slash", isName: true),
                ("{\"event\":\"stop\"}", isName: true), ("\u{202E}txt.exe", isName: true),
                (String(repeating: "long", count: 1000), isName: false),
            ])
        func injection(user: String, isName: Bool) async throws {
            let stage = try await Stage()

            let answer = try await stage.sluice.stream(user).head()
            let client = stage.sluice.client()
            client.request("GET", "/%0d%0a%1b%5b31m", fields: [("user-agent", "a\u{1B}b")])
            client.request("GET", "/%22%7d%0a", fields: [("user-agent", "b")])
            _ = try await client.first("an answer") { $0.responses.first }

            if isName {
                #expect(answer.status == 200)
                #expect(try await stage.sluice.log("stream_opened")["user"] == user)
            } else {
                // With control characters or too long it is no name, and opens no stream (I03).
                #expect(answer.status == 400)
                #expect(
                    try await stage.sluice.log("error") { $0["reason"] == "token_doubtful" }.fields
                        != nil)
                #expect(stage.sluice.count("stream_opened") == 0)
                #expect(!stage.sluice.lines.contains { $0.text.contains("longlong") })
            }
            for character in ["\u{1B}", "\u{2028}", "\u{202E}", "\r"] {
                #expect(!stage.sluice.lines.contains { $0.text.contains(character) })
            }
            try await stage.expectSoundEnd()
        }
    }
}

/// The lines of a log that is read late.
private final class LogBucket: @unchecked Sendable {
    private let lock = NSLock()
    private var bytes = Data()

    func add(_ more: Data) { lock.withLock { bytes += more } }

    var lines: [String] {
        lock.withLock {
            String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        }
    }
}
