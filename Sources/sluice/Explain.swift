import ArgumentParser
import HTTP1
import HTTPModel
import Policy
import Settings

/// `sluice explain`: asks the policies the very question that the proxy asks them.
struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say which policy governs a stream, and why the others do not.",
        discussion: """
            Example:

              sluice explain --policies policies/ --request 'GET /events' --user 42 \\
                             --claim plan=premium
            """)

    @Option(help: ArgumentHelp("The directory of the policy files.", valueName: "dir"))
    var policies: String

    @Option(help: ArgumentHelp("Method and path: 'GET /events'.", valueName: "request"))
    var request: String

    @Option(help: ArgumentHelp("The host that the request names.", valueName: "name"))
    var host = "localhost"

    @Option(
        help: ArgumentHelp(
            """
            The user; without it, the stream has no token. May be given several times, once for \
            each claim of user_claim.
            """, valueName: "id"))
    var user: [String] = []

    @Option(
        help: ArgumentHelp(
            "A claim of the token: plan=premium. May be given several times.", valueName: "claim"))
    var claim: [String] = []

    func run() throws {
        try Runtime.reporting {
            let facts = try facts()
            let set = try PolicyLoader.load(directory: policies, generation: 1)
            for explanation in set.explain(facts) {
                print("\(explanation.policy): \(explanation.words)")
            }
            print(verdict(of: set, on: facts))
        }
    }

    /// The request is read by the parser that reads it on the wire, so both see the same path.
    private func facts() throws -> StreamFacts {
        let head: RequestHead
        do throws(HTTP1Error) {
            let text = "\(request) HTTP/1.1\r\nhost: \(host)\r\n\r\n"
            head = try RequestParser.parse(Array(text.utf8).span, limits: HeadLimits())
        } catch {
            throw ValidationError(
                "--request '\(request)' would be refused: \(error.reason); "
                    + "expected a method and a path, such as 'GET /events'")
        }
        var claims = Claims()
        for text in claim {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                throw ValidationError("--claim \(text): expected NAME=VALUE, such as plan=premium")
            }
            claims.append(path: parts[0], value: parts[1])
        }
        return StreamFacts(
            user: user.isEmpty ? .address("192.0.2.1") : .claim(User.claimName(of: user)),
            method: head.method,
            host: head.host, path: head.target.path, client: "", claims: claims)
    }

    private func verdict(of set: PolicySet, on facts: StreamFacts) -> String {
        let words = limits(of: set, on: facts)
        guard facts.isWork(under: set.governing(facts)) else { return words }
        return words + "; the stream is work and is never closed for another"
    }

    private func limits(of set: PolicySet, on facts: StreamFacts) -> String {
        guard let policy = set.governing(facts) else {
            return "no policy matches: the stream is relayed and counts for the global limit alone"
        }
        let (limit, whose) =
            facts.user.isIdentified
            ? (policy.maxStreamsPerUser, "user") : (policy.maxStreamsPerAddress, "address")
        guard let limit else { return "\(policy.name) governs; it has no limit per \(whose)" }
        let excess =
            switch facts.user.isIdentified && !facts.isWork(under: policy)
                ? policy.onExcess : .rejectNewest
            {
            case .rejectNewest: "above that the newcomer is refused"
            case .closeOldest: "above that the oldest is closed"
            case .closeIdlest: "above that the idlest is closed"
            }
        return "\(policy.name) governs; at most \(limit) per \(whose), \(excess)"
    }
}

extension PolicyExplanation {
    fileprivate var words: String {
        switch outcome {
        case .governs: "governs"
        case .comesTooLate: "would fit, but an earlier policy governs"
        case .failed(let condition): "does not fit: \(condition)"
        }
    }
}
