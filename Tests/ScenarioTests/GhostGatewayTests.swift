import DemoGateway
import TestSupport
import Testing

extension Scenarios {
    @Suite("Gateways that restart or fall silent")
    struct GhostGatewayTests {
        @Test func `U11: a gateway that restarts ends its streams, and new ones work after it`()
            async throws
        {
            let count = Scale.pick(small: 50, normal: 300, full: 1000)
            let old = try TestGateway(.quiet)
            let sluice = try await SluiceProcess(gateway: old.address)
            let clients = (0..<count).map { sluice.stream("user-\($0)") }
            for client in clients { _ = try await client.head() }

            old.gateway.stop()

            // None of them may take what it has for all there was.
            for client in clients {
                #expect(try await client.end() != .closeNotify)
                #expect(client.response?.isComplete == false)
            }
            try await sluice.log("stream_closed", count: count)
            #expect(sluice.lines("stream_closed").allSatisfy { $0["reason"] == "error" })
            let early = sluice.stream("early")
            #expect(try await early.whole().status == 502)

            let new = try DemoGateway(listening: old.address, profile: .quiet)
            let back = (0..<count).map { sluice.stream("user-\($0)") }
            for client in back { #expect(try await client.head().status == 200) }
            #expect(new.streamCount == count)
            new.publish(to: nil, event: "message", data: "fine")
            for client in back { _ = try await client.event { $0.data == "fine" } }
            try await sluice.expectSoundEnd()
        }

        @Test func `U12: a gateway that stalls, its kernel well, is left to the idle timeout`()
            async throws
        {
            let stage = try await Stage {
                $0.policies = ["default.yaml": SluiceOptions.cap(1, "idle_timeout: 4s")]
                $0.set("limits", "dead_peer_timeout: 1s")
            }
            let client = try await stage.sluice.openStream("alice")

            // Its kernel answers the probes all the while, so nobody is gone.
            let response = try await client.whole()

            #expect(response.eventCount == 1)
            #expect(response.retry != nil)
            let line = try await stage.sluice.log("stream_closed")
            #expect(line["reason"] == "idle")
            #expect(stage.sluice.count("error") == 0)
            try await stage.expectSoundEnd()
        }
    }
}
