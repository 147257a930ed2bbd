/// Counts what costs us work and moves nothing on, within windows of time. What moves bytes earns
/// the right to the frames that go with it, so that no honest transfer is taken for an attack.
struct FloodGuard {
    private let resetsMax: Int
    private let controlFramesMax: Int
    private var resets = 0
    private var resetsSince = Duration.zero
    private var frames = 0
    private var earned = 0
    private var framesSince = Duration.zero

    private static let resetPeriod = Duration.seconds(30)
    private static let framePeriod = Duration.seconds(10)
    /// A smaller piece of a body costs more to handle than it brings.
    static let tinyDataBytes = 64
    /// Bytes of body that pay for one frame.
    private static let bytesPerFrame = 512

    init(resetsMax: Int, controlFramesMax: Int) {
        self.resetsMax = resetsMax
        self.controlFramesMax = controlFramesMax
    }

    /// Whether one more reset is too many.
    mutating func countReset(now: Duration) -> Bool {
        if now - resetsSince >= Self.resetPeriod { (resets, resetsSince) = (0, now) }
        resets += 1
        return resets > resetsMax
    }

    /// Whether one more frame that moves nothing on is too many.
    mutating func countFrame(now: Duration) -> Bool {
        renew(now)
        frames += 1
        return frames > controlFramesMax + earned
    }

    /// The client has sent this much of a body.
    mutating func earn(receiving count: Int, now: Duration) {
        renew(now)
        earned += count / Self.bytesPerFrame
    }

    /// A piece of a body has left, for which the client may owe us window updates.
    mutating func earn(sendingFrame now: Duration) {
        renew(now)
        earned += 2
    }

    /// A field section was complete: its frame was worth it.
    mutating func earn(request now: Duration) {
        renew(now)
        earned += 1
    }

    private mutating func renew(_ now: Duration) {
        guard now - framesSince >= Self.framePeriod else { return }
        (frames, earned, framesSince) = (0, 0, now)
    }
}
