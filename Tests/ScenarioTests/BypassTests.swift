import Foundation
import TestSupport
import Testing

extension Scenarios {
    @Suite("Nothing passes a policy by")
    struct BypassTests {
        private static let policies = """
            version: 1
            policies:
              - name: events
                match: { path: /events/live }
                max_streams_per_user: 1
                eviction_budget: off
              - name: default
                max_streams_per_user: 50
            """

        @Test(
            "I06: no field makes a stream count less",
            arguments: [
                [("user-agent", "kube-probe/1.30")], [("user-agent", "ELB-HealthChecker/2.0")],
                [("user-agent", "GoogleHC/1.0")], [("user-agent", "Envoy/HC")],
                [("x-envoy-internal", "true")], [("x-health-check", "1")],
                [("x-original-url", "/health")], [("x-rewrite-url", "/health")],
                [("x-forwarded-uri", "/health")], [("x-forwarded-path", "/health")],
                [("x-http-method-override", "POST")], [("x-method-override", "HEAD")],
                [("x-forwarded-for", "127.0.0.1")], [("forwarded", "for=127.0.0.1")],
                [("x-real-ip", "127.0.0.1")], [("x-forwarded-host", "health.internal")],
                [("x-user", "bob")], [("x-forwarded-user", "bob")], [("x_user", "bob")],
                [("purpose", "prefetch"), ("sec-purpose", "prefetch")],
                [("x-request-id", "bob"), ("x-sluice-bypass", "1")],
                [("authorization", "Bearer \(Tokens.jwt(sub: "bob"))")],
                [("cookie", "access_token=\(Tokens.jwt(sub: "bob"))")],
                [("accept", "text/html, text/event-stream;q=0.1")], [("accept", "*/*")],
                [("range", "bytes=0-")], [("cache-control", "no-cache"), ("pragma", "x")],
            ])
        func field(fields: [(String, String)]) async throws {
            let stage = try await Stage { $0.policies = ["default.yaml": Self.policies] }
            let path = "/events/live"
            let before = try await stage.sluice.openStream("alice", path: path)

            // A second `accept` line would be another test: it is in place of the usual one.
            let client = stage.sluice.client()
            client.request(
                "GET", "\(path)?access_token=\(Tokens.jwt(sub: "alice"))", fields: fields)

            #expect(try await client.head().status == 200)
            #expect(try await before.whole().lastWords != nil)
            try await stage.gateway.until("the newer one alone") {
                $0.openStreams() == ["alice": 1]
            }
            try await stage.sluice.log("stream_opened", count: 2)
            #expect(
                stage.sluice.lines("stream_opened").allSatisfy {
                    $0["policy"] == "events" && $0["user"] == "alice"
                })
            try await stage.expectSoundEnd()
        }

