import DemoGateway
import Foundation
import Locking
import TestSupport
import Testing

extension Scenarios {
    @Suite("Floods that fill the log")
    struct LogFloodTests {
        /// A pipe for the log, which is read from the moment that the test begins to.
        private final class SlowCollector: Sendable {
            struct NoPipe: Error {}

            let input: Int32
            private let output: Int32
            private let text = Guarded([UInt8]())
            private let bulletin = Bulletin()
            private let hasEnded = Guarded(false)

            init() throws {
                var ends: [Int32] = [0, 0]
                guard pipe(&ends) == 0 else { throw NoPipe() }
                (output, input) = (ends[0], ends[1])
                for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            }

            /// Our end of what the child has now.
            func letGo() { close(input) }

            func begin() {
                Foundation.Thread.detachNewThread { [self] in
                    var buffer = [UInt8](repeating: 0, count: 65_536)
                    while true {
                        let count = read(output, &buffer, buffer.count)
                        if count < 0, errno == EINTR { continue }
                        guard count > 0 else { break }
                        text.withLock { $0 += buffer[..<count] }
                        bulletin.post()
                    }
                    close(output)
                    hasEnded.withLock { $0 = true }
                    bulletin.post()
                }
            }

            var lines: [LogLine] {
                text.withLock { $0 }.split(separator: UInt8(ascii: "\n")).map {
                    LogLine(String(decoding: $0, as: UTF8.self))
                }
            }

            func lines(_ event: String) -> [LogLine] { lines.filter { $0.event == event } }

            func until(_ event: String, count: Int) async throws {
                _ = try await bulletin.first(
                    "\(count) lines \(event)", clue: { "There are \(self.lines(event).count)." }
                ) { lines(event).count >= count ? true : nil }
            }

            func end() async throws {
                _ = try await bulletin.first("the end of the log") {
                    hasEnded.withLock { $0 } ? true : nil
                }
            }
        }

        /// More than the queue has room for, in bytes: each line is a kilobyte and more.
        private static func flood(_ sluice: SluiceProcess, each: Int) async throws -> Int {
            let clients = 20
            let path = "/none/" + String(repeating: "x", count: 1500)
            let crowd = (0..<clients).map { _ in sluice.client() }
            for client in crowd { for _ in 0..<each { client.request("GET", path) } }
            for client in crowd { #expect(try await client.whole(each - 1).status == 404) }
            for client in crowd { client.leave(.close) }
            return clients * each
        }

        @Test func `R09: with a slow collector, a flood of bad requests hides no stream`()
            async throws
        {
            let collector = try SlowCollector()
            let gateway = try TestGateway()
            let port = try freePort()
            let sluice = try await SluiceProcess(
                gateway: gateway.address,
                options: SluiceOptions {
                    $0.output = collector.input
                    $0.port = port
                    $0.usesTLS = false
                    $0.logLevel = "info"
                })
            collector.letGo()
            var streams: [TestClient] = []
            for number in 0..<20 { streams.append(try await sluice.openStream("early-\(number)")) }

            var requests = try await Self.flood(sluice, each: 190)
            for number in 0..<20 { streams.append(try await sluice.openStream("late-\(number)")) }
            // Each of these costs an earlier one of the same user its place.
            for number in 0..<20 { streams.append(try await sluice.openStream("late-\(number)")) }
            requests += try await Self.flood(sluice, each: 10)
            for stream in streams { stream.leave(.close) }
            try await gateway.streams(0)
            collector.begin()
            try await collector.until("stream_closed", count: 60)
            #expect(try await sluice.stop() == .code(0))
            try await collector.end()

            let opened = collector.lines("stream_opened").compactMap { $0["stream"] }
            let closed = collector.lines("stream_closed").compactMap { $0["stream"] }
            #expect(opened.count == 60)
            #expect(Set(opened) == Set(closed))
            #expect(closed.count == 60)
            #expect(collector.lines("evict").count == 20)
            let events = collector.lines.map(\.event)
            for event in ["start", "ready", "drain", "stop"] {
                #expect(events.count { $0 == event } == 1)
            }
            // Nothing else was lost, and every loss was counted.
            let losses = collector.lines("log_dropped").compactMap { $0.number("count") }
            #expect(collector.lines("request").count + losses.reduce(0, +) == requests)
            #expect(losses.reduce(0, +) > 0)
        }

        @Test(
            "what clients do wrong is told at a measured pace, and counted",
            arguments: ["head", "handshake", "balancer"])
        func paced(kind: String) async throws {
            let gateway = try TestGateway()
            let sluice = try await SluiceProcess(
                gateway: gateway.address,
                options: SluiceOptions {
                    $0.usesTLS = kind == "handshake"
                    if kind == "balancer" {
                        $0.listener = ["proxy_protocol: { from: [127.0.0.1] }"]
                    }
                })
            let count = 1000
            for _ in 0..<10 {
                let crowd = (0..<count / 10).map { _ in sluice.rawClient() }
                for client in crowd { client.send("GET / HTTP/1.1\r\nhost localhost\r\n\r\n") }
                for client in crowd { _ = try await client.end() }
            }
            #expect(try await sluice.stop() == .code(0))
            try await sluice.log("stop")

            let lines = sluice.lines("error") { $0["fault"] == "client" }
            let sums = lines.filter { $0["client"] == nil }
            let told = lines.count - sums.count
            let leftOut = sums.compactMap { line in
                line["detail"].flatMap { Int($0.prefix { $0.isNumber }) }
            }
            #expect(
                told + leftOut.reduce(0, +) == count, "\(Set(lines.compactMap { $0["reason"] }))")
            #expect(
                sums.allSatisfy {
                    $0["detail"]?.hasSuffix("more lines like these left out") == true
                })
            #expect(lines.allSatisfy { $0["level"] == "info" })
            #expect(Set(lines.compactMap { $0["reason"] }).count == 1)
            // However many workers: a hundred for this client in every second, of which each has
            // one sum at most.
            #expect(!sums.isEmpty)
            #expect(told <= 100 * (sums.count + 1))
        }
    }
}
