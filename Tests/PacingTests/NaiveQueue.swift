import Pacing
import TestRandom
import Testing

/// `AdmissionQueue` beside the same in plain arrays, where everything is looked for.
struct NaiveQueue {
    private let limits: AdmissionQueue.Limits
    private let hasKnown: Bool
    private var queue: AdmissionQueue
    private var now = Duration.zero
    private let rate: Double
    private let burst: Double
    private let waitingMax: Double
    private var tokens: Double
    /// Rows in the order of their turns; each holds its tickets in the order of their coming.
    private var known: [(key: UInt64, tickets: [AdmissionQueue.Ticket])] = []
    private var strangers: [(key: UInt64, tickets: [AdmissionQueue.Ticket])] = []

    init(rate: Int, burst: Int, wait: Duration, hasKnown: Bool) {
        self.hasKnown = hasKnown
        self.rate = Double(rate)
        self.burst = Double(burst)
        waitingMax = Double(rate) * (wait / .seconds(1))
        tokens = Double(burst)
        limits = AdmissionQueue.Limits(
            perSecond: rate, burst: burst, wait: wait, hasKnown: hasKnown)
        queue = AdmissionQueue(limits, now: .zero)
    }

    mutating func live(steps: Int, using random: inout SeededRandom) throws {
        for _ in 0..<steps {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5: enter(using: &random)
            case 5: leave(using: &random)
            case 6:
                queue.giveBack(limits, now: now)
                tokens = min(tokens + 1, burst)
            case _:
                // Quarters of a second are the same in both sums.
                pass(.milliseconds(250 * Int.random(in: 0...2, using: &random)))
                let (served, expected) = (queue.serve(limits, now: now), serve())
                #expect(served == expected)
            }
            let count = (known + strangers).reduce(0) { $0 + $1.tickets.count }
            try #require(queue.count == count)
            // Whoever waits could be served in time, and the known never more than all.
            try #require(Double(count) < waitingMax + 1)
        }
    }

    private mutating func pass(_ time: Duration) {
        now += time
        tokens = min(tokens + time / .seconds(1) * rate, burst)
    }

    private func price(_ isKnown: Bool) -> Double {
        isKnown || !hasKnown ? 1 : 1 + (burst / 4).rounded(.down)
    }

    private mutating func enter(using random: inout SeededRandom) {
        let isKnown = Bool.random(using: &random)
        // A few come often.
        let key = UInt64.random(in: 0...(.random(in: 0...8, using: &random)), using: &random)
        var displaced: AdmissionQueue.Ticket?
        let verdict = queue.enter(
            isKnown ? .known(key) : .stranger(key), worker: 3, limits: limits, now: now,
            displaced: &displaced)
        let isFirst = known.isEmpty && (isKnown || strangers.isEmpty)
        if isFirst, tokens >= price(isKnown) {
            tokens -= 1
            #expect(verdict == .go && displaced == nil)
            return
        }
        let count = (known + strangers).reduce(0) { $0 + $1.tickets.count }
        let own = (isKnown ? known : strangers).first { $0.key == key }?.tickets.count ?? 0
        var mustGiveUp = false
        if Double(count) >= waitingMax {
            let payers = isKnown && strangers.isEmpty ? known : strangers
            let longest = payers.map(\.tickets.count).max() ?? 0
            guard longest > own + 1 || (isKnown && !strangers.isEmpty) else {
                #expect(verdict == .full && displaced == nil)
                return
            }
            mustGiveUp = true
            guard let displaced,
                let payer = payers.first(where: { $0.tickets.last == displaced })
            else {
                Issue.record("Nobody gave up the place.")
                return
            }
            #expect(payer.tickets.count == longest)
            drop(displaced)
        }
        #expect((displaced != nil) == mustGiveUp)
        guard case .wait(let ticket) = verdict else {
            Issue.record("\(verdict) instead of a ticket")
            return
        }
        if isKnown {
            Self.append(ticket, to: key, &known)
        } else {
            Self.append(ticket, to: key, &strangers)
        }
    }

    private mutating func leave(using random: inout SeededRandom) {
        guard let ticket = (known + strangers).flatMap(\.tickets).randomElement(using: &random)
        else { return }
        let (first, second) = (queue.leave(ticket), queue.leave(ticket))
        #expect(first && !second)
        drop(ticket)
    }

    private mutating func serve() -> [AdmissionQueue.Ticket] {
        var served: [AdmissionQueue.Ticket] = []
        while !known.isEmpty || !strangers.isEmpty, tokens >= price(!known.isEmpty) {
            tokens -= 1
            served.append(
                known.isEmpty ? Self.takeTurn(in: &strangers) : Self.takeTurn(in: &known))
        }
        return served
    }

    private static func takeTurn(
        in rows: inout [(key: UInt64, tickets: [AdmissionQueue.Ticket])]
    ) -> AdmissionQueue.Ticket {
        var row = rows.removeFirst()
        let ticket = row.tickets.removeFirst()
        if !row.tickets.isEmpty { rows.append(row) }
        return ticket
    }

    private static func append(
        _ ticket: AdmissionQueue.Ticket, to key: UInt64,
        _ rows: inout [(key: UInt64, tickets: [AdmissionQueue.Ticket])]
    ) {
        if let index = rows.firstIndex(where: { $0.key == key }) {
            rows[index].tickets.append(ticket)
        } else {
            rows.append((key, [ticket]))
        }
    }

    private mutating func drop(_ ticket: AdmissionQueue.Ticket) {
        for index in known.indices { known[index].tickets.removeAll { $0 == ticket } }
        for index in strangers.indices { strangers[index].tickets.removeAll { $0 == ticket } }
        known.removeAll(where: \.tickets.isEmpty)
        strangers.removeAll(where: \.tickets.isEmpty)
    }
}
