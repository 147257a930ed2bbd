import Proxy
import TestRandom
import Testing

/// The value under test, in a box, since `#expect` holds what it looks at.
private final class Subject {
    private var health = GatewayHealth()

    var isUp: Bool { health.isUp }

    func noteConnectFailure(
        now: Duration, rules: GatewayHealth.Rules
    ) -> GatewayHealth.Change? {
        health.noteConnectFailure(now: now, rules: rules)
    }

    func noteRequestFailure(
        of client: Int, now: Duration, rules: GatewayHealth.Rules
    ) -> GatewayHealth.Change? {
        health.noteRequestFailure(of: client, now: now, rules: rules)
    }

    func noteSuccess(now: Duration) -> GatewayHealth.Change? { health.noteSuccess(now: now) }

    func takesRequest(of client: Int, now: Duration, rules: GatewayHealth.Rules) -> Bool {
        health.takesRequest(of: client, now: now, rules: rules)
    }
}

@Suite("Whether a gateway is left out, and who can bring that about")
struct GatewayHealthTests {
    private typealias Rules = GatewayHealth.Rules

    private static func rules(_ failuresMax: Int) -> Rules {
        Rules(failuresMax: failuresMax, retryAfter: .seconds(10))
    }

    @Test("connects that fail in a row take it out, and a success brings it back", arguments: 1...5)
    func connects(failuresMax: Int) {
        let health = Subject()
        let rules = Self.rules(failuresMax)
        for _ in 1..<failuresMax {
            #expect(health.noteConnectFailure(now: .zero, rules: rules) == nil)
        }
        if failuresMax > 1 {
            #expect(health.noteSuccess(now: .zero) == nil)
            for _ in 1..<failuresMax {
                #expect(health.noteConnectFailure(now: .zero, rules: rules) == nil)
            }
        }

        #expect(health.noteConnectFailure(now: .zero, rules: rules) == .wentDown)
        #expect(!health.isUp)
        #expect(health.noteConnectFailure(now: .zero, rules: rules) == nil, "That is no news.")
        #expect(health.noteSuccess(now: .zero) == .cameBack)
        #expect(health.isUp)
    }

    @Test(
        "one client never takes it out, however often and for however long",
        arguments: [1, 2, 3, 4, 6, 10, 1000])
    func oneClient(failuresMax: Int) {
        let health = Subject()
        var changes: [GatewayHealth.Change] = []
        for number in 0..<20_000 {
            let now = Duration.milliseconds(number * (number % 3 == 0 ? 700 : 1))
            let change = health.noteRequestFailure(
                of: 1, now: now, rules: Self.rules(failuresMax))
            if let change { changes.append(change) }
        }
        #expect(changes.isEmpty)
        #expect(health.isUp)
    }

    @Test("several clients take it out", arguments: [1, 2, 3, 4, 5, 6, 64, 1000])
    func severalClients(failuresMax: Int) {
        let health = Subject()
        var clients: Set<Int> = []
        var number = 0
        while health.isUp, number < 10_000 {
            let client = number % 50
            clients.insert(client)
            _ = health.noteRequestFailure(
                of: client, now: .milliseconds(number), rules: Self.rules(failuresMax))
            number += 1
        }
        #expect(!health.isUp)
        #expect(clients.count >= min(3, max(2, failuresMax)))
        #expect(number >= failuresMax)
    }

    @Test func `three clients, each again and again, are enough, and two are not`() {
        for (clients, isOut) in [(2, false), (3, true)] {
            let health = Subject()
            for number in 0..<60 {
                _ = health.noteRequestFailure(
                    of: number % clients, now: .milliseconds(number), rules: Self.rules(6))
            }
            #expect(health.isUp != isOut)
        }
    }

    @Test func `what it answers meanwhile outweighs them`() {
        let health = Subject()
        for number in 0..<1000 {
            let now = Duration.milliseconds(number * 10)
            _ = health.noteRequestFailure(of: number % 20, now: now, rules: Self.rules(3))
            for _ in 0..<20 { _ = health.noteSuccess(now: now) }
        }
        #expect(health.isUp)
    }

