import Glibc

/// Random numbers that a printed seed brings back: `SLUICE_SEED=7 swift test` begins with 7.
package struct SeededRandom: RandomNumberGenerator {
    /// What the numbers began with, for the message of a test that fails.
    package let seed: UInt64
    private var state: UInt64

    package init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    /// Begins with the seed of the environment, or else with a new one, and prints it.
    package static func forTest(_ name: String = #function) -> SeededRandom {
        let given = getenv("SLUICE_SEED").flatMap { UInt64(String(cString: $0)) }
        let seed = given ?? .random(in: 0...UInt64.max)
        print("\(name): SLUICE_SEED=\(seed)")
        return SeededRandom(seed: seed)
    }

    /// SplitMix64.
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
