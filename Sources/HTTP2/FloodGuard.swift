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
    private static let tinyDataBytes = 64
    /// Bytes of body, either way, that pay for one frame, and bytes of a field section that cost as
    /// much as one when nobody wants them.
    private static let bytesPerFrame = 512
    /// What is kept of the right to frames from one window of time to the next: the answers to 32 MB
    /// that were still under way then.
    private static let earnedKept = 65_536
    /// What a field section may unpack to beyond its packed size: the table of the decoder, twice,
    /// and what each field is reckoned at beside its bytes.
    private static let unpackedFree = 16_384

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

    /// Whether one more frame is too many.
    mutating func count(
        _ frame: Frame, _ verdict: StreamStates.Verdict, skipsSection: Bool, now: Duration
    ) -> Bool {
        switch frame.kind {
        case .resetStream: return false  // Counted by itself.
        case .headers, .continuation:
            return count(skipsSection ? 1 + frame.length / Self.bytesPerFrame : 1, now: now)
        case .data where verdict == .expected:
            // The last of a body comes once. One that is empty before that brings nothing.
            guard frame.length < Self.tinyDataBytes, !frame.endsStream else { return false }
        case .data, .settings, .goAway, .windowUpdate, .other: break
        }
        return count(1, now: now)
    }

    /// Whether what is unpacked of a field section from here on, for nobody, is too much.
    mutating func count(skippedBytes: Int, now: Duration) -> Bool {
        count(skippedBytes / Self.bytesPerFrame, now: now)
    }

    /// Whether a field section that was packed into so few bytes is too much. What a client says once
    /// it may name again for a byte: such fields count as they are sent on.
    mutating func count(unpacked: Int, from packed: Int, now: Duration) -> Bool {
        let surplus = unpacked - 2 * packed - Self.unpackedFree
        return count(max(0, surplus) / Self.bytesPerFrame, now: now)
    }

    private mutating func count(_ cost: Int, now: Duration) -> Bool {
        guard cost > 0 else { return false }
        renew(now)
        frames += cost
        return frames > controlFramesMax + earned
    }

    /// The client has sent this much of a body.
    mutating func earn(receiving count: Int, now: Duration) {
        renew(now)
        earned += count / Self.bytesPerFrame
    }

    /// A piece of a body has left, for which the client may owe us window updates: as many as it
    /// reads it in, and it may read a large one bit by bit.
    mutating func earn(sending count: Int, now: Duration) {
        renew(now)
        earned += 2 + count / Self.bytesPerFrame
    }

    /// A field section was complete: its frame was worth it.
    mutating func earn(request now: Duration) {
        renew(now)
        earned += 1
    }

    private mutating func renew(_ now: Duration) {
        guard now - framesSince >= Self.framePeriod else { return }
        earned = min(max(0, earned - frames), Self.earnedKept)
        (frames, framesSince) = (0, now)
    }
}
