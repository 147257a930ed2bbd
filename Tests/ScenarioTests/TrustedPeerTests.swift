import DemoGateway
import Foundation
import TestSupport
import Testing

extension Scenarios {
    @Suite("Proxies in front of Sluice, and listeners that send elsewhere")
    struct TrustedPeerTests {
        private static func trusting(_ networks: String) -> SluiceOptions {
            SluiceOptions { $0.set("trusted_proxies", "- \(networks)") }
        }

        @Test func `I02: a trusted proxy tells where a request comes from`() async throws {
            let stage = try await Stage(.quiet, Self.trusting("127.0.0.0/8"))
            let client = stage.sluice.client()

            client.request(
                "GET", "/hello",
                fields: [
                    ("x-forwarded-for", "6.6.6.6, 192.0.2.7, 127.0.0.9"),
                    ("x-forwarded-proto", "http"), ("x-forwarded-host", "public.example"),
                ])

            #expect(try await client.whole().status == 200)
            let request = try #require(stage.gateway.gateway.requests.last)
            #expect(request.all("x-forwarded-for") == ["192.0.2.7, 127.0.0.9, 127.0.0.1"])
            #expect(request.all("x-forwarded-proto") == ["http"])
            #expect(request.all("x-forwarded-host") == ["public.example"])
            #expect(try await stage.sluice.log("request")["client"] == "192.0.2.7")
            try await stage.expectSoundEnd()
        }

        @Test(
            "A6: what a client writes ahead of a trusted proxy changes nothing of what that writes",
            arguments: [
                ("x-forwarded-for", "6.6.6.6,\u{600}, 192.0.2.7"),
                ("x-forwarded-for", "6.6.6.6\u{600}, 192.0.2.7"),
                ("x-forwarded-for", "\u{110BD}, 192.0.2.7, 127.0.0.9"),
                ("x-forwarded-for", "\", 192.0.2.7"), ("forwarded", "for=\"a, for=192.0.2.7"),
                ("forwarded", "x, for=192.0.2.7"),
                ("forwarded", "for=6.6.6.6\u{600}, for=192.0.2.7"),
                ("forwarded", "for=\"6.6.6.6\\\", for=192.0.2.7, for=127.0.0.9"),
            ])
        func bytes(field: String, value: String) async throws {
            let stage = try await Stage(.quiet, Self.trusting("127.0.0.0/8"))
            let client = stage.sluice.client()

            client.request("GET", "/hello", fields: [(field, value)])

            #expect(try await client.whole().status == 200)
            let request = try #require(stage.gateway.gateway.requests.last)
            #expect(request.all("x-forwarded-for").first?.hasPrefix("192.0.2.7, ") == true)
            #expect(try await stage.sluice.log("request")["client"] == "192.0.2.7")
            try await stage.expectSoundEnd()
        }

        @Test(
            "A6: a field of the client's own never beats a proxy's of the other kind",
            arguments: [
                ("6.6.6.6", "for=192.0.2.7", "127.0.0.1"),
                ("192.0.2.7", "for=6.6.6.6", "127.0.0.1"),
                ("192.0.2.7", "for=\"6.6.6.6", "192.0.2.7"), ("x", "for=192.0.2.7", "192.0.2.7"),
                ("192.0.2.7", "for=192.0.2.7", "192.0.2.7"),
            ])
        func kinds(list: String, told: String, client address: String) async throws {
            let stage = try await Stage(.quiet, Self.trusting("127.0.0.0/8"))
            let client = stage.sluice.client()

            client.request(
                "GET", "/hello", fields: [("x-forwarded-for", list), ("forwarded", told)])

            #expect(try await client.whole().status == 200)
            let line = try await stage.sluice.log("request")
            #expect(line["client"]?.split(separator: ":").first.map(String.init) == address)
            try await stage.expectSoundEnd()
        }

