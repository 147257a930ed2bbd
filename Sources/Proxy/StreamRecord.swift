import EventStream
import HTTPModel
import Identity
import Ledger
import Policy
import Reactor

/// What an exchange knows of its stream while it is live: who, under which rules, and when it last
/// gave a sign of life.
struct StreamRecord {
    let id: StreamID
    let user: User
    let client: Client
    let vitals: StreamVitals
    var policy: Policy?
    var generation: UInt64
    var limit: Int?
    /// Whether it is work that somebody waits for, and no subscription.
    private(set) var isWork = false
    /// `nil` for an encoded body, whose events cannot be seen.
    var scanner: EventScanner?
    /// Present while the gateway's first bytes are behind words of ours.
    var leadingMark: LeadingMark?
    var bytes: UInt64 = 0
    var lastBytes: Duration
    var lastFrame: Duration
    var lastEvent: Duration
    /// When the last comment of ours was due.
    var lastKeptAlive: Duration
    /// When its age or its token is over; `nil` for never.
    var expiresAt: Duration?
    /// Whether it is the token that sets `expiresAt`.
    var endsWithToken = false
    /// Until then no deadline closes the stream: a reload that brings many forward is paced.
    var notBefore = Duration.zero
    private let admittedAt: Duration
    /// Between -1 and 1, drawn once: a reload must not roll the dice again.
    private let ageJitter: Double
    /// When the token by which it was opened expires; `nil` when it does not say.
    private let tokenExpiresAt: Duration?
    /// By which its token is known when its client comes back.
    let tokenKey: TokenKey?

    /// What the request and the response told of who reads it.
    struct Client {
        let method: Method
        /// Never `auto`.
        let kind: Policy.ClientKind
        let sharing: CrossOriginSharing
        /// Whether it came with a last event id.
        let hasLastEventID: Bool

        init(request: RequestHead, response: ResponseHead) {
            method = request.method
            kind = request.clientKind
            sharing = CrossOriginSharing(
                origin: request.fields.first(.origin),
                allowOrigin: response.fields.first(.accessControlAllowOrigin),
                allowCredentials: response.fields.first(.accessControlAllowCredentials))
            hasLastEventID = request.lastEventID != nil
        }
    }

    /// `ageJitter` lies between -1 and 1: how much of the tenth by which its age may differ.
    init(
        id: StreamID, user: User, vitals: StreamVitals, client: Client, lastEventID: String?,
        isOpaque: Bool, admittedAt: Duration, ageJitter: Double, tokenExpiresAt: Duration?,
        tokenKey: TokenKey?
    ) {
        self.tokenKey = tokenKey
        self.id = id
        self.user = user
        self.vitals = vitals
        self.client = client
        self.tokenExpiresAt = tokenExpiresAt
        self.admittedAt = admittedAt
        generation = 0
        lastBytes = admittedAt
        lastFrame = admittedAt
        lastEvent = admittedAt
        lastKeptAlive = admittedAt
        scanner =
            isOpaque ? nil : EventScanner(heartbeats: .none, lastEventID: lastEventID ?? "")
        self.ageJitter = ageJitter
    }

    /// Puts the stream under a policy, at its admission and after a reload.
    mutating func govern(by policy: Policy?, generation: UInt64, heartbeats: Heartbeats) {
        self.policy = policy
        self.generation = generation
        isWork = policy.isWork(client.method)
        limit = user.isIdentified ? policy?.maxStreamsPerUser : policy?.maxStreamsPerAddress
        scanner?.watch(for: heartbeats)
        let oldAge = policy?.maxAge.map { admittedAt + $0 + $0 * (0.1 * ageJitter) }
        let tokenEnd = policy?.endsWithToken == true ? tokenExpiresAt : nil
        endsWithToken = tokenEnd.map { $0 < oldAge ?? .seconds(Int64.max) } ?? false
        expiresAt = endsWithToken ? tokenEnd : oldAge
    }

    /// When its silence, its age or its token will end it; `nil` for never.
    var end: Duration? {
        guard let idle = idleDeadline, let expiresAt else { return idleDeadline ?? expiresAt }
        return min(idle, expiresAt)
    }

    /// When the client has heard nothing for so long that a comment is due; `nil` without one.
    var keepAliveDue: Duration? {
        guard scanner != nil, let interval = policy?.keepAlive else { return nil }
        return max(lastBytes, lastKeptAlive) + interval
    }

    /// The client's last event id, as a tombstone has to hold it; `nil` when it is not known, or
    /// when the client is one that would not expect an id.
    var resumeID: String? {
        guard let scanner else { return nil }
        return scanner.hasIDs || client.hasLastEventID
            || policy.clientKind(seen: client.kind) == .eventSource
            ? scanner.resumeID : nil
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

extension RequestHead {
    /// Where the client means to go on, wherever it says so; `nil` for at the beginning.
    var lastEventID: String? {
        fields.first(.lastEventID) ?? target.query.flatMap(LastEventIDQuery.first(in:))
    }
}

extension Claims {
    /// When the token expires (RFC 7519, section 4.1.4), on the reactor's clock; `nil` when it
    /// does not say, or says nonsense. A gateway that accepts a token that has expired means it to
    /// go on: closing its stream would only bring the client back.
    func expiry(now: Duration) -> Duration? {
        let today = Clock.timeOfDay().seconds
        guard let expiry = expiry, expiry > Double(today), expiry < Double(1 << 40) else {
            return nil
        }
        return now + .milliseconds(Int64((expiry - Double(today)) * 1000))
    }

    /// Seconds since 1970, as a number in whatever form or as digits in a string.
    private var expiry: Double? {
        switch find("exp") {
        case .one(.integer, let text), .one(.number, let text), .one(.text, let text):
            Double(String(decoding: text, as: UTF8.self))
        case .one(.word, _), .one(.nothing, _), .one(.other, _), .none, .several: nil
        }
    }
}
