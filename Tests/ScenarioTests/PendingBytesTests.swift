import TestSupport
import Testing

extension Scenarios {
    @Suite("What requests may hold before the gateway has them")
    struct PendingBytesTests {
        private static func field(_ count: Int) -> [(String, String)] {
            (0..<count / 6000).map { ("x-\($0)", String(repeating: "a", count: 6000)) }
        }

        /// A request whose head is so long.
        private func request(
            _ path: String, _ count: Int, of client: H2Client
        ) -> H2Exchange {
            let block = H2Header.literal(H2Header.request("GET", path) + Self.field(count))
            let stream = client.nextStream()
            client.send(block.h2Frames(on: stream))
            return client.exchange(stream)
        }

        private func expectTold(_ response: Response, _ stage: Stage) async throws {
            #expect(response.status == 503)
            #expect(response.all("retry-after").count == 1)
            let line = try await stage.sluice.log("error") { $0["reason"] == "pending_bytes" }
            #expect(line["fault"] == "sluice")
        }

        @Test func `heads that wait count, those that were sent do not`() async throws {
            let stage = try await Stage {
                $0.set("limits", "pending_bytes_per_connection: 65536")
                $0.set("gateway", "connections_max: 21")
                $0.policies = ["default.yaml": SluiceOptions.cap(1)]
            }
            let canary = try await stage.sluice.openStream("canary")
            let client = try await stage.sluice.h2()
            // Six hundred kilobytes in all, which the gateway gets and does not answer.
            var sent: [H2Exchange] = []
            for number in 1...20 {
                sent.append(request("/misbehave/silent", 30_000, of: client))
                try await stage.gateway.until("the head") { $0.requestCount == number + 1 }
            }
            #expect(sent.allSatisfy { $0.response == nil && $0.isOpen })

            let waiting = (0..<2).map { _ in
                request("/hello", 30_000, of: client)
            }
            let surplus = request("/hello", 30_000, of: client)
            try await expectTold(surplus.whole(), stage)
            // Another connection has bytes of its own.
            let other = try await stage.sluice.h2()
            let elsewhere = request("/hello", 30_000, of: other)

            for exchange in sent.prefix(4) { exchange.cancel() }
            for exchange in waiting + [elsewhere] {
                let answer = try await exchange.whole()
                #expect(answer.status == 200, "\(answer.text)")
            }
            stage.gateway.gateway.publish(to: "canary", event: "message", data: "fine")
            _ = try await canary.event { $0.data == "fine" }
            client.leave(.reset)
            try await stage.expectSoundEnd()
        }

