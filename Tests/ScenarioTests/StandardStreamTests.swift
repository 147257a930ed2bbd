import Foundation
import TestSupport
import Testing

extension Scenarios {
    @Suite("Started without standard input, output or error")
    struct StandardStreamTests {
        /// Every choice of descriptors 0 to 2 but none.
        private static let choices = ["0", "1", "2", "01", "02", "12", "012"]

        private static func closing(_ descriptors: String) -> [String] {
            let words = descriptors.map { "\($0)>&-" }.joined(separator: " ")
            return ["sh", "-c", #"exec "$@" "# + words, "sh"]
        }

        private static func options(_ descriptors: String) throws -> SluiceOptions {
            let port = try freePort()
            return SluiceOptions {
                $0.wrapper = closing(descriptors)
                $0.port = port
                $0.usesTLS = false
            }
        }

        /// What the descriptor leads to.
        private func target(_ descriptor: Character, of child: ChildProcess) throws -> String {
            try FileManager.default.destinationOfSymbolicLink(
                atPath: "/proc/\(child.pid)/fd/\(descriptor)")
        }

        /// A stream, a reload and an end, as ever. Where the log is a file in `folder`, the end waits
        /// for the reload, which it would win against.
        private func expectService(
            _ gateway: TestGateway, _ sluice: SluiceProcess,
            loggingTo folder: TemporaryFolder? = nil
        ) async throws {
            let stream = try await sluice.openStream("alice")
            sluice.signal(SIGHUP)
            if let folder { try await reloaded(folder) }
            gateway.gateway.publish(to: "alice", event: "message", data: "hello")
            _ = try await stream.event { $0.data == "hello" }
            sluice.signal(SIGTERM)
            #expect(try await stream.whole().isAtBoundary)
            #expect(try await sluice.child.waitForExit() == .code(0))
        }

        /// Nothing tells of a new line in a file: it is looked at now and then.
        private func reloaded(_ folder: TemporaryFolder) async throws {
            let deadline = ContinuousClock.now + .seconds(20)
            while ContinuousClock.now < deadline {
                if try folder.read("log").contains(#""event":"reload""#) { return }
                try await Task.sleep(for: .milliseconds(5))
            }
            Issue.record("no reload in the log")
        }

        @Test("what is missing leads nowhere, and a log in a file is whole", arguments: choices)
        func file(closed: String) async throws {
            let (gateway, folder) = (try TestGateway(), try TemporaryFolder())
            var options = try Self.options(closed)
            options.logTarget = folder.path + "/log"
            let sluice = try await SluiceProcess(gateway: gateway.address, options: options)

            for descriptor in closed {
                #expect(try target(descriptor, of: sluice.child) == "/dev/null")
            }
            try await expectService(gateway, sluice, loggingTo: folder)

            let events = try folder.read("log").split(separator: "\n").map {
                LogLine(String($0)).event
            }
            #expect(events.first == "start")
            #expect(events.last == "stop")
            #expect(events.count { $0 == "stream_opened" } == 1)
            #expect(events.count { $0 == "stream_closed" } == 1)
            #expect(!sluice.child.errors.contains("standard output is closed"))
        }

        @Test(
            "without standard output the log goes nowhere, and standard error says so",
            arguments: choices.filter { $0.contains("1") })
        func output(closed: String) async throws {
            let gateway = try TestGateway()
            let sluice = try await SluiceProcess(
                gateway: gateway.address, options: try Self.options(closed))

            #expect(try target("1", of: sluice.child) == "/dev/null")
            try await expectService(gateway, sluice)

            let isWarned = sluice.child.errors.contains("standard output is closed")
            #expect(isWarned == !closed.contains("2"), "\(sluice.child.errors)")
        }

        @Test(
            "a reload that sends the log where nobody reads is told to those who read it now",
            arguments: ["stdout", "stderr"])
        func reload(target: String) async throws {
            let (gateway, folder) = (try TestGateway(), try TemporaryFolder())
            var options = try Self.options("12")
            options.logTarget = folder.path + "/log"
            let sluice = try await SluiceProcess(gateway: gateway.address, options: options)

            let text = try sluice.folder.read("sluice.yaml")
            try sluice.folder.write(
                text.replacingOccurrences(of: folder.path + "/log", with: target),
                to: "sluice.yaml")
            try await expectService(gateway, sluice, loggingTo: folder)

            let lines = try folder.read("log").split(separator: "\n").map { LogLine(String($0)) }
            let failed = lines.filter { $0["reason"] == "log_reopen_failed" }
            #expect(failed.map { $0["detail"] } == ["it was closed at the start"])
            #expect(lines.contains { $0.event == "reload" && $0.list("keys") == ["log.to"] })
            #expect(lines.last?.event == "stop")
        }

        @Test(
            "the other commands end as ever",
            arguments: choices, [["version"], ["check", "--policies"], ["check", "--nonsense"]])
        func commands(closed: String, command: [String]) async throws {
            let folder = try TemporaryFolder()
            try folder.write(SluiceOptions.cap(1), to: "policies/default.yaml")
            var command = command
            if command.last == "--policies" { command.append(folder.path + "/policies") }

            let child = try ChildProcess(
                Self.closing(closed) + [try SluiceProcess.binary()] + command)

            let isGood = command.last != "--nonsense"
            #expect(try await child.waitForExit() == .code(isGood ? 0 : 64))
            #expect(child.lines.isEmpty == (closed.contains("1") || !isGood))
        }

        @Test("a demo without standard output writes into none of its files")
        func demo() async throws {
            let folder = try TemporaryFolder()
            let child = try ChildProcess(
                Self.closing("01") + [
                    try SluiceProcess.binary(), "demo", "--listen", "127.0.0.1:0", "--directory",
                    folder.path,
                ])

            _ = try await child.bulletin.first("the warning", clue: { child.errors }) {
                child.errors.contains("standard output is closed") ? true : nil
            }
            child.signal(SIGTERM)

            #expect(try await child.waitForExit() == .code(0))
            #expect(try folder.read("policy.yaml").hasPrefix("# One stream per user"))
            #expect(try !folder.read("policy.yaml").contains("Sluice stands at"))
        }
    }
}
