import Pacing
import TestRandom
import Testing

@Suite("Who goes to the gateway, and who waits")
struct AdmissionQueueTests {
    typealias Queue = AdmissionQueue
    typealias Row = AdmissionQueue.Row

    /// The queue with its clock.
    private struct Desk {
        private(set) var limits: Queue.Limits
        var queue: Queue
        var now = Duration.seconds(1000)
        var displaced: Queue.Ticket?

        init(
            perSecond rate: Int, burst: Int, wait: Duration = .seconds(5), hasKnown: Bool = true
        ) {
            limits = Queue.Limits(
                perSecond: rate, burst: burst, wait: wait, hasKnown: hasKnown)
            queue = Queue(limits, now: now)
        }

        mutating func enter(_ row: Row, worker: UInt32 = 0) -> Queue.Verdict {
            displaced = nil
            return queue.enter(
                row, worker: worker, limits: limits, now: now, displaced: &displaced)
        }

        mutating func wait(_ row: Row) throws -> Queue.Ticket {
            guard case .wait(let ticket) = enter(row) else {
                throw Unexpected()
            }
            return ticket
        }

        mutating func leave(_ ticket: Queue.Ticket) -> Bool { queue.leave(ticket) }

        mutating func serve(after time: Duration = .zero) -> [Queue.Ticket] {
            now += time
            return queue.serve(limits, now: now)
        }
    }

    struct Unexpected: Error {}

    private static let flood = Row.stranger(1)

