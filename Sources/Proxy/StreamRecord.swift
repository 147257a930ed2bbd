import EventStream
import Ledger
import Policy

/// What an exchange knows of its stream while it is live: who, under which rules, and when it last
/// gave a sign of life.
struct StreamRecord {
    let id: StreamID
    let user: User
    var policy: Policy?
    var generation: UInt64
    var limit: Int?
    /// `nil` for an encoded body, whose events cannot be seen.
    var scanner: EventScanner?
    var bytes: UInt64 = 0
    var lastBytes: Duration
    var lastFrame: Duration
    var lastEvent: Duration
    /// When its age is over; `nil` for never.
    var expiresAt: Duration?
    /// Until then no deadline closes the stream: a reload that brings many forward is paced.
    var notBefore = Duration.zero
    private let admittedAt: Duration
    /// Between -1 and 1, drawn once: a reload must not roll the dice again.
    private let ageJitter: Double

    /// `ageJitter` lies between -1 and 1: how much of the tenth by which its age may differ.
    init(id: StreamID, user: User, isOpaque: Bool, admittedAt: Duration, ageJitter: Double) {
        self.id = id
        self.user = user
        self.admittedAt = admittedAt
        generation = 0
        lastBytes = admittedAt
        lastFrame = admittedAt
        lastEvent = admittedAt
        scanner = isOpaque ? nil : EventScanner(heartbeats: .none)
        self.ageJitter = ageJitter
    }

    /// Puts the stream under a policy, at its admission and after a reload.
    mutating func govern(by policy: Policy?, generation: UInt64, heartbeats: Heartbeats) {
        self.policy = policy
        self.generation = generation
        limit = user.isIdentified ? policy?.maxStreamsPerUser : policy?.maxStreamsPerAddress
        scanner?.watch(for: heartbeats)
        expiresAt = policy?.maxAge.map { admittedAt + $0 + $0 * (0.1 * ageJitter) }
    }

    /// When the stream counts as idle, `nil` without a limit. An encoded body has only bytes.
    var idleDeadline: Duration? {
        guard let policy, let timeout = policy.idleTimeout else { return nil }
        guard scanner != nil else { return lastBytes + timeout }
        return switch policy.idleClock {
        case .bytes: lastBytes + timeout
        case .frames: lastFrame + timeout
        case .events: lastEvent + timeout
        }
    }

    /// Where in its events the stream stands. An encoded body has no boundary to wait for.
    var position: EventScanner.Position { scanner?.position ?? .boundary }
}
