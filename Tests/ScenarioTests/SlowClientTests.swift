import DemoGateway
import TestSupport
import Testing

extension Scenarios {
    @Suite("Clients that read late or never")
    struct SlowClientTests {
        @Test func `H17 K03: answers that nobody reads do not pile up`() async throws {
            let stage = try await Stage { $0.set("limits", "write_timeout: 1s") }
            let canary = try await stage.sluice.openStream("canary")
            let memory = stage.sluice.child.residentKiB
            let flooding = stage.sluice.client(receiveBuffer: 2304)
            #expect(try await flooding.handshake() == .done)
            flooding.pause()

            // The answers to all of them would be some 40 MB.
            let target = "/?access_token=a&access_token=b"  // Two users at once: a 400.
            let request = "GET \(target) HTTP/1.1\r\nhost: a\r\n\r\n"
            flooding.send(String(repeating: request, count: 200_000), answering: "GET")

            let line = try await stage.sluice.log("error") { $0["reason"] == "slow_consumer" }
            #expect(line["fault"] == "client")
            #expect(stage.sluice.child.peakResidentKiB - memory < 8192)
            flooding.resume()
            #expect(try await flooding.end() == .reset)
            // Nothing of it came to the gateway, and the others have not noticed.
            #expect(stage.gateway.gateway.requestCount == 1)
            stage.gateway.gateway.publish(to: "canary", event: "Generic", data: "fine")
            _ = try await canary.event { $0.data == "fine" }
            try await stage.expectSoundEnd()
        }

        @Test func `K03: a client that pauses before the last bytes gets them all`() async throws {
            let stage = try await Stage()
            // Somewhere between these sizes ends what the kernel holds, and the rest is Sluice's to
            // keep: it holds at most one read, so no size in between is left out.
            let sizes = stride(from: 8192, through: 524_288, by: 8192).map(\.self)
            let clients = sizes.map { size in
                let client = stage.sluice.client(receiveBuffer: 65_536, name: "\(size) bytes")
                client.pause()
                client.request("GET", "/big?bytes=\(size)", fields: [("connection", "close")])
                return client
            }
            try await stage.gateway.until("every request") { $0.requestCount == sizes.count }

            // Time itself is what is tested here.
            try await Task.sleep(for: .seconds(2))
            for client in clients { client.resume() }

            for (client, size) in zip(clients, sizes) {
                let end = try await client.end()
                #expect(end == .closeNotify, "\(size) bytes")
                let response = try #require(client.response)
                #expect(response.isComplete)
                #expect(response.all("connection") == ["close"])
                #expect(response.checksum == Checksum(pattern: size))
            }
            try await stage.sluice.log("request", count: sizes.count)
            #expect(stage.sluice.count("error") == 0)
            try await stage.expectSoundEnd()
        }
    }
}
