import TestSupport

/// Who evicted whom, rebuilt from the log of a Sluice with one worker, and held to the rules. It knows
/// nothing of the ledger but what the documentation says.
///
/// Lines of one worker stand in the order of the verdicts: an opening is followed by the evictions that
/// it caused.
struct EvictionAudit {
    /// The global limit, and whether the user with the most streams pays.
    let limit: Int
    let heaviestPays: Bool
    let userLimit: Int

    private(set) var violations: [String] = []
    private(set) var openings = 0
    private(set) var evictions = 0
    private(set) var refusals = 0
    /// Live streams in the order of admission.
    private var live: [(stream: String, user: String)] = []
    private var newcomer: (stream: String, user: String)?

    init(limit: Int, heaviestPays: Bool, userLimit: Int) {
        self.limit = limit
        self.heaviestPays = heaviestPays
        self.userLimit = userLimit
    }

    mutating func read(_ lines: [LogLine]) {
        for line in lines {
            guard let user = line["user"] else { continue }
            switch line.event {
            case "stream_opened": open(line["stream"] ?? "", user)
            case "evict": evict(line, user)
            case "stream_refused": refuse(line, user)
            case "stream_closed":
                settle()
                live.removeAll { $0.stream == line["stream"] }
            case _: break
            }
        }
        settle()
    }

    private mutating func open(_ stream: String, _ user: String) {
        settle()
        openings += 1
        newcomer = (stream, user)
    }

    /// The newcomer is in, and all that it cost has been told.
    private mutating func settle() {
        guard let newcomer else { return }
        live.append(newcomer)
        self.newcomer = nil
        if live.count > limit { violations.append("\(newcomer.stream): \(live.count) are live") }
        let own = live.count { $0.user == newcomer.user }
        if Self.isNamed(newcomer.user), own > userLimit {
            violations.append("\(newcomer.stream): \(own) of \(newcomer.user)")
        }
    }

    private mutating func evict(_ line: LogLine, _ user: String) {
        evictions += 1
        let stream = line["stream"] ?? ""
        defer { live.removeAll { $0.stream == stream } }
        guard let newcomer, line["cause"] == newcomer.stream else {
            return violations.append("nobody has come for \(line)")
        }
        let problem: String? =
            if !Self.isNamed(newcomer.user) {
                "an address evicts"
            } else if !live.contains(where: { $0.stream == stream && $0.user == user }) {
                "it is not live"
            } else if line["reason"] == "evicted_user_cap" {
                problem(ofOwn: user, line, newcomer.user)
            } else {
                problem(ofAll: stream, user, line["choice"], newcomer.user)
            }
        if let problem { violations.append("\(problem): \(line)") }
    }

    private func problem(ofOwn user: String, _ line: LogLine, _ newcomer: String) -> String? {
        if user != newcomer { return "another user pays" }
        if streams(of: user).count < userLimit { return "there was room" }
        // Of one's own streams those go first that do not read, and so get nothing.
        let isOldest = streams(of: user).first == line["stream"]
        let isDead = ["stalled", "unacknowledged", "only_heartbeats"].contains(line["choice"])
        return isOldest || isDead ? nil : "not the oldest"
    }

    /// Nobody is silent for so long here that a stranger may take the place.
    private func problem(
        ofAll stream: String, _ user: String, _ choice: String?, _ newcomer: String
    ) -> String? {
        if live.count < limit { return "there was room for all" }
        let addresses = weights.filter { !Self.isNamed($0.key) }
        if let most = addresses.values.max() {
            if addresses[user] != most { return "not of the heaviest address" }
            return streams(of: user).first == stream ? nil : "not the oldest of the address"
        }
        guard heaviestPays else {
            return live.first?.stream == stream ? nil : "not the oldest of all"
        }
        if user == newcomer { return nil }
        guard isHeavy(user, beside: newcomer) else { return "no more than a fair share" }
        if weights[user] != weights.filter({ $0.key != newcomer }).values.max() {
            return "not the heaviest"
        }
        return streams(of: user).first == stream ? nil : "not the oldest of the heaviest"
    }

    private mutating func refuse(_ line: LogLine, _ user: String) {
        settle()
        refusals += 1
        guard line["reason"] == "global_cap" else {
            return violations.append("an odd refusal: \(line)")
        }
        if live.count < limit { violations.append("refused for nothing: \(line)") }
        guard Self.isNamed(user) else { return }
        let couldPay =
            !heaviestPays || weights.keys.contains { !Self.isNamed($0) } || weights[user] != nil
            || weights.keys.contains { isHeavy($0, beside: user) }
        if couldPay { violations.append("somebody should have paid: \(line)") }
    }

    /// Whether `user` is heavier than the newcomer's user will be, and has more than a fair share.
    private func isHeavy(_ user: String, beside newcomer: String) -> Bool {
        let weight = weights[user] ?? 0
        let users = Set(weights.keys.filter(Self.isNamed)).union([newcomer]).count
        return weight > (weights[newcomer] ?? 0) + 1 && weight * users > limit
    }

    private var weights: [String: Int] {
        live.reduce(into: [:]) { $0[$1.user, default: 0] += 1 }
    }

    private func streams(of user: String) -> [String] {
        live.filter { $0.user == user }.map(\.stream)
    }

    private static func isNamed(_ user: String) -> Bool { !user.hasPrefix("address:") }
}
