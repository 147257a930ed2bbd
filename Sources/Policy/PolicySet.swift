/// All policies of a directory, compiled: what one reload swaps in whole.
package struct PolicySet: Sendable {
    /// Counts valid reloads; 1 is the set Sluice started with.
    package let generation: UInt64
    package let global: GlobalPolicy
    /// In the order of the files, and within a file as written.
    package let policies: [Policy]
    /// The bytes it was made from, to tell whether a reload changes anything.
    package let source: [UInt8]
    private let index: PolicyIndex
    /// Those that say of some request that it asks for a stream.
    let sayingStreams: [Policy]

    package init(
        generation: UInt64, global: GlobalPolicy, policies: [Policy], source: [UInt8] = []
    ) {
        self.source = source
        self.generation = generation
        self.global = global
        self.policies = policies
        index = PolicyIndex(policies.map(\.match))
        sayingStreams = policies.filter { $0.isWork || !$0.match.methods.isEmpty }
    }

    /// The policy that governs a stream, `nil` when none matches: such a stream is relayed and
    /// counts for the global limit alone.
    package func governing(_ facts: StreamFacts) -> Policy? {
        position(governing: facts).map { policies[$0] }
    }

    /// Where in `policies` the governing policy stands.
    package func position(governing facts: StreamFacts) -> Int? {
        index.candidates(for: facts).first { policies[$0].match.fits(facts) }
    }
}

/// The rules for all streams of this instance together.
package struct GlobalPolicy: Equatable, Sendable {
    /// `nil` is no limit.
    package let maxStreams: Int?
    package let onExcess: Excess
    /// How many streams a lowered limit closes per second after a reload.
    package let reloadClosesPerSecond: Int

    /// What happens to a stream above `maxStreams`.
    package enum Excess: String, CaseIterable, Sendable {
        /// The user with the most streams pays; nobody at or below the fair share does.
        case closeOldestOfHeaviest = "close_oldest_of_heaviest"
        case closeOldest = "close_oldest"
        case rejectNewest = "reject_newest"
    }

    package init(maxStreams: Int?, onExcess: Excess, reloadClosesPerSecond: Int) {
        self.maxStreams = maxStreams
        self.onExcess = onExcess
        self.reloadClosesPerSecond = reloadClosesPerSecond
    }
}