    @Test func `within the burst all go at once, then as many as the rate allows`() throws {
        var desk = Desk(perSecond: 10, burst: 3)
        for _ in 0..<3 { #expect(desk.enter(Self.flood) == .go) }
        let waiting = try (0..<5).map { _ in try desk.wait(Self.flood) }
        #expect(desk.serve().isEmpty)
        #expect(desk.queue.nextTurn(desk.limits) == .milliseconds(100))
        #expect(desk.serve(after: .milliseconds(100)) == [waiting[0]])
        #expect(desk.serve(after: .milliseconds(250)) == [waiting[1], waiting[2]])
        #expect(desk.queue.count == 2)
    }

    @Test func `rows take turns, however long each is`() throws {
        var desk = Desk(perSecond: 10, burst: 1)
        #expect(desk.enter(Self.flood) == .go)
        let flood = try (0..<10).map { _ in try desk.wait(Self.flood) }
        let other = try desk.wait(.stranger(2))
        let third = try desk.wait(.stranger(3))
        let served =
            desk.serve(after: .milliseconds(100)) + desk.serve(after: .milliseconds(100))
            + desk.serve(after: .milliseconds(100)) + desk.serve(after: .milliseconds(100))
        #expect(served == [flood[0], other, third, flood[1]])
    }

    @Test func `the known go first, and in turns among themselves`() throws {
        var desk = Desk(perSecond: 10, burst: 1)
        #expect(desk.enter(Self.flood) == .go)
        let strangers = try (0..<3).map { _ in try desk.wait(Self.flood) }
        let heavy = try (0..<3).map { _ in try desk.wait(.known(7)) }
        let light = try desk.wait(.known(8))
        let served = (0..<5).flatMap { _ in desk.serve(after: .milliseconds(100)) }
        #expect(served == [heavy[0], light, heavy[1], heavy[2], strangers[0]])
    }

    @Test func `as long as nobody is known strangers may have all`() {
        var desk = Desk(perSecond: 10, burst: 8, hasKnown: false)
        for _ in 0..<8 { #expect(desk.enter(Self.flood) == .go) }
        #expect(desk.enter(Self.flood) != .go)
    }

    @Test func `strangers leave a quarter of the bucket to the known`() throws {
        var desk = Desk(perSecond: 10, burst: 8)
        for _ in 0..<6 { #expect(desk.enter(Self.flood) == .go) }
        let stranger = try desk.wait(Self.flood)
        for _ in 0..<2 { #expect(desk.enter(.known(7)) == .go) }
        let known = try desk.wait(.known(7))
        // What comes in again is for the known first, and then for the reserve.
        #expect(desk.serve(after: .milliseconds(100)) == [known])
        #expect(desk.serve(after: .milliseconds(200)).isEmpty)
        #expect(desk.serve(after: .milliseconds(100)) == [stranger])
        #expect(desk.enter(.known(8)) == .go)
    }

    @Test func `a request that opened no stream gives its place to the next`() throws {
        var desk = Desk(perSecond: 1, burst: 1)
        #expect(desk.enter(Self.flood) == .go)
        let next = try desk.wait(Self.flood)
        #expect(desk.serve().isEmpty)
        desk.queue.giveBack(desk.limits, now: desk.now)
        #expect(desk.serve() == [next])
        // A full bucket does not overflow.
        for _ in 0..<100 { desk.queue.giveBack(desk.limits, now: desk.now) }
        #expect(desk.enter(Self.flood) == .go)
        #expect(desk.enter(Self.flood) != .go)
    }

    @Test func `above what may wait the longest row gives up its newest`() throws {
        var desk = Desk(perSecond: 10, burst: 1, wait: .milliseconds(500))
        #expect(desk.enter(Self.flood) == .go)
        let flood = try (0..<5).map { _ in try desk.wait(Self.flood) }
        // One more of its own is too many.
        #expect(desk.enter(Self.flood) == .full)
        #expect(desk.displaced == nil)
        let other = try desk.wait(.stranger(2))
        #expect(desk.displaced == flood[4])
        let friend = try desk.wait(.known(7))
        #expect(desk.displaced == flood[3])
        #expect(desk.queue.count == 5)
        // Three of the flood against two: nobody has to make room.
        _ = try desk.wait(.stranger(2))
        #expect(desk.displaced == flood[2])
        #expect(desk.enter(.stranger(2)) == .full)
        let served = desk.serve(after: .seconds(0.1)) + desk.serve(after: .seconds(0.1))
        #expect(served == [friend, flood[0]])
        #expect(desk.serve(after: .seconds(0.1)) == [other])
    }

    @Test func `no stranger costs a known one the place`() throws {
        var desk = Desk(perSecond: 10, burst: 1, wait: .seconds(1))
        #expect(desk.enter(.known(7)) == .go)
        for user in UInt64(100)..<110 { _ = try desk.wait(.known(user)) }
        for address in UInt64(0)..<50 { #expect(desk.enter(.stranger(address)) == .full) }
        #expect(desk.queue.count == 10)
        // Of two that are known, the one with more.
        #expect(desk.enter(.known(100)) == .full)
    }

    @Test func `whoever has left is passed over, once`() throws {
        var desk = Desk(perSecond: 10, burst: 1)
        #expect(desk.enter(Self.flood) == .go)
        let first = try desk.wait(Self.flood)
        let second = try desk.wait(Self.flood)
        #expect(desk.leave(first) == true)
        #expect(desk.leave(first) == false)
        #expect(desk.serve(after: .milliseconds(100)) == [second])
        #expect(desk.leave(second) == false)
        // A slot that is used again is another ticket.
        let third = try desk.wait(Self.flood)
        #expect(desk.leave(second) == false)
        #expect(desk.queue.count == 1)
        #expect(desk.leave(third) == true)
        #expect(desk.queue.nextTurn(desk.limits) == nil)
    }

    @Test func `a flood makes itself wait and not others`() throws {
        var desk = Desk(perSecond: 100, burst: 1)
        #expect(desk.enter(Self.flood) == .go)
        for _ in 0..<500 { _ = try desk.wait(Self.flood) }
        #expect(desk.queue.backlog(of: Self.flood, desk.limits) == .seconds(5))
        #expect(desk.queue.backlog(of: .stranger(2), desk.limits) <= .milliseconds(20))
        #expect(desk.queue.backlog(of: .known(2), desk.limits) == .zero)
    }

    /// Random comings and goings against plain arrays.
    @Test func `it does what plain lists would`() throws {
        var random = SeededRandom.forTest()
        for _ in 0..<200 {
            var model = NaiveQueue(
                rate: .random(in: 1...50, using: &random),
                burst: .random(in: 1...20, using: &random),
                wait: .milliseconds(.random(in: 100...2000, using: &random)),
                hasKnown: .random(using: &random))
            try model.live(steps: 300, using: &random)
        }
    }
}
