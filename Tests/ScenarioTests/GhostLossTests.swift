import DemoGateway
import TestSupport
import Testing

extension Scenarios {
    @Suite(
        "A network that loses packets",
        .enabled(if: GhostNetwork.canLose, Comment(rawValue: GhostNetwork.losesBy)))
    struct GhostLossTests {
        /// So long that an event fills most of a packet.
        private static let padding = String(repeating: "x", count: 1000)

        @Test(
            "K10: packets that are lost cost time, and no event is lost, doubled or changed",
            arguments: [1, 5])
        func loss(percent: Int) async throws {
            let stage = try await GhostStage()
            let users = ["alice", "bob", "carol"]
            var clients: [TestClient] = []
            for (number, user) in users.enumerated() {
                let wire: GhostNetwork.Wire = number == 0 ? .first : .second
                clients.append(try await stage.openStream(user, over: wire))
            }
            try await stage.network.lose("meta l4proto tcp numgen random mod 100 < \(percent)")

            let expected = (0..<400).map { "\($0) \(Self.padding)" }
            for data in expected {
                for user in users {
                    stage.gateway.publish(to: user, event: "message", data: data)
                }
                // One after the other, so that there are many packets to lose.
                _ = try await clients[0].event { $0.data == data }
            }

            for client in clients {
                _ = try await client.event { $0.data == expected.last }
                let heard = (client.response?.events ?? []).map(\.data)
                #expect(heard.filter { $0.hasSuffix(Self.padding) } == expected)
                #expect(client.isOpen)
            }
            #expect(try await stage.network.lostCount() > 0)
            // New streams come through as well.
            let late = try await stage.openStream("dora", over: .second)
            #expect(late.isOpen)
            #expect(stage.sluice.count("stream_closed") == 0)
            try await stage.sluice.expectSoundEnd()
        }
    }
}
