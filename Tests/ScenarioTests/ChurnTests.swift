import TestSupport
import Testing

extension Scenarios {
    @Suite("Opening and evicting, again and again")
    struct ChurnTests {
        @Test func `S16: descriptors, memory and the ledger return to where they began`()
            async throws
        {
            let cycles = Scale.pick(small: 400, normal: 2000, full: 100_000)
            let atOnce = 50
            let stage = try await Stage {
                $0.policies = ["default.yaml": SluiceOptions.cap(1, "eviction_budget: off")]
            }
            try await churn(stage, cycles: 400, atOnce: atOnce)
            try await settle(stage)
            let (descriptors, memory) = (
                stage.sluice.child.descriptorCount, stage.sluice.child.residentKiB
            )

            try await churn(stage, cycles: cycles, atOnce: atOnce)
            try await settle(stage)

            // The last clients' sockets go a moment after their streams.
            for _ in 0..<100 where stage.sluice.child.descriptorCount != descriptors {
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(stage.sluice.child.descriptorCount == descriptors)
            let growth = stage.sluice.child.residentKiB - memory
            #expect(growth < 4096, "grew by \(growth) KiB over \(cycles) cycles")
            #expect(stage.gateway.gateway.streamCount == 0)
            try await stage.expectSoundEnd()
            #expect(stage.sluice.count("evict") >= cycles)
        }

        /// Each of a few users opens a stream that evicts the one before.
        private func churn(_ stage: Stage, cycles: Int, atOnce: Int) async throws {
            var latest: [TestClient] = []
            for _ in 0...(cycles / atOnce) {
                let fresh = (0..<atOnce).map { stage.sluice.stream("user-\($0)") }
                for client in fresh { _ = try await client.head() }
                for client in latest { try await client.end() }
                latest = fresh
            }
            for client in latest { client.leave(.close) }
        }

        private func settle(_ stage: Stage) async throws {
            try await stage.gateway.until("nobody") { $0.streamCount == 0 }
            let opened = stage.sluice.count("stream_opened")
            try await stage.sluice.log("stream_closed", count: opened)
        }
    }
}
