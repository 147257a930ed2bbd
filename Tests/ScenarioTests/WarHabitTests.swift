import TestSupport
import Testing

/// The doubles against the table in docs/CLOSING.md, cell by cell. Scale 1: their own times.
@Suite("What each client does when its stream is closed")
struct WarHabitTests {
    private static let gone = Outcome.refused(status: 401, isEventStream: false)
    private static let taken = Outcome.refused(status: 409, isEventStream: true)

    /// What a new object does next, after it had opened a stream or not.
    private func step(
        _ client: ClientDouble, after outcome: Outcome, told: Int? = nil
    ) -> NextStep {
        var habits = client.habits(scale: 1)
        var source = StreamSource()
        if outcome == .cleanEnd || outcome == .cut { habits.opened(&source) }
        source.told = told.map { habits.wait(toldToRetryAfter: $0) }
        return habits.ended(outcome, &source)
    }

    @Test(
        "a clean end",
        arguments: [
            (ClientDouble.chromium, 3000), (.firefox, 5000), (.webKit, 3000), (.npm, 3000),
            (.fetchDefaults, nil), (.fetchReadme, 1000), (.launchDarkly, 500), (.okHTTP, nil),
            (.mcp, 1000),
        ] as [(ClientDouble, Int?)])
    func cleanEnd(_ client: ClientDouble, wait: Int?) {
        #expect(step(client, after: .cleanEnd).again == wait.map(Duration.milliseconds))
        #expect(step(client, after: .cleanEnd).replacement == nil)
    }

    @Test(
        "a cut",
        arguments: [
            (ClientDouble.chromium, 3000), (.firefox, nil), (.webKit, 3000), (.npm, 3000),
            (.fetchDefaults, 1000), (.fetchReadme, 1000), (.launchDarkly, 500), (.okHTTP, nil),
            (.mcp, 1000),
        ] as [(ClientDouble, Int?)])
    func cut(_ client: ClientDouble, wait: Int?) {
        #expect(step(client, after: .cut).again == wait.map(Duration.milliseconds))
    }

    @Test(
        "204",
        arguments: [
            (ClientDouble.chromium, false), (.firefox, false), (.webKit, false), (.npm, false),
            (.fetchDefaults, true), (.fetchReadme, true), (.launchDarkly, false), (.okHTTP, false),
            (.mcp, false),
        ])
    func noContent(_ client: ClientDouble, goesOn: Bool) {
        #expect((step(client, after: .noContent) != .stop) == goesOn)
    }

    @Test(
        "a refusal",
        arguments: [
            (ClientDouble.chromium, []), (.firefox, []), (.webKit, []), (.npm, []),
            (.fetchDefaults, [401, 404, 405, 409, 429, 500, 503]), (.fetchReadme, [429, 500, 503]),
            (.launchDarkly, [500, 503]), (.okHTTP, []), (.mcp, [401, 404, 409, 429, 500, 503]),
        ] as [(ClientDouble, [Int])])
    func refusal(_ client: ClientDouble, triedAgain: [Int]) {
        for status in [401, 404, 405, 409, 429, 500, 503] {
            let next = step(client, after: .refused(status: status, isEventStream: false))
            #expect((next != .stop) == triedAgain.contains(status), "\(status)")
        }
    }

    @Test func `a 409 with an event stream for a body ends every client that reads it`() {
        for client in ClientDouble.allCases {
            switch client {
            case .mcp, .seedEra, .minimal: #expect(step(client, after: Self.taken) != .stop)
            case _: #expect(step(client, after: Self.taken) == .stop, "\(client)")
            }
        }
    }

    @Test func `retry is believed, by each in its own way`() {
        let told = 90_000
        for client in ClientDouble.allCases where client.isNative || client == .mcp {
            #expect(step(client, after: .cleanEnd, told: told).again == .seconds(90), "\(client)")
        }
        // No more than its longest wait, less its jitter.
        #expect(step(.launchDarkly, after: .cleanEnd, told: told).again == .seconds(15))
        // Above 2^31 - 1: the reason for which Sluice never says so much.
        let tooMuch = Int(Int32.max) + 1
        #expect(step(.npm, after: .cleanEnd, told: tooMuch).again == .zero)
        #expect(step(.firefox, after: .cleanEnd, told: 1 << 32).again == .milliseconds(500))
    }

    @Test func `MCP tries a refusal twice, and a 404 makes it begin a new session`() {
        var habits = ClientDouble.mcp.habits(scale: 1)
        var source = StreamSource()
        let steps = (0..<3).map { _ in habits.ended(Self.gone, &source).again }
        #expect(steps == [.seconds(1), .milliseconds(1500), nil])
        let unknown = Outcome.refused(status: 404, isEventStream: false)
        #expect(step(.mcp, after: unknown) == .replacement(after: .zero))
    }

    @Test func `the seed-era page makes a new object and leaves the old one to itself`() {
        var habits = ClientDouble.seedEra.habits(scale: 1)
        var source = StreamSource()
        habits.opened(&source)
        let first = habits.ended(.cleanEnd, &source)
        #expect(first == NextStep(again: .seconds(3), replacement: .seconds(3)))
        let second = habits.ended(Self.gone, &source)
        #expect(second == NextStep(replacement: .milliseconds(4500), asksForToken: true))
        habits.opened(&source)
        #expect(habits.ended(.cut, &source).replacement == .seconds(3))
        for _ in 0..<5 { _ = habits.ended(Self.gone, &source) }
        #expect(habits.ended(Self.gone, &source) == NextStep(asksForToken: true))
    }

    @Test func `sse-minimal comes again for ever, every time as somebody new`() {
        var habits = ClientDouble.minimal.habits(scale: 1)
        var source = StreamSource()
        #expect(habits.ended(.cleanEnd, &source) == .replacement(after: .seconds(3)))
        let polls = (0..<5).map { _ in habits.ended(Self.gone, &source) }
        #expect(polls == [2, 3, 4, 5, 2].map { .replacement(after: .seconds($0)) })
    }
}