        @Test func `I02: what others say of themselves is not believed`() async throws {
            let stage = try await Stage(.quiet, Self.trusting("10.0.0.0/8"))
            let client = stage.sluice.client()

            client.request(
                "GET", "/hello",
                fields: [
                    ("x-forwarded-for", "192.0.2.7"), ("forwarded", "for=192.0.2.8"),
                    ("x-forwarded-proto", "http"),
                ])

            #expect(try await client.whole().status == 200)
            let request = try #require(stage.gateway.gateway.requests.last)
            #expect(request.all("x-forwarded-for") == ["127.0.0.1"])
            #expect(request.all("x-forwarded-proto") == ["https"])
            #expect(request.all("forwarded") == [])
            try await stage.expectSoundEnd()
        }

        @Test(
            "I02 I05: those without a token are told apart by the address that a proxy tells, if trusted",
            arguments: [true, false])
        func withoutToken(isTrusted: Bool) async throws {
            let gateway = try RawGateway { peer in
                guard peer.readHead() != nil else { return }
                peer.send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: x\n\n")
                _ = peer.readsEnd()
            }
            var options = Self.trusting(isTrusted ? "127.0.0.1" : "10.0.0.0/8")
            options.policies["default.yaml"] = SluiceOptions.cap(
                1, "max_streams_per_address: 1")
            let sluice = try await SluiceProcess(gateway: gateway.address, options: options)
            var statuses: [Int] = []
            var clients: [TestClient] = []
            for address in ["192.0.2.1", "192.0.2.2", "192.0.2.1"] {
                let client = sluice.client()
                client.request(
                    "GET", "/events",
                    fields: [("accept", "text/event-stream"), ("x-forwarded-for", address)])
                clients.append(client)
                statuses.append(try await client.head().status)
            }

            #expect(statuses == (isTrusted ? [200, 200, 429] : [200, 429, 429]))
            try await sluice.log("stream_opened", count: isTrusted ? 2 : 1)
            let seen = sluice.lines("stream_opened").map { $0["client"] ?? "" }
            if isTrusted {
                #expect(seen == ["192.0.2.1", "192.0.2.2"])
            } else {
                #expect(seen.count == 1 && seen[0].hasPrefix("127.0.0.1:"))
            }
            try await sluice.stop()
        }

        @Test func `a listener may do nothing but send clients to the one with TLS`() async throws {
            let stage = try await Stage {
                $0.usesTLS = false
                $0.listener = ["redirect_to_port: 8443"]
            }
            let client = stage.sluice.client()

            client.request("POST", "/a?b=c", body: Array("body".utf8), host: "shop.example:80")

            let response = try await client.whole()
            #expect(response.status == 308)
            #expect(response.all("location") == ["https://shop.example:8443/a?b=c"])
            #expect(try await client.end() == .fin)
            #expect(stage.gateway.gateway.requestCount == 0)
            try await stage.expectSoundEnd()
        }
    }

