import HTTPModel

/// What one policy has to say about a stream, for a person who asks why.
package struct PolicyExplanation: Equatable, Sendable {
    package let policy: String
    package let outcome: Outcome

    package enum Outcome: Equatable, Sendable {
        /// The first policy that fits.
        case governs
        /// It fits as well, but an earlier one governs.
        case comesTooLate
        /// The first condition that does not fit, in words.
        case failed(String)
    }

    package init(policy: String, outcome: Outcome) {
        self.policy = policy
        self.outcome = outcome
    }
}

extension PolicySet {
    /// One explanation per policy, in order. It asks the same questions as `governing`.
    package func explain(_ facts: StreamFacts) -> [PolicyExplanation] {
        let governing = governing(facts)
        return policies.map { policy in
            let outcome: PolicyExplanation.Outcome =
                if policy === governing {
                    .governs
                } else if let failure = policy.match.firstFailure(of: facts) {
                    .failed(failure)
                } else {
                    .comesTooLate
                }
            return PolicyExplanation(policy: policy.name, outcome: outcome)
        }
    }
}

extension Match {
    /// The first condition that `facts` do not meet, `nil` when they fit.
    fileprivate func firstFailure(of facts: StreamFacts) -> String? {
        if !fitsMethod(of: facts) {
            return "the method is \(facts.method.text), not \(oneOf(methods))"
        }
        if let host, !fitsHost(of: facts) {
            return "the host is \(facts.host), not \(host.text)"
        }
        if let path, !fitsPath(of: facts) {
            return "the path is \(facts.path), not \(path.text)"
        }
        return claims.sorted { $0.key.text < $1.key.text }.lazy
            .compactMap { firstFailure(of: facts, claim: $0.key.text, values: $0.value) }.first
    }

    private func firstFailure(
        of facts: StreamFacts, claim: String, values: Set<ExactText>
    ) -> String? {
        let expected = oneOf(values.map(\.text))
        guard let value = facts.claims.value(at: claim) else {
            return "there is no claim \(claim); it must be \(expected)"
        }
        return values.contains(ExactText(value))
            ? nil : "the claim \(claim) is \(value), not \(expected)"
    }

    private func oneOf(_ values: some Sequence<String>) -> String {
        values.sorted().joined(separator: " or ")
    }
}
