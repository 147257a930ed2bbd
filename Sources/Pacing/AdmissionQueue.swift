import Ledger

/// Requests for event streams on their way to the gateway: how many may go in a second, who waits, and
/// who goes first. One for the process.
///
/// A token bucket with two lanes in front. In the lane of the known wait those whose token the gateway
/// has accepted before; the lane of strangers holds everybody else. The known go first, and a quarter
/// of the bucket is kept for them. In either lane everybody has a row of their own, a user or a
/// client's network, and the rows take turns.
///
/// Nobody waits who could not be served within the time that a wait may take. When as many wait as
/// that, the longest row gives up its newest: one of strangers as long as there is one, so that no
/// stranger costs a known one the place.
///
/// Every operation is O(1), but for `serve`, which is O(those it lets through).
package struct AdmissionQueue: Sendable {
    /// What the settings say.
    package struct Limits: Sendable {
        let rate: Double
        let burst: Double
        /// How many may wait.
        let waitingMax: Double
        /// What strangers leave to the known.
        let reserve: Double

        /// `hasKnown` tells whether anybody is known, for whom something has to be kept.
        package init(perSecond rate: Int, burst: Int, wait: Duration, hasKnown: Bool) {
            self.rate = Double(max(rate, 1))
            self.burst = Double(max(burst, 1))
            waitingMax = self.rate * (wait / .seconds(1))
            reserve = hasKnown ? (self.burst / 4).rounded(.down) : 0
        }
    }

    /// Whose row a request stands in.
    package struct Row: Hashable, Sendable {
        let isKnown: Bool
        /// A keyed hash of the user or of the client's network.
        let key: UInt64

        /// The row of a user whose token the gateway has accepted.
        package static func known(_ user: UInt64) -> Row { Row(isKnown: true, key: user) }
        /// The row of a stranger, by network, or of a known one who asks for too much.
        package static func stranger(_ key: UInt64) -> Row { Row(isKnown: false, key: key) }
    }

    /// A request that waits, and the worker that has it.
    package struct Ticket: Hashable, Sendable {
        fileprivate let slot: Int
        fileprivate let serial: UInt64
        package let worker: UInt32
    }

    package enum Verdict: Equatable, Sendable {
        case go
        case wait(Ticket)
        case full
    }

    private struct Waiter: Sendable {
        let serial: UInt64
        let worker: UInt32
        let isKnown: Bool
        /// The number of its row in its lane.
        var line = 0
    }

    private var tokens: Double
    private var lastRefill: Duration
    private var waiters = Slab<Waiter>()
    private var known = AdmissionLane()
    private var strangers = AdmissionLane()
    private var serials: UInt64 = 0

    /// How many `serve` lets through at most; whoever calls it comes again.
    package static let servedMax = 256

    package init(_ limits: Limits, now: Duration) {
        tokens = limits.burst
        lastRefill = now
    }

    /// How many wait.
    package var count: Int { known.count + strangers.count }

    // MARK: Coming and going

    /// Lets a request go, or has it wait. `displaced` is who has to give up waiting for it.
    package mutating func enter(
        _ row: Row, worker: UInt32, limits: Limits, now: Duration, displaced: inout Ticket?
    ) -> Verdict {
        refill(limits, now: now)
        let isFirst = known.isEmpty && (row.isKnown || strangers.isEmpty)
        if isFirst, tokens >= price(isKnown: row.isKnown, limits) {
            tokens -= 1
            return .go
        }
        if Double(count) >= limits.waitingMax {
            guard let slot = slotToGiveUp(for: row) else { return .full }
            displaced = remove(slot)
        }
        return .wait(append(row, worker: worker))
    }

    /// The request does not wait any longer. Returns whether it still did.
    @discardableResult
    package mutating func leave(_ ticket: Ticket) -> Bool {
        guard waiters.contains(ticket.slot), waiters[ticket.slot].serial == ticket.serial else {
            return false
        }
        _ = remove(ticket.slot)
        return true
    }

    /// Gives back the place of one that went and opened no stream.
    package mutating func giveBack(_ limits: Limits, now: Duration) {
        refill(limits, now: now)
        tokens = min(tokens + 1, limits.burst)
    }

    /// Those whose turn it is now.
    package mutating func serve(_ limits: Limits, now: Duration) -> [Ticket] {
        refill(limits, now: now)
        var served: [Ticket] = []
        while served.count < Self.servedMax, tokens >= 1 {
            let isKnown = !known.isEmpty
            guard tokens >= price(isKnown: isKnown, limits),
                let slot = isKnown ? known.next() : strangers.next()
            else { break }
            tokens -= 1
            served.append(remove(slot))
        }
        return served
    }

    // MARK: When

    /// After how long the next one can go; `nil` when nobody waits.
    package func nextTurn(_ limits: Limits) -> Duration? {
        guard count > 0 else { return nil }
        let missing = price(isKnown: !known.isEmpty, limits) - tokens
        return .seconds(max(missing, 0) / limits.rate)
    }

    /// How long one more in that row would have to wait.
    package func backlog(of row: Row, _ limits: Limits) -> Duration {
        let lane = row.isKnown ? known : strangers
        let ahead = min(lane.count, lane.lineCount * (lane.length(of: row.key) + 1))
        return .seconds(Double(ahead + (row.isKnown ? 0 : known.count)) / limits.rate)
    }

    // MARK: The books

    /// How much must be in the bucket for somebody to go.
    private func price(isKnown: Bool, _ limits: Limits) -> Double {
        isKnown ? 1 : 1 + limits.reserve
    }

    private mutating func refill(_ limits: Limits, now: Duration) {
        let earned = max((now - lastRefill) / .seconds(1), 0) * limits.rate
        tokens = min(tokens + earned, limits.burst)
        lastRefill = max(lastRefill, now)
    }

    /// Who makes room for one more in `row`; `nil` when nobody has to.
    private func slotToGiveUp(for row: Row) -> Int? {
        guard !row.isKnown || strangers.isEmpty else { return strangers.newestOfLongest }
        let lane = row.isKnown ? known : strangers
        return lane.longest > lane.length(of: row.key) + 1 ? lane.newestOfLongest : nil
    }

    private mutating func append(_ row: Row, worker: UInt32) -> Ticket {
        serials &+= 1
        let slot = waiters.insert(
            Waiter(serial: serials, worker: worker, isKnown: row.isKnown))
        waiters[slot].line =
            row.isKnown
            ? known.append(slot, to: row.key) : strangers.append(slot, to: row.key)
        return Ticket(slot: slot, serial: serials, worker: worker)
    }

    private mutating func remove(_ slot: Int) -> Ticket {
        let waiter = waiters[slot]
        if waiter.isKnown {
            known.remove(slot, from: waiter.line)
        } else {
            strangers.remove(slot, from: waiter.line)
        }
        waiters.remove(slot)
        return Ticket(slot: slot, serial: waiter.serial, worker: waiter.worker)
    }
}
