import TestSupport
import Testing

extension Scenarios {
    @Suite("As many connections to gateways as there may be")
    struct GatewayLimitTests {
        private func isTold(_ response: Response) -> Bool {
            response.status == 503 && response.all("retry-after").count == 1
        }

        @Test func `R02: requests that nobody answers take no descriptor of clients and reloads`()
            async throws
        {
            let stage = try await Stage {
                $0.wrapper = ["prlimit", "--nofile=256"]
                $0.set("gateway", "connect_timeout: 1s")
            }
            let canary = try await stage.sluice.openStream("canary")
            var (clients, requests): ([H2Client], [H2Exchange]) = ([], [])
            for number in 0..<4 {
                let client = try await stage.sluice.h2(name: "attacker \(number)")
                clients.append(client)
                requests += (0..<100).map { _ in client.request("GET", "/misbehave/silent") }
            }

            // A third of the descriptors each for clients, for gateways, and for neither.
            let refused = try await clients[3].first("those who are told so") { state in
                let answers = state.streams.values.compactMap(\.response)
                return answers.count == 100 ? answers : nil
            }
            #expect(refused.allSatisfy(isTold))
            let line = try await stage.sluice.log("error") {
                $0["reason"] == "gateway_connections_max"
            }
            #expect(line["fault"] == "sluice")
            #expect(stage.sluice.lines("error") { $0["reason"] == "exhausted" }.isEmpty)
            #expect(stage.gateway.gateway.requestCount <= 87)

            // Everything else goes on: what is live, a reload, a new log file, other clients.
            let reloaded = try await stage.sluice.reload(["default.yaml": SluiceOptions.cap(2)])
            #expect(reloaded.event == "reload")
            #expect(stage.sluice.lines("error") { $0["reason"] == "log_reopen_failed" }.isEmpty)
            stage.gateway.gateway.publish(to: "canary", event: "message", data: "fine")
            _ = try await canary.event { $0.data == "fine" }
            let crowd = (0..<40).map { _ in stage.sluice.client() }
            for client in crowd { #expect(try await client.handshake() == .done) }
            #expect(stage.sluice.lines("error") { $0["reason"] == "accept_failed" }.isEmpty)

            for client in clients { client.leave(.reset) }
            crowd[0].request("GET", "/hello")
            #expect(try await crowd[0].whole().status == 200)
            try await stage.expectSoundEnd()
        }

        @Test func `one more waits until somebody leaves`() async throws {
            let stage = try await Stage {
                $0.set("gateway", "connections_max: 2")
                $0.policies = ["default.yaml": SluiceOptions.cap(5)]
            }
            let first = try await stage.sluice.openStream("alice")
            let second = try await stage.sluice.openStream("bob")
            let late = stage.sluice.client()
            late.request("GET", "/hello")
            let other = try await stage.sluice.h2()
            let upload = other.request("POST", "/upload", endStream: false)
            upload.send("some of a body, and the rest", endStream: true)
            try await other.settled()
            #expect(late.response == nil)
            #expect(stage.gateway.gateway.requestCount == 2)

            first.leave(.reset)

            #expect(try await late.whole().status == 200)
            #expect(try await upload.whole().status == 200)
            #expect(second.isOpen)
            #expect(stage.sluice.count("error") == 0)
            try await stage.expectSoundEnd()
        }

        @Test func `one for whom there is no room in time is told so, and comes in later`()
            async throws
        {
            let stage = try await Stage {
                $0.set("gateway", "connections_max: 1")
                $0.set("gateway", "connect_timeout: 200ms")
            }
            let stream = try await stage.sluice.openStream("alice")
            let client = stage.sluice.client()

            client.request("GET", "/hello")
            #expect(isTold(try await client.whole()))
            let line = try await stage.sluice.log("error")
            #expect(line["reason"] == "gateway_connections_max")
            #expect(line["path"] == "/hello")
            stream.leave(.reset)
            try await stage.gateway.streams(0)

            client.request("GET", "/hello")
            #expect(try await client.whole(1).status == 200)
            try await stage.expectSoundEnd()
        }

        @Test func `connections that idle make room, those of other workers too`() async throws {
            let stage = try await Stage {
                $0.set("gateway", "connections_max: 4")
                $0.set("gateway", "pool_idle_timeout: 10m")
                $0.workers = 4
            }
            // Whichever workers get them, some of these keep their connection.
            let clients = (0..<12).map { _ in stage.sluice.client() }
            for client in clients {
                client.request("GET", "/hello")
                #expect(try await client.whole().status == 200)
            }

            for number in 0..<4 { _ = try await stage.sluice.openStream("user-\(number)") }

            #expect(stage.sluice.count("error") == 0)
            try await stage.expectSoundEnd()
        }

        @Test func `networks take turns: one with many requests keeps no other waiting`()
            async throws
        {
            let stage = try await Stage {
                $0.set("gateway", "connections_max: 1")
                $0.workers = 1
                $0.set("trusted_proxies", "- 127.0.0.1")
            }
            let stream = try await stage.sluice.openStream("alice")
            let client = try await stage.sluice.h2()
            let many = (0..<50).map { number in
                client.request(
                    "GET", "/hello?many=\(number)", fields: [("x-forwarded-for", "192.0.2.1")])
            }
            let one = client.request(
                "GET", "/hello?one", fields: [("x-forwarded-for", "198.51.100.1")])
            try await client.settled()
            #expect(stage.gateway.gateway.requestCount == 1)

            stream.leave(.reset)

            for exchange in many + [one] {
                let answer = try await exchange.whole()
                #expect(answer.status == 200, "\(answer.text)")
            }
            let order = stage.gateway.gateway.requests.map(\.target)
            let place = try #require(order.firstIndex(of: "/hello?one"))
            #expect(place <= 3, "\(order)")
            try await stage.expectSoundEnd()
        }

        @Test func `a client that waits and leaves leaves nothing behind`() async throws {
            let stage = try await Stage {
                $0.set("gateway", "connections_max: 1")
                $0.workers = 1
            }
            let stream = try await stage.sluice.openStream("alice")
            for _ in 0..<3 {
                let client = try await stage.sluice.h2()
                let requests = (0..<100).map { _ in client.request("GET", "/hello") }
                for request in requests.dropFirst(50).prefix(20) { request.cancel() }
                try await client.settled()
                client.leave(.reset)
            }
            let late = stage.sluice.client()
            late.request("GET", "/hello")
            stream.leave(.reset)

            #expect(try await late.whole().status == 200)
            try await stage.gateway.streams(0)
            try await stage.expectSoundEnd()
            let served = stage.gateway.gateway.requests.count { $0.target == "/hello" }
            #expect(served <= 3, "those who had left were asked for: \(served)")
        }
    }
}
