import Dispatch
import Synchronization
import Telemetry
import Testing

@Suite("The queue between the threads and the one that writes the log")
struct LogQueueTests {
    private let wakes = Counter()

    @Test func `lines come out in the order they went in`() throws {
        let queue = queue()
        for number in 1...3 { queue.push(.failure(detail: "\(number)"), at: now) }

        let batch = try take(from: queue)

        #expect(batch.lines.map { $0.object["detail"] as? String } == ["1", "2", "3"])
        #expect(batch.count == 3)
        #expect(try take(from: queue).count == 0)
    }

    @Test func `the writer is woken once for each time the queue stops being empty`() throws {
        let queue = queue()
        #expect(wakes.value == 0)

        queue.push(.anything, at: now)
        queue.push(.anything, at: now)
        #expect(wakes.value == 1)

        _ = try take(from: queue)
        #expect(wakes.value == 1)
        queue.push(.anything, at: now)
        #expect(wakes.value == 2)
    }

    @Test func `lines below the level are not written, and the level can change`() throws {
        let queue = queue(level: .warning)
        for level in LogLevel.allCases { queue.push(.failure(level: level, detail: ""), at: now) }
        #expect(try take(from: queue).lines.map(level) == ["error", "warning"])
        #expect(queue.accepts(.warning))
        #expect(!queue.accepts(.notice))

        queue.setLevel(.debug)
        for level in LogLevel.allCases { queue.push(.failure(level: level, detail: ""), at: now) }
        #expect(try take(from: queue).lines.map(level) == LogLevel.allCases.map(\.rawValue))

        func level(of line: LoggedLine) -> String? { line.object["level"] as? String }
    }

    @Test func `R09: a full queue drops the newest lines and then says how many`() throws {
        let queue = queue(limits: LogQueue.Limits(linesMax: 5, bytesMax: 1 << 20))
        for number in 1...12 { queue.push(.failure(detail: "\(number)"), at: now) }
        #expect(queue.droppedTotal == 7)

        let batch = try take(from: queue)

        let kept = batch.lines.dropLast().map { $0.object["detail"] as? String }
        #expect(kept == ["1", "2", "3", "4", "5"])
        #expect(batch.count == 5)
        let losses = try #require(batch.lines.last).object
        #expect(losses["event"] as? String == "log_dropped")
        #expect(losses["count"] as? Int == 7)
        #expect(losses["total"] as? Int == 7)
    }

    @Test func `R09: what is asked for has half of the room, and what is counted by a reserve`()
        throws
    {
        let limits = LogQueue.Limits(
            linesMax: 10, bytesMax: 1 << 20, reserveLines: 5, reserveBytes: 1 << 20)
        let queue = queue(limits: limits)
        let request = LogEvent.request(
            LogEvent.Request(
                method: "GET", path: "/", status: 404, duration: .zero, bytes: 0, client: "::1",
                protocol: .http11, requestID: nil, fault: nil))
        for _ in 1...20 { queue.push(request, at: now) }
        for _ in 1...20 { queue.push(.failure(detail: "x"), at: now) }
        for _ in 1...4 { queue.push(.anything, at: now) }
        let sum = LogEvent.Failure(leftOut: 7, level: .info, reason: "x", fault: .client)
        queue.push(.error(sum), at: now)
        for _ in 1...3 { queue.push(.anything, at: now) }

        let events = try take(from: queue).lines.compactMap { $0.object["event"] as? String }
        let expected =
            Array(repeating: "request", count: 5) + Array(repeating: "error", count: 5)
            + Array(repeating: "ready", count: 4) + ["error", "log_dropped"]
        #expect(events == expected)
        #expect(queue.droppedTotal == 15 + 15 + 3)
    }

    @Test func `losses are reported once, and their total goes on`() throws {
        let queue = queue(limits: LogQueue.Limits(linesMax: 1, bytesMax: 1 << 20))
        for _ in 1...3 { queue.push(.anything, at: now) }
        _ = try take(from: queue)

        queue.push(.anything, at: now)
        #expect(try take(from: queue).lines.count == 1)
        for _ in 1...4 { queue.push(.anything, at: now) }

        let losses = try #require(try take(from: queue).lines.last).object
        #expect(losses["count"] as? Int == 3)
        #expect(losses["total"] as? Int == 5)
    }

