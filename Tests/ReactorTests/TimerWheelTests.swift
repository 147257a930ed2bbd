import Reactor
import TestRandom
import Testing

@Suite("The timer wheel")
struct TimerWheelTests {
    /// Fires with a fixed answer and remembers when.
    private final class Recorder: TimerHandler {
        var firedAt: [Duration] = []
        var next: Duration?

        func timerFired(now: Duration) -> Duration? {
            firedAt.append(now)
            defer { next = nil }
            return next
        }
    }

    /// One look at the wheel, as the reactor takes it.
    private func advance(_ wheel: inout TimerWheel, to now: Duration) {
        for due in wheel.takeDue(now: now) where wheel.isLive(due.id) {
            wheel.settle(due.id, next: due.handler.timerFired(now: now))
        }
    }

    @Test(
        "A timer fires at its deadline or a tick later, never before",
        arguments: [0, 1, 15, 16, 17, 1000, 65_535, 65_536, 70_000, 1_000_000])
    func onTime(milliseconds: Int) {
        let start = Duration.seconds(1234)
        var wheel = TimerWheel(now: start)
        let recorder = Recorder()
        let deadline = start + .milliseconds(milliseconds)
        _ = wheel.schedule(recorder, at: deadline)

        var now = start
        while recorder.firedAt.isEmpty, now < deadline + .seconds(1) {
            now += .milliseconds(7)
            advance(&wheel, to: now)
        }

        #expect(recorder.firedAt.count == 1)
        #expect((recorder.firedAt.first ?? .zero) >= deadline)
        #expect((recorder.firedAt.first ?? now) <= deadline + .milliseconds(32))
        #expect(wheel.count == 0)
    }

    @Test func `a timer that answers with a deadline fires again`() {
        var wheel = TimerWheel(now: .zero)
        let recorder = Recorder()
        recorder.next = .seconds(90)
        _ = wheel.schedule(recorder, at: .seconds(1))

        for second in 0...120 { advance(&wheel, to: .seconds(second)) }

        #expect(recorder.firedAt == [.seconds(2), .seconds(91)])
    }

    @Test func `a cancelled timer never fires, and its name is not taken for another's`() {
        var wheel = TimerWheel(now: .zero)
        let (gone, stays) = (Recorder(), Recorder())
        let id = wheel.schedule(gone, at: .seconds(1))
        wheel.cancel(id)
        _ = wheel.schedule(stays, at: .seconds(1))
        wheel.cancel(id)

        advance(&wheel, to: .seconds(2))

        #expect(gone.firedAt.isEmpty)
        #expect(stays.firedAt.count == 1)
    }

    @Test func `hastening moves a timer to the front and never to the back`() {
        var wheel = TimerWheel(now: .zero)
        let recorder = Recorder()
        let id = wheel.schedule(recorder, at: .seconds(600))
        wheel.hasten(id, to: .seconds(700))
        wheel.hasten(id, to: .seconds(5))

        advance(&wheel, to: .seconds(4))
        #expect(recorder.firedAt.isEmpty)
        advance(&wheel, to: .seconds(6))
        #expect(recorder.firedAt == [.seconds(6)])
    }

    @Test func `the next look is never later than the nearest deadline`() {
        var random = SeededRandom.forTest()
        var wheel = TimerWheel(now: .zero)
        var now = Duration.zero
        var deadlines: [Duration] = []
        let handlers = (0..<200).map { _ in Recorder() }
        for handler in handlers {
            let deadline = Duration.milliseconds(Int.random(in: 1...200_000, using: &random))
            deadlines.append(deadline)
            _ = wheel.schedule(handler, at: deadline)
        }

        while let look = wheel.nextLook() {
            #expect(look > now, "A look that is not ahead would spin.")
            now = look
            advance(&wheel, to: now)
        }

        for (handler, deadline) in zip(handlers, deadlines) {
            let firedAt = handler.firedAt.first ?? .zero
            #expect(firedAt >= deadline && firedAt <= deadline + .milliseconds(48))
        }
    }

    /// G06: the process slept, and everything is due at once.
    @Test func `a jump over several revolutions fires everything once`() {
        var wheel = TimerWheel(now: .zero)
        let handlers = (1...500).map { _ in Recorder() }
        for (index, handler) in handlers.enumerated() {
            _ = wheel.schedule(handler, at: .milliseconds(index * 997))
        }

        advance(&wheel, to: .seconds(3600))

        #expect(handlers.allSatisfy { $0.firedAt.count == 1 })
        #expect(wheel.count == 0)
    }
}