    @Suite("More than the machine has")
    struct PressureTests {
        @Test func `K08: one address that connects from every port keeps its share and no more`()
            async throws
        {
            let attempts = Scale.pick(small: 2000, normal: 28_000, full: 28_000)
            let share = 50
            let stage = try await Stage {
                $0.usesTLS = false
                $0.set("limits", "connections_per_address_max: \(share)")
            }
            let inside = (0..<share).map { stage.sluice.stream("user-\($0)") }
            for client in inside { #expect(try await client.head().status == 200) }
            let memory = stage.sluice.child.residentKiB

            var refused = 0
            while refused < attempts {
                let crowd = (0..<500).map { _ in stage.sluice.rawClient() }
                for client in crowd {
                    try await client.end()
                    #expect(client.now.receivedCount == 0)
                }
                refused += crowd.count
            }

            #expect(stage.sluice.child.residentKiB - memory < 8192)
            // Told, but not line by line.
            let lines = stage.sluice.lines("error")
            #expect(lines.allSatisfy { $0["reason"] == "connections_per_address_max" })
            #expect((1..<attempts).contains(lines.count))
            stage.gateway.gateway.publish(to: nil, event: "message", data: "fine")
            for client in inside { _ = try await client.event { $0.data == "fine" } }
            // The place of one who leaves is free.
            inside[0].leave(.reset)
            try await stage.gateway.streams(share - 1)
            #expect(try await stage.sluice.openStream("late").isOpen)
            try await stage.expectSoundEnd()
        }

        @Test func `R04: above memory_max nothing new begins, and what is live goes on`()
            async throws
        {
            let stage = try await Stage()
            let canary = try await stage.sluice.openStream("canary")
            let other = stage.sluice.client()
            other.request("GET", "/hello")
            #expect(try await other.whole().status == 200)
            let resident = stage.sluice.child.residentKiB * 1024
            // Debug builds and sanitizers hold more than that; so does nobody who is idle.
            let limit = max(33_554_432, resident / 2)
            guard resident > limit else {
                // A small program is filled by connections that say nothing.
                let crowd = (0..<1500).map { _ in stage.sluice.client() }
                for client in crowd { _ = try await client.handshake() }
                try await Self.lower(stage, to: limit)
                try await Self.expectShedding(stage, canary, other)
                return
            }
            try await Self.lower(stage, to: limit)
            try await Self.expectShedding(stage, canary, other)
        }

        private static func lower(_ stage: Stage, to limit: Int) async throws {
            let file = stage.sluice.folder.path + "/sluice.yaml"
            let text = try String(contentsOfFile: file, encoding: .utf8)
            try (text + "limits:\n  memory_max: \(limit)\n").write(
                toFile: file, atomically: true, encoding: .utf8)
            stage.sluice.signal(SIGHUP)
            try await stage.sluice.log("error") { $0["reason"] == "memory_high" }
        }

        private static func expectShedding(
            _ stage: Stage, _ canary: TestClient, _ other: TestClient
        ) async throws {
            other.request("GET", "/hello")
            #expect(try await other.whole(1).status == 503)
            let newcomer = stage.sluice.client()
            guard case .failed = try await newcomer.handshake() else {
                Issue.record("A connection was accepted")
                return
            }
            stage.gateway.gateway.publish(to: "canary", event: "Generic", data: "fine")
            _ = try await canary.event { $0.data == "fine" }
            #expect(stage.sluice.lines("error") { $0["reason"] == "memory_high" }.count == 1)

            let file = stage.sluice.folder.path + "/sluice.yaml"
            let text = try String(contentsOfFile: file, encoding: .utf8)
            let lines = text.split(separator: "\n").filter { !$0.contains("memory_max") }
            try (lines.joined(separator: "\n") + "\n  memory_max: 1099511627776\n").write(
                toFile: file, atomically: true, encoding: .utf8)
            stage.sluice.signal(SIGHUP)
            try await stage.sluice.log("error") { $0["reason"] == "memory_normal" }
            other.request("GET", "/hello")
            #expect(try await other.whole(2).status == 200)
            try await stage.expectSoundEnd()
        }

        @Test
        func `K08: a listener takes as many connections as it may, and goes on when one ends`()
            async throws
        {
            let stage = try await Stage { $0.listener = ["connections_max: 3"] }
            let clients = (0..<3).map { _ in stage.sluice.client() }
            for client in clients {
                client.request("GET", "/hello")
                #expect(try await client.whole().status == 200)
            }
            #expect(stage.sluice.count("error") == 0)  // Full is not too full.

            let fourth = stage.sluice.client()
            try await stage.sluice.log("error") { $0["reason"] == "connections_max" }
            clients[0].leave(.close)
            fourth.request("GET", "/hello")

            #expect(try await fourth.whole().status == 200)
            try await stage.expectSoundEnd()
        }
    }
}
