import Testing

@testable import Proxy

@Suite("What requests hold, and whose it is")
struct PendingBytesTests {
    private let limit = 1_048_576
    private let pending = PendingBytes()

    private func note(_ change: Int, _ held: inout HeldBytes, of network: Int) -> Bool {
        held.note(
            change, of: network, in: pending, connectionMax: 2 * limit, processMax: limit)
    }

    /// Takes all that a network can get, and says how much that was.
    private func fill(by network: Int, _ connections: inout [(Int, HeldBytes)]) -> Int {
        var taken = 0
        for _ in 0..<100 {
            var held = HeldBytes()
            guard note(60_000, &held, of: network) else {
                held.end(of: network, in: pending)
                break
            }
            taken += 60_000
            connections.append((network, held))
        }
        return taken
    }

    @Test(
        "networks that take all they can leave room for others' ordinary requests",
        arguments: [1, 2, 4])
    func share(networks: Int) {
        var full: [(Int, HeldBytes)] = []
        let taken = (1...networks).map { fill(by: $0, &full) }
        #expect(taken.allSatisfy { $0 > 0 }, "\(taken)")

        var other = HeldBytes()
        #expect(note(40_000, &other, of: 0))
        #expect(note(-40_000, &other, of: 0))

        // All of it comes back.
        for (network, held) in full {
            var held = held
            held.end(of: network, in: pending)
        }
        var again: [(Int, HeldBytes)] = []
        #expect(fill(by: 9, &again) > limit / 2)
    }

    @Test func `the limit holds for all together`() {
        var full: [(Int, HeldBytes)] = []
        let taken = (1...500).reduce(0) { $0 + fill(by: $1, &full) }
        #expect(taken <= limit + full.count * PendingBytes.freePerConnection)
        var held = HeldBytes()
        #expect(note(8192, &held, of: 0))
    }

    @Test func `one network cannot hold all`() {
        var full: [(Int, HeldBytes)] = []
        #expect(fill(by: 1, &full) < limit)
        var other = HeldBytes()
        #expect(note(200_000, &other, of: 2))
    }
}
