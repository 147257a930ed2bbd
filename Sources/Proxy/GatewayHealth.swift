/// What is known of how one gateway does, and whether it gets requests. A value without a clock; its
/// endpoint guards it.
///
/// Two kinds of failure take a gateway out, as strangers can provoke only one of them:
///
/// - A connect that fails, and a question for its health that it answers badly: so many in a row.
/// - A request that it breaks off, answers with nonsense or leaves without an answer. Whoever sends a
///   poisoned one can do so for ever. So of one client only a share counts, small enough that it
///   takes several, and only as long as what it answers properly meanwhile does not outweigh it.
///
/// One that is out gets a single request now and then, a trial. A request that fails as the trial says
/// as little: the next trial is another client's.
///
/// Invariants: `witnesses` has at most `witnessesMax`, each of another client; `tried` at most
/// `trialsMax`, and it is empty while `retryAt` is not set.
package struct GatewayHealth: Sendable {
    /// When it is left out, and for how long.
    package struct Rules: Sendable {
        let failuresMax: Int
        let retryAfter: Duration

        package init(failuresMax: Int, retryAfter: Duration) {
            self.failuresMax = failuresMax
            self.retryAfter = retryAfter
        }
    }

    /// What one more success or failure came to.
    package enum Change: Sendable { case wentDown, cameBack }

    /// Who a request comes from: its network, hashed.
    package typealias Client = Int

    private struct Witness {
        let client: Client
        var count = 0
        /// Since the last success.
        var countSinceSuccess = 0
        var success: UInt64
        var lastAt: Duration
    }

    private var failuresInRow = 0
    private var witnesses: [Witness] = []
    /// Successes since the first of the witnesses, as long as there is one.
    private var successes = RecentCount()
    private var successNumber: UInt64 = 0
    private var lastSuccess = Duration.zero
    /// Set while it is left out: when the next request may try it.
    private var retryAt: Duration?
    /// Whose trials there were since the last of them counted for all.
    private var tried: [Client] = []
    private var lastTrialAt = Duration.zero

    /// Clients whose failures are remembered.
    private static let witnessesMax = 64
    /// For how long.
    private static let memory = Duration.seconds(60)
    /// Without a success for so long, what was answered before outweighs nothing.
    private static let silence = Duration.seconds(1)
    /// Trials of different clients that must fail before it is left alone again.
    private static let trialsMax = 3

    package init() {}

    /// Whether requests go to it.
    package var isUp: Bool { retryAt == nil }

    // MARK: What happens

    /// It could not be connected to, or has answered a question for its health badly.
    package mutating func noteConnectFailure(now: Duration, rules: Rules) -> Change? {
        failuresInRow = min(failuresInRow + 1, rules.failuresMax)
        guard failuresInRow == rules.failuresMax || !isUp else { return nil }
        return leaveOut(until: now + rules.retryAfter)
    }

    /// It has failed one request.
    package mutating func noteRequestFailure(
        of client: Client, now: Duration, rules: Rules
    ) -> Change? {
        guard isUp else {
            endTrial(of: client, now: now, rules: rules)
            return nil
        }
        remember(client, now: now)
        let share = max(1, rules.failuresMax / 3)
        let needed = max(2, rules.failuresMax)
        let count = witnesses.reduce(0) { $0 + min($1.count, share) }
        let countSinceSuccess = witnesses.reduce(0) {
            $0 + ($1.success == successNumber ? min($1.countSinceSuccess, share) : 0)
        }
        let isOutweighed = count <= successes.count(now: now)
        let isSilent = countSinceSuccess >= needed && lastSuccess + Self.silence <= now
        guard count >= needed, !isOutweighed || isSilent else { return nil }
        return leaveOut(until: now + rules.retryAfter)
    }

    /// It has answered, whomever and whatever.
    package mutating func noteSuccess(now: Duration) -> Change? {
        failuresInRow = 0
        guard isUp else {
            self = GatewayHealth()
            return .cameBack
        }
        guard !witnesses.isEmpty else { return nil }
        successes.add(now: now)
        successNumber += 1
        lastSuccess = now
        return nil
    }

    private mutating func remember(_ client: Client, now: Duration) {
        witnesses.removeAll { $0.lastAt + Self.memory < now }
        if witnesses.isEmpty { (successes, lastSuccess) = (RecentCount(), now - Self.silence) }
        let index = witnesses.firstIndex { $0.client == client }
        var witness =
            index.map { witnesses.remove(at: $0) }
            ?? Witness(client: client, success: successNumber, lastAt: now)
        if witness.success != successNumber {
            (witness.success, witness.countSinceSuccess) = (successNumber, 0)
        }
        witness.count = min(witness.count + 1, Int(Int32.max))
        witness.countSinceSuccess = min(witness.countSinceSuccess + 1, Int(Int32.max))
        witness.lastAt = now
        if witnesses.count == Self.witnessesMax { witnesses.removeFirst() }
        witnesses.append(witness)
    }

    private mutating func leaveOut(until moment: Duration) -> Change? {
        let isNews = isUp
        retryAt = moment
        (witnesses, tried) = ([], [])
        return isNews ? .wentDown : nil
    }

    // MARK: Trials

    /// Whether this client's request may go to it: while it is up, or as the trial that is due.
    package mutating func takesRequest(
        of client: Client, now: Duration, rules: Rules
    ) -> Bool {
        guard let retryAt else { return true }
        guard retryAt <= now else { return false }
        if tried.contains(client) {
            // Others come first, as long as there may be some.
            guard lastTrialAt + rules.retryAfter * 2 <= now else { return false }
            tried = []
        }
        tried.append(client)
        lastTrialAt = now
        self.retryAt = now + rules.retryAfter
        return true
    }

    private mutating func endTrial(of client: Client, now: Duration, rules: Rules) {
        guard tried.last == client else { return }
        guard tried.count < Self.trialsMax else {
            _ = leaveOut(until: now + rules.retryAfter)
            return
        }
        retryAt = now
    }
}

/// How often something happened in the last five to ten seconds.
private struct RecentCount {
    private var since = Duration.zero
    private var current = 0
    private var previous = 0

    private static let span = Duration.seconds(5)

    mutating func add(now: Duration) {
        turn(now)
        current += 1
    }

    mutating func count(now: Duration) -> Int {
        turn(now)
        return current + previous
    }

    private mutating func turn(_ now: Duration) {
        guard since + Self.span <= now else { return }
        previous = since + Self.span * 2 <= now ? 0 : current
        current = 0
        since = now
    }
}
