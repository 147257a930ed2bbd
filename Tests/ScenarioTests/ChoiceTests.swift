import DemoGateway
import TestSupport
import Testing

extension Scenarios {
    @Suite("Which of a user's streams goes")
    struct ChoiceTests {
        @Test func `one whose client takes nothing goes before an older one`() async throws {
            let stage = try await Stage(.silent) {
                $0.policies = ["default.yaml": SluiceOptions.cap(2)]
                // Whoever waits for this deadline would wait longer than the test does.
                $0.set("limits", "write_timeout: 10m")
            }
            let oldest = try await stage.sluice.openStream("alice")
            let stalled = stage.sluice.stream("alice", receiveBuffer: 2304)
            _ = try await stalled.head()
            stalled.pause()
            let event = Array("data: \(String(repeating: "x", count: 1000))\n\n".utf8)
            let flood = Array(repeatElement(event, count: 3000).joined())
            stage.gateway.gateway.send([flood], to: "alice")
            try await oldest.until("the flood") { $0.responses.last?.bodyCount == flood.count }
            // A client that is merely busy has a second; time itself is what is tested here.
            try await Task.sleep(for: .seconds(2))

            let newcomer = try await stage.sluice.openStream("alice")

            let line = try await stage.sluice.log("evict")
            let second = stage.sluice.lines("stream_opened").dropFirst().first
            #expect(line["stream"] == second?["stream"])
            #expect(line["choice"] == "stalled")
            #expect(oldest.isOpen)
            #expect(newcomer.isOpen)
            stalled.leave(.reset)
            try await stage.expectSoundEnd()
        }

        /// Opens a user's streams one after the other at a gateway that says what the test says.
        private static func open(
            _ count: Int, policy: [String]
        ) async throws -> (RawGateway, SluiceProcess, [TestClient]) {
            let gateway = try RawGateway { peer in
                guard peer.readHead() != nil else { return }
                peer.send(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
                        + "transfer-encoding: chunked\r\n\r\n")
            }
            let lines = policy.map { "    \($0)\n" }.joined()
            let sluice = try await SluiceProcess(
                gateway: gateway.address,
                options: SluiceOptions {
                    $0.policies = ["default.yaml": SluiceOptions.cap(count) + lines]
                })
            var clients: [TestClient] = []
            for _ in 0..<count { clients.append(try await sluice.openStream("alice")) }
            return (gateway, sluice, clients)
        }

        private static func say(
            _ event: String, to number: Int, of gateway: RawGateway, until client: TestClient
        ) async throws {
            let count = client.response?.eventCount ?? 0
            gateway.peers[number].send("\(String(event.utf8.count, radix: 16))\r\n\(event)\r\n")
            try await client.until("it") { $0.responses.last?.eventCount ?? 0 > count }
        }

        @Test func `one that brings only heartbeats goes before an older one that is served`()
            async throws
        {
            let heartbeat = "data: {\"type\":\"heartbeat\"}\nevent: Generic\n\n"
            let (gateway, sluice, clients) = try await Self.open(
                3,
                policy: [
                    "idle_clock: events",
                    #"heartbeats: [ { event: Generic, data_contains: '"heartbeat"' } ]"#,
                ])
            try await Self.say("data: new\n\n", to: 2, of: gateway, until: clients[2])
            try await Self.say("data: new\n\n", to: 0, of: gateway, until: clients[0])
            try await Self.say(heartbeat, to: 1, of: gateway, until: clients[1])

            _ = try await sluice.openStream("alice")

            let line = try await sluice.log("evict")
            #expect(line["choice"] == "only_heartbeats")
            #expect(try await clients[1].whole().lastWords != nil)
            #expect(clients[0].isOpen && clients[2].isOpen)
            try await sluice.expectSoundEnd()
        }

        @Test(
            "close_idlest closes the one that has waited longest for an event",
            arguments: ["close_oldest", "close_idlest"])
        func idlest(excess: String) async throws {
            let (gateway, sluice, clients) = try await Self.open(
                2, policy: ["on_excess: \(excess)"])
            try await Self.say("data: first\n\n", to: 1, of: gateway, until: clients[1])
            try await Self.say("data: second\n\n", to: 0, of: gateway, until: clients[0])

            _ = try await sluice.openStream("alice")

            let line = try await sluice.log("evict")
            let victim = excess == "close_idlest" ? 1 : 0
            #expect(line["choice"] == (excess == "close_idlest" ? "idlest" : "oldest"))
            #expect(try await clients[victim].whole().lastWords != nil)
            #expect(clients[1 - victim].isOpen)
            try await sluice.expectSoundEnd()
        }
    }
}