    @Test func `R09: waiting bytes never exceed their limit`() throws {
        let limits = LogQueue.Limits(linesMax: 1000, bytesMax: 20_000)
        let queue = queue(limits: limits)
        for _ in 1...1000 {
            queue.push(.failure(detail: String(repeating: "x", count: 900)), at: now)
        }

        let batch = try take(from: queue)

        let waiting = batch.lines.dropLast().reduce(0) { $0 + $1.bytes.count }
        #expect(waiting <= limits.bytesMax)
        #expect(batch.count + queue.droppedTotal == 1000)
        #expect(batch.count > 10)
    }

    @Test func `R08: lines that the writer could not write are counted, and it goes on`() throws {
        let queue = queue()
        queue.push(.failure(detail: "lost"), at: now)
        queue.countLost(try take(from: queue).count)
        #expect(try take(from: queue).count == 0, "A loss alone does not keep the writer busy.")

        queue.push(.failure(detail: "written"), at: now)

        let batch = try take(from: queue)
        #expect(batch.lines.first?.object["detail"] as? String == "written")
        #expect(batch.lines.last?.object["count"] as? Int == 1)
    }

    @Test func `every line that several threads push comes out whole or is counted`() throws {
        let (threads, each) = (4, 5000)
        let queue = queue(limits: LogQueue.Limits(linesMax: 500, bytesMax: 1 << 20))
        let running = Atomic(threads)
        let written = Counter()
        DispatchQueue.concurrentPerform(iterations: threads + 1) { index in
            if index < threads {
                for number in 0..<each { queue.push(.failure(detail: "\(number)"), at: now) }
                running.subtract(1, ordering: .releasing)
                return
            }
            var batch: [UInt8] = []
            while true {
                let isLast = running.load(ordering: .acquiring) == 0
                let count = queue.takeBatch(into: &batch, at: now)
                let events = (try? lines(in: batch))?.filter { $0.object["reason"] != nil }
                if events?.count != count { Issue.record("A batch of \(count) is damaged.") }
                written.add(count)
                if isLast, count == 0 { return }
            }
        }

        #expect(written.value + queue.droppedTotal == threads * each)
        #expect(written.value > 0)
    }

    @Test func `the buffer of the writer is used again, and one that a burst has grown is not`()
        throws
    {
        let queue = queue()
        var batch: [UInt8] = []
        for _ in 1...2 {
            queue.push(.anything, at: now)
            _ = queue.takeBatch(into: &batch, at: now)
        }
        #expect(batch.capacity > 0)

        batch.reserveCapacity(4 << 20)
        for _ in 1...2 { _ = queue.takeBatch(into: &batch, at: now) }
        #expect(batch.capacity < 1 << 20)
    }

    @Test func `a queue for people holds lines for people`() {
        let queue = LogQueue(
            level: .info, format: .human(HumanLine(usesColours: false)), limits: .standard,
            wake: {})
        queue.push(.anything, at: now)
        var batch: [UInt8] = []

        _ = queue.takeBatch(into: &batch, at: now)

        #expect(
            String(decoding: batch, as: UTF8.self)
                == "12:03:11  ready    listening on 127.0.0.1:8443\n")
    }

    // MARK: -

    private var now: Timestamp { LogEvent.exampleTime }

    private func queue(
        level: LogLevel = .info, limits: LogQueue.Limits = .standard
    ) -> LogQueue {
        let wakes = wakes
        return LogQueue(level: level, format: .json, limits: limits) { wakes.add(1) }
    }

    private func take(from queue: LogQueue) throws -> (count: Int, lines: [LoggedLine]) {
        var batch: [UInt8] = []
        let count = queue.takeBatch(into: &batch, at: now)
        return (count, try lines(in: batch))
    }

    private func lines(in batch: [UInt8]) throws -> [LoggedLine] {
        try batch.split(separator: UInt8(ascii: "\n")).map { try LoggedLine(Array($0)) }
    }
}

/// Counts from any thread.
private final class Counter: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .sequentiallyConsistent) }

    func add(_ number: Int) { count.add(number, ordering: .sequentiallyConsistent) }
}
