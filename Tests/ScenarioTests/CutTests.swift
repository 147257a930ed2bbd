import TestSupport
import Testing

extension Scenarios {
    @Suite("Ends that must not be mistaken")
    struct CutTests {
        @Test(
            "U03 U04: without TLS and chunks, a cut body ends by a reset",
            arguments: [
                ("rst-mid-chunk", "gateway_reset"), ("fin-mid-chunk", "gateway_closed"),
                ("rst-after-head", "gateway_reset"), ("fin-before-last-chunk", "gateway_closed"),
            ])
        func plain10(name: String, reason: String) async throws {
            let stage = try await Stage { $0.usesTLS = false }
            let client = stage.sluice.client()

            client.send("GET /misbehave/\(name) HTTP/1.0\r\nhost: a\r\n\r\n", answering: "GET")

            // A clean FIN would say that this was all.
            #expect(try await client.end() == .reset)
            let response = try #require(client.response)
            #expect(response.status == 200)
            #expect(response.framing == .untilClose)
            let line = try await stage.sluice.log("error")
            #expect(line["reason"] == reason)
            #expect(line["fault"] == "gateway")
            try await stage.gateway.until("no connection") { $0.openConnections == 0 }
            try await stage.expectSoundEnd()
        }

        @Test func `a stream whose body is empty by its head takes nobody's place`() async throws {
            let stage = try await Stage()
            let live = try await stage.sluice.openStream("alice")
            let client = stage.sluice.client()
            let token = Tokens.jwt(sub: "alice")

            client.request("GET", "/misbehave/empty-stream?access_token=\(token)")

            let response = try await client.whole()
            #expect(response.status == 200)
            #expect(response.bodyCount == 0)
            try await stage.sluice.log("request") { $0["path"] == "/misbehave/empty-stream" }
            #expect(stage.sluice.count("stream_opened") == 1)
            #expect(stage.sluice.count("evict") == 0)
            stage.gateway.gateway.publish(to: "alice", event: "Generic", data: "still here")
            _ = try await live.event { $0.data == "still here" }
            #expect(stage.gateway.gateway.openStreams() == ["alice": 1])
            try await stage.expectSoundEnd()
        }
    }
}