        @Test(
            "heads that do not end count in all, and keep no ordinary request out",
            arguments: [
                true, false,
            ])
        func unfinished(http2: Bool) async throws {
            let stage = try await Stage { $0.set("limits", "pending_bytes: 1048576") }
            let canary = try await stage.sluice.openStream("canary")
            let leave: [() -> Void]
            if http2 {
                var clients: [H2Client] = []
                for _ in 0..<30 {
                    let client = try await stage.sluice.h2()
                    clients.append(client)
                    let block = H2Header.literal(
                        H2Header.request("GET", "/hello") + Self.field(60_000))
                    let frames = block.h2Frames(on: client.nextStream())
                    // All but the last frame.
                    client.send(Array(frames.prefix(3 * 16_393)))
                }
                // Whoever was too many hears it when the rest has come.
                let last = clients[29]
                let rest = H2Header.literal(H2Header.request("GET", "/hello") + Self.field(60_000))
                    .h2Frames(on: 1).dropFirst(3 * 16_393)
                last.send(Array(rest))
                try await expectTold(last.exchange(1).whole(), stage)
                leave = clients.map { client in { client.leave(.reset) } }
            } else {
                var clients: [TestClient] = []
                for _ in 0..<30 {
                    let client = stage.sluice.client()
                    clients.append(client)
                    let fields = Self.field(60_000).map { "\($0): \($1)\r\n" }.joined()
                    client.send("GET /hello HTTP/1.1\r\nhost: a\r\n" + fields, answering: "GET")
                }
                try await stage.sluice.log("error") { $0["reason"] == "pending_bytes" }
                var told: Response?
                for client in clients where told == nil { told = client.response }
                if told == nil { told = try await clients[29].whole() }
                try await expectTold(#require(told), stage)
                leave = clients.map { client in { client.leave(.reset) } }
            }

            // Those who ask for no more than is usual, and what is live, go on meanwhile.
            for _ in 0..<20 {
                let client = stage.sluice.client()
                client.request(
                    "GET", "/hello", fields: [("x", String(repeating: "a", count: 4000))])
                #expect(try await client.whole().status == 200)
            }
            stage.gateway.gateway.publish(to: "canary", event: "message", data: "fine")
            _ = try await canary.event { $0.data == "fine" }

            // Nothing of it stays counted.
            for leave in leave { leave() }
            try await Self.until(stage) {
                let client = stage.sluice.client()
                client.request("GET", "/hello", fields: Self.field(60_000))
                return try await client.whole().status == 200
            }
            try await stage.expectSoundEnd()
        }

        /// Nothing tells that the last of many clients that were reset is gone.
        private static func until(_ stage: Stage, _ isSo: () async throws -> Bool) async throws {
            for _ in 0..<100 where try await !isSo() { continue }
            #expect(try await isSo())
        }

        @Test func `bodies that nobody takes yet count`() async throws {
            let stage = try await Stage {
                $0.set("limits", "pending_bytes_per_connection: 65536")
                $0.set("gateway", "connections_max: 1")
            }
            let stream = try await stage.sluice.openStream("alice")
            let client = try await stage.sluice.h2()
            let first = client.request("POST", "/upload", endStream: false)
            first.send([UInt8](repeating: 7, count: 40_000), endStream: true)
            let second = client.request("POST", "/upload", endStream: false)
            second.send([UInt8](repeating: 7, count: 40_000), endStream: true)

            let answer = try await second.whole()
            #expect(answer.status == 503, "\(answer.text)")
            try await expectTold(answer, stage)
            stream.leave(.reset)
            #expect(try await first.whole().status == 200)
            try await stage.expectSoundEnd()
        }

        @Test func `H17: what comes behind a request for a stream is not kept for its life`()
            async throws
        {
            let stage = try await Stage {
                $0.policies = ["default.yaml": SluiceOptions.cap(2)]
            }
            let surplus =
                "GET /hello HTTP/1.1\r\nhost: a\r\nx: " + String(repeating: "a", count: 4000)
                + "\r\n\r\n"
            // Behind it in the same moment, and while the stream is live.
            let early = stage.sluice.client()
            let token = Tokens.jwt(sub: "alice")
            let request =
                "GET /events?access_token=\(token) HTTP/1.1\r\nhost: a\r\n"
                + "accept: text/event-stream\r\n\r\n"
            early.send(request + surplus, answering: "GET")
            #expect(try await early.head().all("connection") == ["close"])
            let late = try await stage.sluice.openStream("alice")
            for _ in 0..<20 { late.send(surplus) }

            stage.gateway.gateway.publish(to: "alice", event: "message", data: "both")
            _ = try await early.event { $0.data == "both" }
            _ = try await late.event { $0.data == "both" }
            stage.gateway.gateway.closeStreams(ofUser: "alice", resetting: false)

            // Its client is told by the end of the connection to ask elsewhere.
            for client in [early, late] {
                #expect(try await client.whole().isComplete)
                #expect(try await client.end() == .closeNotify)
                #expect(client.now.responses.count == 1)
            }
            #expect(!stage.gateway.gateway.requests.contains { $0.target == "/hello" })
            try await stage.expectSoundEnd()
        }
    }
}