    @Test func `one that has answered thousands and then nobody is out after a second`() {
        let health = Subject()
        // A poisoner of old, so that successes count.
        _ = health.noteRequestFailure(of: 0, now: .zero, rules: Self.rules(3))
        for number in 0..<10_000 { _ = health.noteSuccess(now: .milliseconds(number / 10)) }
        var now = Duration.seconds(1)
        for client in 1...5 {
            #expect(health.noteRequestFailure(of: client, now: now, rules: Self.rules(3)) == nil)
        }
        now += .seconds(1)
        #expect(health.noteRequestFailure(of: 6, now: now, rules: Self.rules(3)) == .wentDown)
    }

    @Test func `failures that lie far apart are no outage`() {
        let health = Subject()
        for client in 0..<100 {
            let change = health.noteRequestFailure(
                of: client, now: .seconds(61 * client), rules: Self.rules(3))
            #expect(change == nil)
        }
    }

    // MARK: Trials

    /// One that is out, and the moment at which it may be tried.
    private static func out() -> (Subject, Duration) {
        let health = Subject()
        _ = health.noteConnectFailure(now: .zero, rules: rules(1))
        return (health, .seconds(10))
    }

    @Test func `one trial at a time`() {
        var (health, now) = Self.out()
        #expect(!health.takesRequest(of: 1, now: now - .milliseconds(1), rules: Self.rules(1)))
        #expect(health.takesRequest(of: 1, now: now, rules: Self.rules(1)))
        for client in 1...9 {
            #expect(!health.takesRequest(of: client, now: now, rules: Self.rules(1)))
        }
        // Nothing was heard of it.
        now += .seconds(10)
        #expect(health.takesRequest(of: 2, now: now, rules: Self.rules(1)))
    }

    @Test func `a poisoned trial gives its place to somebody else's at once`() {
        var (health, now) = Self.out()
        #expect(health.takesRequest(of: 1, now: now, rules: Self.rules(1)))
        #expect(health.noteRequestFailure(of: 1, now: now, rules: Self.rules(1)) == nil)
        for _ in 0..<100 {
            #expect(!health.takesRequest(of: 1, now: now, rules: Self.rules(1)))
            now += .milliseconds(100)
        }
        #expect(health.takesRequest(of: 2, now: now, rules: Self.rules(1)))
        #expect(health.noteSuccess(now: now) == .cameBack)
    }

    @Test func `a client that is alone gets its next trial after a while`() {
        var (health, now) = Self.out()
        #expect(health.takesRequest(of: 1, now: now, rules: Self.rules(1)))
        _ = health.noteRequestFailure(of: 1, now: now, rules: Self.rules(1))
        now += .seconds(20)
        #expect(health.takesRequest(of: 1, now: now, rules: Self.rules(1)))
    }

    @Test func `trials of three clients that fail leave it out for as long again`() {
        var (health, now) = Self.out()
        for client in 1...3 {
            #expect(health.takesRequest(of: client, now: now, rules: Self.rules(1)))
            _ = health.noteRequestFailure(of: client, now: now, rules: Self.rules(1))
        }
        #expect(!health.takesRequest(of: 4, now: now, rules: Self.rules(1)))
        now += .seconds(10)
        #expect(health.takesRequest(of: 4, now: now, rules: Self.rules(1)))
    }

    @Test func `whatever one client does, others find it up, or up with their first trial`() {
        var random = SeededRandom.forTest()
        for failuresMax in [1, 2, 3, 7] {
            let rules = Self.rules(failuresMax)
            let health = Subject()
            var now = Duration.zero
            for _ in 0..<20_000 {
                now += .milliseconds(Int.random(in: 0...400, using: &random))
                // It is well, and fails the one client alone.
                switch Int.random(in: 0..<10, using: &random) {
                case 0 where health.takesRequest(of: 2, now: now, rules: rules):
                    _ = health.noteSuccess(now: now)
                    #expect(health.isUp)
                case 1...9 where health.takesRequest(of: 1, now: now, rules: rules):
                    let change = health.noteRequestFailure(of: 1, now: now, rules: rules)
                    #expect(change == nil, "seed \(random.seed)")
                case _: break
                }
                if Int.random(in: 0..<500, using: &random) == 0 {
                    for _ in 0..<failuresMax {
                        _ = health.noteConnectFailure(now: now, rules: rules)
                    }
                }
            }
        }
    }
}
