import DemoGateway
import Foundation
import TestSupport
import Testing

extension Scenarios {
    @Suite("Streams that end for their age are welcome back")
    struct CyclingTests {
        @Test func `max_age: a short retry, no id, and no place lost`() async throws {
            let stage = try await Stage(.withIDs) {
                $0.policies = ["default.yaml": SluiceOptions.cap(1, "max_age: 1s")]
            }
            let tab = try await stage.sluice.ask("alice")
            try await stage.publish(1, to: "alice", until: tab)

            let response = try await tab.whole()
            #expect((3000...4500).contains(try #require(response.retry)))
            #expect(response.lastWords == nil)
            #expect(response.lastID == "1")
            tab.askForStream("alice", lastEventID: "1")

            // The connection was kept.
            #expect(try await tab.head(1).gatewayStream != nil)
            #expect(stage.lastEventIDAtGateway == ["1"])
            let closed = try await stage.sluice.log("stream_closed")
            #expect(closed["reason"] == "max_age")
            try await stage.expectSoundEnd()
            #expect(stage.sluice.count("evict") == 0)
        }

        @Test(
            "J15: a stream ends with its token where the policy says so",
            arguments: ["until: token_expiry", "mode: enforce"])
        func tokenExpiry(policy: String) async throws {
            let stage = try await Stage(.withIDs) {
                $0.policies = ["default.yaml": SluiceOptions.cap(1, policy)]
            }
            let expiry = Int(Date().timeIntervalSince1970) + 2
            let token = DemoToken.make(
                payload: #"{"sub":"alice","exp":\#(expiry)}"#, signature: "good")
            let client = stage.sluice.client()
            client.request("GET", "/events?access_token=\(token)", fields: Looks.native)
            _ = try await client.head()
            let eternal = try await stage.sluice.ask("bob")

            guard policy.hasPrefix("until") else {
                // Time itself is what is tested here.
                try await Task.sleep(for: .seconds(3))
                try await stage.publish(1, to: "alice", until: client)
                return try await stage.expectSoundEnd()
            }
            let response = try await client.whole()

            #expect(Int(Date().timeIntervalSince1970) >= expiry - 1)
            #expect((3000...4500).contains(try #require(response.retry)))
            #expect(response.lastWords == nil)
            #expect(!response.text.contains("~s1"))
            let closed = try await stage.sluice.log("stream_closed")
            #expect(closed["reason"] == "token_expired")
            #expect(closed["user"] == "alice")
            // A token without an expiry ends nothing.
            try await stage.publish(1, to: "bob", until: eternal)
            try await stage.expectSoundEnd()
        }

        @Test func `a token that the gateway accepts although it has expired ends nothing`()
            async throws
        {
            let stage = try await Stage(.withIDs) {
                $0.policies = ["default.yaml": SluiceOptions.cap(1, "until: token_expiry")]
            }
            let payload = #"{"sub":"alice","exp":1000000000}"#
            let token = DemoToken.make(payload: payload, signature: "good")
            let client = stage.sluice.client()
            client.request("GET", "/events?access_token=\(token)", fields: Looks.native)

            // Otherwise its client would come back with the same token, again and again.
            _ = try await client.event { $0.name == "Generic" }
            try await stage.publish(1, to: "alice", until: client)

            #expect(stage.sluice.count("stream_closed") == 0)
            try await stage.expectSoundEnd()
        }

        /// Its heartbeats are events, every 30 s: ordinary idle timeouts never fire.
        @Test func `S10: the reference gateway, a hundred times as fast`() async throws {
            var profile = DemoGatewayProfile.fechatter
            profile.heartbeatInterval = .milliseconds(300)
            profile.commentInterval = .milliseconds(250)
            let heartbeats = #"heartbeats: [ { event: Generic, data_contains: '"heartbeat"' } ]"#
            let policy = """
                version: 1
                policies:
                  - name: events
                    match: { path: /events/events }
                    max_streams_per_user: 1
                    idle_timeout: 3s
                    idle_clock: events
                    \(heartbeats)
                  - name: bytes
                    match: { path: /events/bytes }
                    max_streams_per_user: 1
                    idle_timeout: 3s
                    idle_clock: bytes

                """
            let stage = try await Stage(profile) { $0.policies = ["default.yaml": policy] }
            let served = try await stage.sluice.openStream("alice", path: "/events/bytes")
            let idle = try await stage.sluice.openStream("bob", path: "/events/events")
            _ = try await idle.event { $0.data.contains("connection_confirmed") }

            let response = try await idle.whole()

            #expect(response.eventCount > 5)
            let closed = try await stage.sluice.log("stream_closed")
            #expect(closed["reason"] == "idle")
            #expect(closed["policy"] == "events")
            #expect(try #require(closed.number("duration_ms")) >= 3000)
            // Three times as long, and nothing but heartbeats.
            try await served.until("more heartbeats") { state in
                state.responses.last?.eventCount ?? 0 > 30
            }
            #expect(served.isOpen)
            #expect(stage.gateway.gateway.openStreams() == ["alice": 1])
            try await stage.expectSoundEnd()
        }
    }
}
