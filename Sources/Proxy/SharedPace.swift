import Locking
import Pacing
import Policy
import Synchronization

/// What keeps herds and floods from the gateway and from each other, for the whole process: however
/// many workers there are, and however unevenly the kernel gives them connections. Each operation is
/// O(1) behind a mutex, taken when a stream is asked for, opens or closes.
final class SharedPace: Sendable {
    private let queue: Guarded<AdmissionQueue>
    private let tokens = Guarded(AcceptedTokens())
    private let spread = Guarded(ReconnectSpread())
    private let knowsAnybody = Atomic(false)

    init(_ limits: AdmissionQueue.Limits, now: Duration) {
        queue = Guarded(AdmissionQueue(limits, now: now))
    }

    // MARK: Who may go

    /// Lets a request go or has it wait; names who has to give up waiting for it.
    func enter(
        _ row: AdmissionQueue.Row, worker: UInt32, limits: AdmissionQueue.Limits, now: Duration
    ) -> (verdict: AdmissionQueue.Verdict, displaced: AdmissionQueue.Ticket?) {
        queue.withLock { queue in
            var displaced: AdmissionQueue.Ticket?
            let verdict = queue.enter(
                row, worker: worker, limits: limits, now: now, displaced: &displaced)
            return (verdict, displaced)
        }
    }

    func leave(_ ticket: AdmissionQueue.Ticket) { queue.withLock { _ = $0.leave(ticket) } }

    /// Gives back the place of one that opened no stream, and names those who can go.
    func giveBack(_ limits: AdmissionQueue.Limits, now: Duration) -> [AdmissionQueue.Ticket] {
        queue.withLock { queue in
            queue.giveBack(limits, now: now)
            return queue.serve(limits, now: now)
        }
    }

    /// Those who can go now, and after how long the next one can.
    func serve(
        _ limits: AdmissionQueue.Limits, now: Duration
    ) -> (tickets: [AdmissionQueue.Ticket], next: Duration?) {
        queue.withLock { queue in
            let tickets = queue.serve(limits, now: now)
            return (tickets, queue.nextTurn(limits))
        }
    }

    func backlog(
        of row: AdmissionQueue.Row, _ limits: AdmissionQueue.Limits
    ) -> Duration {
        queue.withLock { $0.backlog(of: row, limits) }
    }

    // MARK: Who is known

    /// Whether the gateway has accepted any token so far.
    var hasKnown: Bool { knowsAnybody.load(ordering: .relaxed) }

    /// Whether the gateway has accepted the token of late.
    func isAccepted(_ key: TokenKey) -> Bool { tokens.withLock { $0.contains(key.value) } }

    func accept(_ key: TokenKey) {
        knowsAnybody.store(true, ordering: .relaxed)
        tokens.withLock { $0.insert(key.value) }
    }

    /// The gateway has refused the token.
    func forget(_ key: TokenKey) { tokens.withLock { $0.remove(key.value) } }

    /// The row of a request of `user` by that token, from a client of that network.
    func row(
        of user: User?, token: TokenKey?, network: Int, now: Duration
    ) -> AdmissionQueue.Row {
        let standing = tokens.withLock { tokens -> (isKnown: Bool, goesFirst: Bool) in
            guard let user, let token, tokens.contains(token.value) else { return (false, false) }
            return (true, tokens.takeTurn(token.value, of: user.key, now: now))
        }
        guard let user, standing.isKnown else {
            return .stranger(UInt64(bitPattern: Int64(network)))
        }
        return standing.goesFirst ? .known(user.key) : .stranger(user.key)
    }

    // MARK: When to come back

    /// Counts a stream of `user` that ends; gives the time over which its client should come back.
    func countClose(of user: User, now: Duration, rate: Double) -> Duration {
        spread.withLock { $0.count(user.key, at: now, rate: rate) }
    }

    /// The same without counting anything.
    func spread(for user: User, now: Duration, rate: Double) -> Duration {
        spread.withLock { $0.spread(for: user.key, at: now, rate: rate) }
    }
}

/// A token together with the user that it names, as a keyed hash: what another kind of credential
/// spells alike is another one.
struct TokenKey: Sendable {
    fileprivate let value: UInt64

    /// `nil` without a token.
    init?(_ facts: StreamFacts) {
        guard let tag = facts.tokenTag else { return nil }
        var hasher = Hasher()
        hasher.combine(tag)
        hasher.combine(facts.user)
        value = UInt64(bitPattern: Int64(hasher.finalize()))
    }
}

extension User {
    /// The user as a keyed hash, by a key of this process.
    fileprivate var key: UInt64 {
        var hasher = Hasher()
        hasher.combine(self)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }
}
