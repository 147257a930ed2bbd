extension LogEvent {
    /// SIGHUP found everything valid, and it is in force.
    package struct Reload: Sendable {
        package let generation: UInt64
        package let policies: Int
        /// Nothing, when the files say what they said before.
        package let changed: [ReloadPart]
        /// The keys of settings that changed, in their values or in the files they name.
        package let keys: [String]
        /// Live streams that are surplus under the new limits.
        package let surplus: Int
        /// Changed settings that only a restart can apply.
        package let restartNeeded: [String]

        package init(
            generation: UInt64, policies: Int, changed: [ReloadPart], keys: [String] = [],
            surplus: Int, restartNeeded: [String]
        ) {
            self.keys = keys
            self.generation = generation
            self.policies = policies
            self.changed = changed
            self.surplus = surplus
            self.restartNeeded = restartNeeded
        }
    }

    /// SIGHUP found mistakes, so nothing has changed.
    package struct ReloadFailed: Sendable {
        /// The one that stays in force.
        package let generation: UInt64
        package let problems: [String]

        package init(generation: UInt64, problems: [String]) {
            self.generation = generation
            self.problems = problems
        }
    }
}

/// What a reload reads again.
package enum ReloadPart: String, CaseIterable, Sendable {
    case policies, certificates, identity, settings, log

    package var meaning: String {
        switch self {
        case .policies: "the policy files"
        case .certificates: "certificates, keys and authorities, of listeners and for gateways"
        case .identity: "where tokens are looked for, which claim names the user, the key of hashes"
        case .settings: "every other setting that is in force now, and the key of tombstones"
        case .log: "where the log goes and its level"
        }
    }
}

extension LogEvent.Reload {
    func write(to line: inout JSONLine) {
        line.add("generation", generation)
        line.add("policies", policies)
        line.add("unchanged", changed.isEmpty)
        line.add("changed", list: changed.map(\.rawValue))
        line.add("keys", list: keys)
        line.add("surplus", surplus)
        line.add("restart_needed", list: restartNeeded)
    }

    static var reference: RecordReference {
        RecordReference(
            when: "SIGHUP found everything valid. New streams are judged by this generation.",
            level: "notice; warning when something needs a restart",
            fields: [
                .init("generation", "the one in force now"),
                .init("policies", "how many there are"),
                .init("unchanged", "true when the files say what they said before"),
                .init("changed", "what has changed: see [Reasons](#reasons)"),
                .init(
                    "keys",
                    "the keys of settings that changed, in their values or in the files they name"),
                .init("surplus", "live streams above the new limits; they leave one by one"),
                .init("restart_needed", "changed settings that only a restart applies"),
            ],
            example: .reload(
                Self(
                    generation: 2, policies: 3, changed: [.policies, .certificates],
                    keys: ["gateway.tls.authorities"], surplus: 48,
                    restartNeeded: ["listen"])))
    }
}

extension LogEvent.ReloadFailed {
    func write(to line: inout JSONLine) {
        line.add("generation", generation)
        line.add("problem_count", problems.count)
        line.add("problems", list: problems)
    }

    static var reference: RecordReference {
        RecordReference(
            when: "SIGHUP found mistakes. Nothing has changed.",
            level: "error",
            fields: [
                .init("generation", "the one that stays in force"),
                .init("problem_count", "how many problems there are"),
                .init("problems", "each with its place; the list ends where the line is full"),
            ],
            example: .reloadFailed(
                Self(
                    generation: 2,
                    problems: [
                        "policies/default.yaml:7:5: unknown key \"max_stream\"; "
                            + "did you mean \"max_streams_per_user\"?"
                    ])))
    }
}
