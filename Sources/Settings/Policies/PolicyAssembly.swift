import Policy

/// Puts the policy files together, and finds what only shows when they are seen as one.
struct PolicyAssembly {
    private(set) var problems: [Problem] = []
    private var global: PolicyFile.Global?
    private var entries: [PolicyFile.Entry] = []
    private var placeByName: [String: Place] = [:]
    /// All bytes so far, with their files' names.
    private var source: [UInt8] = []

    /// Adds the next file in the order of their names.
    mutating func add(_ bytes: [UInt8], file: String) {
        source += Array("\(file)\n".utf8) + bytes
        let reading = Reading(file: file)
        let policyFile = reading.run(bytes) { PolicyFile(&$0) }
        problems += reading.problems
        guard let policyFile else { return }
        add(policyFile.global)
        for entry in policyFile.policies { add(entry) }
    }

    mutating func report(_ file: String, _ message: String) {
        problems.append(Problem(at: .file(file), message))
    }

    /// The rules of all files, once every file has been added.
    consuming func policySet(generation: UInt64) throws(Problems) -> PolicySet {
        checkCount()
        checkLimits()
        checkReach()
        guard problems.isEmpty else { throw Problems(problems) }
        return PolicySet(
            generation: generation,
            global: global?.policy ?? PolicyFile.Global.standard,
            policies: entries.map(\.policy), source: source)
    }

    private mutating func add(_ other: PolicyFile.Global?) {
        guard let other else { return }
        guard let first = global else {
            global = other
            return
        }
        report(
            at: other.place,
            "global: may stand once over all files; the first stands at \(first.place.text); "
                + "move the keys there")
    }

    private mutating func add(_ entry: PolicyFile.Entry) {
        entries.append(entry)
        let name = entry.policy.name
        guard !name.isEmpty else { return }
        guard let first = placeByName[name] else {
            placeByName[name] = entry.place
            return
        }
        report(
            at: entry.place,
            "name: \(name) is taken; the first stands at \(first.text); give this one another name")
    }

    private mutating func checkCount() {
        guard entries.count > PolicyFile.policiesMax else { return }
        report(
            at: entries[PolicyFile.policiesMax].place,
            "policies: \(entries.count) over all files; at most \(PolicyFile.policiesMax) are read")
    }

    /// No share of a whole is larger than the whole.
    private mutating func checkLimits() {
        guard let global, let limit = global.policy.maxStreams else { return }
        for entry in entries {
            let shares = [
                ("max_streams_per_user", entry.policy.maxStreamsPerUser, entry.userLimitPlace),
                (
                    "max_streams_per_address", entry.policy.maxStreamsPerAddress,
                    entry.addressLimitPlace
                ),
            ]
            for (key, share, place) in shares {
                guard let share, share > limit else { continue }
                report(
                    at: place,
                    "\(key): \(share) is more than global max_streams allows, \(limit) at "
                        + "\(global.limitPlace.text); lower this or raise that")
            }
        }
    }

    /// A policy that an earlier one leaves nothing to govern is a mistake in their order.
    private mutating func checkReach() {
        guard entries.count <= PolicyFile.policiesMax else { return }
        let sound = entries.filter(\.hasSoundMatch)
        let coverings = firstCoverings(of: sound.map(\.policy.match))
        for (entry, covering) in zip(sound, coverings) {
            guard let earlier = covering.map({ sound[$0] }) else { continue }
            report(
                at: entry.place,
                "name: \(entry.policy.name) can never govern a stream, for \(earlier.policy.name) "
                    + "at \(earlier.place.text) comes first and matches everything that it "
                    + "matches; move this one up, or narrow that match")
        }
    }

    private mutating func report(at place: Place, _ message: String) {
        problems.append(Problem(at: place, message))
    }
}

extension PolicyFile.Global {
    /// What holds when no file has `global`: the same as when it stands there without a key.
    fileprivate static var standard: GlobalPolicy {
        Reading(file: "").runEmpty { PolicyFile.Global(&$0, at: .file("")).policy }
    }
}
