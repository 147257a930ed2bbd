import Telemetry
import TestRandom
import Testing

@testable import Proxy

@Suite("Which failures get a line of their own")
struct FailurePaceTests {
    private func failure(_ reason: String, fault: Fault = .client) -> LogEvent.Failure {
        LogEvent.Failure(
            level: .info, reason: reason, fault: fault, detail: nil, client: nil, stream: nil,
            method: nil, path: nil)
    }

    @Test func `a client that floods takes half of the lines, and others have theirs`() {
        let pace = FailurePace()
        let flood = (0..<5000).count { _ in pace.allows(failure("bad"), of: 1) }
        let others = (2..<52).count { pace.allows(failure("bad"), of: $0) }

        #expect(flood == FailurePace.linesPerSecondOfClient)
        #expect(others == 50)
        let sums = pace.takeSurplus()
        #expect(sums.map(\.detail) == ["4900 more lines like these left out"])
        #expect(sums.allSatisfy { $0.isSum && $0.fault == .client && $0.level == .info })
        #expect(pace.takeSurplus().isEmpty)
        #expect(pace.allows(failure("bad"), of: 1), "The next second begins.")
    }

    @Test func `what the gateway fails is one cause, whoever met it`() {
        let pace = FailurePace()
        let lines = (0..<5000).count { _ in pace.allows(failure("dead", fault: .gateway), of: 1) }
        #expect(lines == FailurePace.linesPerSecond)
    }

    @Test
    func `a crowd of clients has no more lines than the reason has, and costs a bounded table`() {
        let pace = FailurePace()
        let lines = (0..<100_000).count { pace.allows(failure("bad"), of: $0) }
        #expect(lines == FailurePace.linesPerSecond)
        #expect(
            pace.takeSurplus().first?.detail == "\(100_000 - lines) more lines like these left out")
    }

    @Test func `lines and counts add up, whatever happens`() {
        var random = SeededRandom.forTest()
        let pace = FailurePace()
        var (asked, told) = (0, 0)
        for _ in 0..<50_000 {
            let reason = ["a", "b", "c"].randomElement(using: &random) ?? "a"
            let fault = Fault.allCases.randomElement(using: &random) ?? .client
            asked += 1
            let client = Int.random(in: 0..<400, using: &random)
            if pace.allows(failure(reason + fault.rawValue, fault: fault), of: client) { told += 1 }
            guard Int.random(in: 0..<5000, using: &random) == 0 else { continue }
            told += leftOut(pace)
        }
        told += leftOut(pace)
        #expect(told == asked, "seed \(random.seed)")
    }

    private func leftOut(_ pace: FailurePace) -> Int {
        pace.takeSurplus().compactMap { $0.detail.flatMap { Int($0.prefix(while: \.isNumber)) } }
            .reduce(0, +)
    }
}
