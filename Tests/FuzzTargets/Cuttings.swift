import TestRandom

/// The ways in which an input is cut: whole, byte by byte, and at places that follow from its bytes,
/// so that an input fails or holds whenever it is tried.
struct Cuttings {
    /// The pieces of each way; a short input has one way less.
    let all: [[[UInt8]]]

    init(_ bytes: [UInt8]) {
        var random = SeededRandom(inputs: bytes)
        var all = [[bytes]]
        // Byte by byte costs most, and finds nothing in a long input that its start would not.
        if bytes.count <= 2048 { all.append(bytes.map { [$0] }) }
        for longest in [3, 64] {
            var pieces: [[UInt8]] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...min(rest.count, longest), using: &random)
                pieces.append(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            all.append(pieces)
        }
        self.all = all
    }

    /// Has `outcome` say what comes of each way, and stops with `property` unless all agree.
    func agree<Outcome: Equatable>(
        on property: String, _ outcome: ([[UInt8]]) -> Outcome
    ) throws(BrokenProperty) -> Outcome {
        let whole = outcome(all[0])
        for pieces in all.dropFirst() {
            let other = outcome(pieces)
            try require(
                other == whole, property,
                "\(whole) when whole, \(other) in pieces of "
                    + "\(pieces.map(\.count))")
        }
        return whole
    }
}

extension SeededRandom {
    /// Chance that follows from an input.
    init(inputs bytes: [UInt8]) {
        self.init(
            seed: bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
    }
}
