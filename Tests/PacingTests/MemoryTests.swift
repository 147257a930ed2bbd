import Pacing
import TestRandom
import Testing

@Suite("What is remembered of late")
struct MemoryTests {
    // MARK: The table

    @Test func `a table holds what was put last, and forgets the oldest of a row`() {
        var table = RecentTable(capacity: 8, filler: 0)
        #expect(table.capacity == 8)
        for key in UInt64(1)...8 { table.put(Int(key) * 10, for: key) }
        for key in UInt64(1)...8 { #expect(table.value(of: key) == Int(key) * 10) }
        table.put(11, for: 1)  // The oldest is the latest again.
        table.put(90, for: 9)
        #expect(table.value(of: 1) == 11)
        #expect(table.value(of: 2) == nil)
        #expect(table.value(of: 9) == 90)
        table.remove(9)
        table.remove(1000)
        #expect(table.value(of: 9) == nil)
        #expect((UInt64(3)...8).allSatisfy { table.value(of: $0) == Int($0) * 10 })
    }

    @Test func `a table never grows, and holds at least the latest of each row`() {
        var random = SeededRandom.forTest()
        var table = RecentTable(capacity: 100, filler: 0)
        #expect(table.capacity == 128)
        var latest: [UInt64: (key: UInt64, value: Int)] = [:]
        for step in 0..<20_000 {
            let key = UInt64.random(in: 0...UInt64.max, using: &random)
            table.put(step, for: key)
            latest[key % 16] = (key, step)
        }
        #expect(table.capacity == 128)
        for (_, entry) in latest { #expect(table.value(of: entry.key) == entry.value) }
    }

    @Test func `every key can be kept, zero too`() {
        var table = RecentTable(capacity: 64, filler: 0)
        for key in [0, 2, UInt64.max, UInt64.max - 63] {
            #expect(table.value(of: key) == nil)
            table.put(5, for: key)
            #expect(table.value(of: key) == 5)
            table.remove(key)
            #expect(table.value(of: key) == nil)
        }
    }

    // MARK: Tokens

    @Test func `a token is known from its acceptance to its refusal`() {
        var tokens = AcceptedTokens()
        #expect(!tokens.contains(1))
        #expect(tokens.takeTurn(1, of: 7, now: .zero) == false)
        tokens.insert(1)
        #expect(tokens.contains(1))
        #expect(tokens.takeTurn(1, of: 7, now: .zero) == true)
        #expect(tokens.takeTurn(2, of: 7, now: .zero) == false)
        tokens.remove(1)
        #expect(!tokens.contains(1))
        #expect(tokens.takeTurn(1, of: 7, now: .zero) == false)
    }

    @Test func `one user goes first so many times, and then at a pace`() {
        var tokens = AcceptedTokens()
        let now = Duration.seconds(50)
        tokens.insert(1)
        let turns = (0..<1000).count { _ in tokens.takeTurn(1, of: 7, now: now) }
        #expect(turns == AcceptedTokens.turnsMax)
        // Being accepted once more, or losing the token in between, brings nothing.
        tokens.remove(1)
        tokens.insert(1)
        #expect(tokens.takeTurn(1, of: 7, now: now) == false)
        #expect(tokens.contains(1))
        let later = now + AcceptedTokens.turnPeriod * 3
        #expect((0..<10).count { _ in tokens.takeTurn(1, of: 7, now: later) } == 3)
        // A clock of another worker may be a little behind.
        #expect(tokens.takeTurn(1, of: 7, now: now) == false)
        tokens.insert(2)
        #expect(tokens.takeTurn(2, of: 8, now: now) == true)
    }

    @Test func `many tokens of one user bring no more turns than one`() {
        var tokens = AcceptedTokens()
        for token in UInt64(1)...90 { tokens.insert(token) }
        let turns = (0..<9000).count { number in
            tokens.takeTurn(UInt64(number % 90 + 1), of: 7, now: .zero)
        }
        #expect(turns == AcceptedTokens.turnsMax)
    }

    @Test func `of more tokens than there is room for the older ones are forgotten`() {
        var random = SeededRandom.forTest()
        var tokens = AcceptedTokens(capacity: 1024)
        let keys = (0..<5000).map { _ in UInt64.random(in: 0...UInt64.max, using: &random) }
        for key in keys { tokens.insert(key) }
        #expect(keys.count { tokens.contains($0) } <= 1024)
        #expect(keys.suffix(100).count { tokens.contains($0) } == 100)
        #expect(keys.prefix(1000).count { tokens.contains($0) } == 0)
    }

    // MARK: Herds

    @Test func `a herd is counted by users`() {
        var spread = ReconnectSpread()
        for user in UInt64(1)...300 { _ = spread.count(user, at: .zero, rate: 50) }
        #expect(spread.spread(for: 1000, at: .zero, rate: 50) == .seconds(6))
        #expect(spread.spread(for: 1000, at: .seconds(2), rate: 50) == .seconds(4))
        #expect(spread.spread(for: 1000, at: .seconds(60), rate: 50) == .zero)
    }

    @Test func `the short streams of one user send nobody else away for longer`() {
        var spread = ReconnectSpread()
        var now = Duration.zero
        for _ in 0..<15_000 {
            _ = spread.count(7, at: now, rate: 500)
            now += .seconds(1) / 1500
            #expect(spread.spread(for: 8, at: now, rate: 500) <= .milliseconds(2))
        }
        // The one who does it waits for it: ten thousand more than could come back.
        let own = spread.count(7, at: now, rate: 500)
        #expect(own > .seconds(19) && own < .seconds(21), "\(own)")
        #expect(spread.count(8, at: now, rate: 500) <= .milliseconds(4))
    }

    @Test func `whoever has come back counts again`() {
        var spread = ReconnectSpread()
        for round in 1...3 {
            let now = Duration.seconds(100 * round)
            #expect(spread.count(1, at: now, rate: 1) == .seconds(1))
            #expect(spread.count(2, at: now, rate: 1) == .seconds(2))
            #expect(spread.spread(for: 3, at: now, rate: 1) == .seconds(2))
            // Still on the way.
            #expect(spread.count(2, at: now, rate: 1) == .seconds(2))
            #expect(spread.spread(for: 3, at: now, rate: 1) == .seconds(2))
        }
    }

    @Test func `a clock that is a little behind does no harm`() {
        var spread = ReconnectSpread()
        _ = spread.count(1, at: .seconds(10), rate: 2)
        #expect(spread.count(2, at: .seconds(9), rate: 2) == .seconds(1))
        #expect(spread.spread(for: 3, at: .seconds(10), rate: 2) == .seconds(1))
    }
}
