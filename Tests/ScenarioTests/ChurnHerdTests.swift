import DemoGateway
import Glibc
import TestSupport
import Testing

extension Scenarios {
    @Suite("One user's short streams send nobody else away")
    struct ChurnHerdTests {
        private static let short = 100

        /// A hundred streams of one user have just ended, where five in a second may come back.
        private func churned() async throws -> Stage {
            let stage = try await Stage { options in
                options.policies = ["default.yaml": SluiceOptions.cap(5)]
                for line in ["streams_per_second: 5", "streams_burst: 1000"] {
                    options.set("gateway", line)
                }
                options.set("streams", "evicted_retry: 1s")
            }
            let token = Tokens.jwt(sub: "churner")
            let fields = [("accept", "text/event-stream")]
            let client = stage.sluice.client()
            var retries: [Int] = []
            for number in 0..<Self.short {
                client.request(
                    "GET", "/misbehave/stream-end?access_token=\(token)", fields: fields)
                let answer = try await client.whole(number)
                #expect(answer.status == 200)
                retries += [answer.retry].compactMap(\.self)
            }
            // Whoever does it is the one who is told to come back late.
            #expect(retries.contains { $0 > 6000 })
            return stage
        }

        @Test func `a proper end tells nothing, and a drain what it always tells`() async throws {
            let stage = try await churned()
            let ended = try await stage.sluice.openStream("alice")
            let drained = try await stage.sluice.openStream("bob")
            _ = try await drained.event { $0.name == "Generic" }

            stage.gateway.gateway.closeStreams(ofUser: "alice", resetting: false)
            #expect(try await ended.whole().retry == nil)
            stage.sluice.signal(SIGTERM)

            #expect((2000...3000).contains(try #require(try await drained.whole().retry)))
            #expect(try await stage.sluice.child.waitForExit() == .code(0))
            stage.expectSoundLog()
        }

        @Test func `an evicted client waits as long as ever`() async throws {
            let stage = try await churned()
            var tabs: [TestClient] = []
            for _ in 0..<6 { tabs.append(try await stage.sluice.openStream("alice")) }

            let words = try await tabs[0].whole()

            #expect(words.lastWords != nil)
            #expect((1000...2000).contains(try #require(words.retry)), "\(words.text)")
            try await stage.expectSoundEnd()
        }
    }
}