        @Test(
            "I06: however a path is spelled, the policy of what the gateway is asked for holds",
            arguments: [
                "/%65vents/live", "/events/%6Cive", "/events/live?", "/events/live?x=/health",
                "https://localhost/events/live", "/events/live;a=b", "/events//live",
                "//events/live", "/./events/live", "/x/../events/live", "/events/live/.",
                "/events/live%2f", "/events%2flive", "/events/live/", "/EVENTS/live",
                "/events/live%00", "/events/live%20", "/events/live#/health", "/events\\live",
                "/events/live/../health", "/health/..%2fevents/live", "/events/live%3fx=1",
            ])
        func path(spelling: String) async throws {
            let stage = try await Stage { $0.policies = ["default.yaml": Self.policies] }
            let before = try await stage.sluice.openStream("alice", path: "/events/live")
            let query = spelling.contains("?") ? "&" : "?"
            let token = "access_token=\(Tokens.jwt(sub: "alice"))"

            let client = stage.sluice.client()
            client.request(
                "GET", spelling + query + token, fields: [("accept", "text/event-stream")])
            let status = try await client.head().status

            // Either it is refused and reaches nobody, or it is the same path to both of them.
            guard status != 400 else {
                #expect(stage.gateway.gateway.requestCount == 1)
                #expect(before.isOpen)
                return try await stage.expectSoundEnd()
            }
            let seen = try #require(stage.gateway.gateway.requests.last)
            let path = seen.target.split(separator: "?")[0]
            if status == 200 {
                let policy = path == "/events/live" ? "events" : "default"
                try await stage.sluice.log("stream_opened", count: 2)
                let opened = try #require(stage.sluice.lines("stream_opened").last)
                #expect(opened["user"] == "alice")
                #expect(opened["policy"] == policy)
            }
            if path == "/events/live" {
                #expect(status == 200)
                #expect(try await before.whole().lastWords != nil)
            } else {
                #expect(before.isOpen)
            }
            try await stage.expectSoundEnd()
        }
    }

    @Suite("Bodies of requests for streams")
    struct StreamBodyTests {
        private static let smuggled = "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n"
        private static let head =
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"

        /// Answers a stream when it has read exactly so many bytes of body, and then says how it
        /// went on.
        private static func gateway(reading count: Int) throws -> RawGateway {
            try RawGateway { peer in
                guard let head = peer.readHead() else { return }
                guard let body = peer.read(count) else { return }
                if !head.hasPrefix("GET ") { return peer.close() }
                peer.send(Self.head + "data: \(body.utf8.count)\n\n")
                // Anything more that comes would be a request.
                peer.readHead()
            }
        }

        @Test(
            "H21: the body of a GET for a stream goes with it, and is no request",
            arguments: [false, true])
        func bodyOfGet(chunked: Bool) async throws {
            let body = Self.smuggled
            let size = String(body.utf8.count, radix: 16)
            let framed = chunked ? "\(size)\r\n\(body)\r\n0\r\n\r\n" : body
            let gateway = try Self.gateway(reading: framed.utf8.count)
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let client = sluice.client()
            let framing =
                chunked ? "transfer-encoding: chunked" : "content-length: \(body.utf8.count)"

            client.send(
                "GET /events?access_token=\(Tokens.jwt(sub: "alice")) HTTP/1.1\r\nhost: a\r\n"
                    + "accept: text/event-stream\r\n\(framing)\r\n\r\n" + framed, answering: "GET")

            _ = try await client.event { $0.data == "\(framed.utf8.count)" }
            let line = try await sluice.log("stream_opened")
            #expect(line["user"] == "alice")
            client.leave(.reset)
            try await sluice.log("stream_closed")
            #expect(gateway.heads.count == 1)
            #expect(gateway.heads[0].contains(framing))
            #expect(!sluice.lines.contains { $0["path"] == "/smuggled" })
            try await sluice.expectSoundEnd()
        }

        @Test func `H21: over HTTP/2 too`() async throws {
            let body = Self.smuggled
            let gateway = try Self.gateway(reading: body.utf8.count)
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let client = try await sluice.h2()

            let stream = client.request(
                "GET", "/events?access_token=\(Tokens.jwt(sub: "alice"))",
                fields: [
                    ("accept", "text/event-stream"), ("content-length", "\(body.utf8.count)"),
                ], endStream: false)
            stream.send(body, endStream: true)

            _ = try await stream.event { $0.data == "\(body.utf8.count)" }
            stream.cancel()
            try await sluice.log("stream_closed")
            #expect(gateway.heads.count == 1)
            #expect(gateway.heads[0].contains("content-length: \(body.utf8.count)\r\n"))
            try await sluice.expectSoundEnd()
        }

        @Test func `H21: a body that does not come ends at its deadline, and no stream is left`()
            async throws
        {
            let gateway = try Self.gateway(reading: 1000)
            let sluice = try await SluiceProcess(
                gateway: gateway.address,
                options: SluiceOptions { $0.set("limits", "body_timeout: 300ms") })
            let client = sluice.client()

            client.send(
                "GET /events?access_token=\(Tokens.jwt(sub: "alice")) HTTP/1.1\r\nhost: a\r\n"
                    + "accept: text/event-stream\r\ncontent-length: 1000\r\n\r\nabc",
                answering: "GET")

            #expect(try await client.whole().status == 408)
            #expect(try await client.end() == .closeNotify)
            let line = try await sluice.log("error")
            #expect(line["reason"] == "body_timeout")
            #expect(sluice.count("stream_opened") == 0)
            try await sluice.expectSoundEnd()
        }

        @Test func `H21: the body of a HEAD is not the next request`() async throws {
            let gateway = try RawGateway { peer in
                while peer.readHead() != nil {
                    guard peer.read(Self.smuggled.utf8.count) == Self.smuggled else { return }
                    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n")
                }
            }
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let client = sluice.client()

            for round in 0..<2 {
                client.request("HEAD", "/events", body: Array(Self.smuggled.utf8))
                #expect(try await client.whole(round).status == 200)
            }

            #expect(gateway.heads.count == 2)
            #expect(gateway.heads.allSatisfy { $0.hasPrefix("HEAD /events ") })
            #expect(client.now.responses.count == 2)
            try await sluice.expectSoundEnd()
        }
    }
}
