import Reactor

/// The bytes of one worker that wait for clients to take them, and whether somebody is about to pay
/// for them. That happens in a turn of its own: nobody's connection ends in the middle of a write.
final class Backpressure: TimerHandler {
    var bytes = 0
    var isRelieving = false
    var relieve: () -> Void = {}

    func timerFired(now: Duration) -> Duration? {
        relieve()
        return nil
    }
}
