import HTTPModel

/// Which streams a policy governs: all of its conditions must fit. No condition fits everything.
package struct Match: Sendable {
    /// `nil` fits every host.
    package let host: HostPattern?
    /// `nil` fits every path.
    package let path: PathPattern?
    /// Upper-case method names; empty fits every method.
    package let methods: Set<String>
    /// Dotted claim path to the values that fit, any one of them.
    package let claims: [ExactText: Set<ExactText>]

    package init(
        host: HostPattern?, path: PathPattern?, methods: Set<String>,
        claims: [ExactText: Set<ExactText>]
    ) {
        self.host = host
        self.path = path
        self.methods = methods
        self.claims = claims
    }

    package func fits(_ facts: StreamFacts) -> Bool {
        fitsMethod(of: facts) && fitsHost(of: facts) && fitsPath(of: facts)
            && claims.allSatisfy { path, values in
                facts.claims.value(at: path.text).map { values.contains(ExactText($0)) } ?? false
            }
    }

    /// Whether host and path fit, whatever else it asks for.
    func fits(host: String, path: String) -> Bool {
        (self.host?.fits(host) ?? true) && (self.path?.fits(path) ?? true)
    }

    func fitsMethod(of facts: StreamFacts) -> Bool {
        methods.isEmpty || methods.contains(facts.method.text)
    }

    func fitsHost(of facts: StreamFacts) -> Bool {
        host?.fits(facts.host) ?? true
    }

    func fitsPath(of facts: StreamFacts) -> Bool {
        path?.fits(facts.path) ?? true
    }
}
