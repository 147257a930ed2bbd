import TestSupport
import Testing

extension Scenarios {
    @Suite("Heads that are too slow or too large")
    struct HeadSizeTests {
        private static let start = "GET /hello HTTP/1.1\r\nhost: a\r\n"

        private func expectRefusal(_ status: Int, of client: TestClient, at stage: Stage)
            async throws
        {
            let answer = try await client.whole()
            #expect(answer.status == status)
            #expect(answer.all("connection") == ["close"])
            // Who still sends when it is closed may find it reset.
            let end = try await client.end()
            #expect(end == .closeNotify || end == .reset, "\(end)")
            #expect(stage.gateway.gateway.requestCount == 0)
        }

        @Test func `H15: the deadline of a head that comes byte by byte does not move`()
            async throws
        {
            let stage = try await Stage { $0.set("limits", "header_timeout: 500ms") }
            let client = stage.sluice.client()
            client.send(Self.start + "x: ", answering: "GET")

            while client.isOpen, client.response == nil {
                client.send("y")
                // The pace of the client is what is tested here.
                try await Task.sleep(for: .milliseconds(20))
            }

            try await expectRefusal(408, of: client, at: stage)
            let line = try await stage.sluice.log("error")
            #expect(line["reason"] == "head_timeout")
            try await stage.expectSoundEnd()
        }

        @Test(
            "H16: a head that is too large is answered 431",
            arguments: [
                ("ten thousand small fields", String(repeating: "a: b\r\n", count: 10_000)),
                ("one field of a million bytes", "x: " + String(repeating: "y", count: 1_000_000)),
                (
                    "fields of the size that is allowed",
                    String(
                        repeating: "x: \(String(repeating: "y", count: 4000))\r\n", count: 40)
                ),
            ])
        func tooLarge(what: String, fields: String) async throws {
            let stage = try await Stage()
            let client = stage.sluice.client()

            client.send(Self.start + fields + "\r\n", answering: "GET")

            try await expectRefusal(431, of: client, at: stage)
            let line = try await stage.sluice.log("error")
            #expect(line["fault"] == "client")
            try await stage.expectSoundEnd()
        }

        @Test func `H16: a hundred megabytes of fields take no memory`() async throws {
            let stage = try await Stage()
            let canary = try await stage.sluice.openStream("canary")
            let memory = stage.sluice.child.residentKiB
            let field = "x: \(String(repeating: "y", count: 8000))\r\n"
            let fields = String(repeating: field, count: 5_000_000 / field.utf8.count)

            let crowd = (0..<20).map { _ in stage.sluice.client() }
            for client in crowd { client.send(Self.start + fields, answering: "GET") }

            for client in crowd {
                #expect(try await client.whole().status == 431)
                try await client.end()
            }
            // Twice the limit for each, and what TLS holds: 48 KiB. A sanitizer has memory of its own.
            let most = Scale.isSmall ? 32_768 : 20 * (2 * 64 + 48)
            #expect(stage.sluice.child.peakResidentKiB - memory < most)
            stage.gateway.gateway.publish(to: "canary", event: "message", data: "fine")
            _ = try await canary.event { $0.data == "fine" }
            #expect(stage.gateway.gateway.requestCount == 1)
            try await stage.sluice.log("error", count: 20)
            try await stage.expectSoundEnd()
        }

        @Test(
            "I03: a token with a name of 64 KiB reaches nobody",
            arguments: [("query:access_token", 414), ("bearer", 431)])
        func hugeName(place: String, status: Int) async throws {
            let stage = try await Stage { $0.tokenPlaces = [place] }
            let client = stage.sluice.client()
            let token = Tokens.jwt(sub: String(repeating: "a", count: 65_536))

            if place == "bearer" {
                client.request("GET", "/events", fields: [("authorization", "Bearer " + token)])
            } else {
                client.request("GET", "/events?access_token=" + token)
            }

            try await expectRefusal(status, of: client, at: stage)
            #expect(stage.sluice.count("stream_opened") == 0)
            #expect(!stage.sluice.lines.contains { $0.text.contains("aaaaaaaa") })
            try await stage.expectSoundEnd()
        }
    }
}
