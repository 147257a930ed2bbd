import TLS
import TestSupport
import Testing

extension Scenarios {
    @Suite("Certificates of clients")
    struct ClientCertificateTests {
        private static func stage(
            _ authority: ClientAuthority, required: Bool = true,
            _ change: (inout SluiceOptions) -> Void = { _ in }
        ) async throws -> Stage {
            try await Stage {
                $0.clientCertificates =
                    "{ authorities: \(authority.path), required: \(required) }"
                $0.tokenPlaces = ["certificate", "query:access_token"]
                change(&$0)
            }
        }

        /// Opens a stream with the token of `user`, as whoever the certificate names.
        private static func open(_ client: TestClient, user: String) async throws -> Response {
            client.request(
                "GET", "/events?access_token=\(Tokens.jwt(sub: user))",
                fields: [("accept", "text/event-stream")])
            return try await client.head()
        }

        @Test
        func
            `T18: who shows no certificate that is believed gets an alert, and no request through`()
            async throws
        {
            let authority = try await ClientAuthority()
            let other = try await ClientAuthority("Others")
            let stage = try await Self.stage(authority)
            let forServers = try await authority.issue(
                "server", subject: "/CN=alice", extensions: ["extendedKeyUsage=serverAuth"])
            let shown: [(TLSServerSettings.CertificateFiles?, String)] = [
                (nil, "peer did not return a certificate"),
                (try await authority.selfSigned(), "self-signed certificate"),
                (
                    try await other.issue("a", subject: "/CN=alice"),
                    "unable to get local issuer certificate"
                ), (forServers, "unsuitable certificate purpose"),
            ]

            for version in [TLSVersion.tls12, .tls13] {
                for (certificate, problem) in shown {
                    let before = stage.sluice.count("error")
                    let client = try stage.sluice.client(
                        showing: certificate, maxVersion: version)
                    client.request("GET", "/hello")

                    // In TLS 1.3 the client is done before the server has looked.
                    let end = try await client.end()
                    guard case .failed(let reason) = end else {
                        Issue.record("\(problem): \(end)")
                        continue
                    }
                    #expect(reason.hasPrefix("tls_peer_alert"), "\(problem)")
                    #expect(client.now.raw.isEmpty)
                    try await stage.sluice.log("error", count: before + 1)
                    let line = try #require(stage.sluice.lines("error").last)
                    #expect(line["reason"] == "tls_certificate")
                    #expect(line["detail"] == problem)
                }
            }
            // Whatever it says before it hears the alert, it hears it.
            for requests in [1, 1, 200, 200] {
                let before = stage.sluice.count("error")
                let client = try stage.sluice.h2Client(showing: nil)
                for _ in 0..<requests { client.request("GET", "/hello") }
                let end = try await client.end()
                guard case .failed(let reason) = end else {
                    Issue.record("over HTTP/2: \(end)")
                    return
                }
                #expect(reason.hasPrefix("tls_peer_alert"))
                try await stage.sluice.log("error", count: before + 1)
            }
            #expect(stage.gateway.gateway.requestCount == 0)
            try await stage.expectSoundEnd()
        }

        @Test func `T18: chains that are expired, too deep or too long get an alert`()
            async throws
        {
            let authority = try await ClientAuthority()
            var issuers = ["ca"]
            for depth in 1...10 {
                _ = try await authority.issue(
                    "i\(depth)", subject: "/CN=i\(depth)", extensions: [],
                    by: issuers[depth - 1])
                issuers.append("i\(depth)")
            }
            let leaf = try await authority.issue("deep", subject: "/CN=alice", by: "i10")
            let folder = String(authority.path.dropLast("/ca.pem".count))
            let between = issuers.dropFirst().reversed().map { "\(folder)/\($0).pem" }
            let deep = try authority.chain(leaf, behind: between, as: "deep-chain")
            let sound = try await authority.issue("alice", subject: "/CN=alice")
            let long = try authority.chain(
                sound, behind: [String](repeating: sound.chain, count: 1200), as: "long")
            let stage = try await Self.stage(authority)

            for (certificate, reason) in [(deep, "tls_certificate"), (long, "tls_flood")] {
                let client = try stage.sluice.client(showing: certificate)
                client.request("GET", "/hello")

                let end = try await client.end()
                if case .closeNotify = end { Issue.record("\(reason): ended properly") }
                #expect(client.now.raw.isEmpty)
                try await stage.sluice.log("error") { $0["reason"] == reason }
            }
            let expired = try await authority.expired(subject: "/CN=alice")
            let curl = try ChildProcess([
                "curl", "--silent", "--cacert", stage.sluice.folder.path + "/ca.pem", "--cert",
                expired.chain, "--key", expired.key,
                "https://localhost:\(stage.sluice.address.port)/hello",
            ])
            let exit = try await curl.waitForExit()
            #expect(exit != .code(0))
            #expect(curl.lines.isEmpty)
            try await stage.sluice.log("error") { $0["detail"] == "certificate has expired" }
            let good = try stage.sluice.client(showing: sound)
            good.request("GET", "/hello")
            #expect(try await good.whole().status == 200)
            #expect(stage.gateway.gateway.requestCount == 1)
            good.leave(.close)
            try await stage.expectSoundEnd()
        }

        @Test func `the name in a certificate is the user, whatever the token says`() async throws {
            let authority = try await ClientAuthority()
            let alice = try await authority.issue(
                "alice", subject: "/CN=somebody",
                extensions: [
                    "subjectAltName=DNS:a.example,email:alice@example,URI:spiffe://x/alice"
                ])
            let bob = try await authority.issue(
                "bob", subject: "/CN=bob", extensions: ["subjectAltName=email:bob@example"])
            let stage = try await Self.stage(authority)

            let first = try stage.sluice.client(showing: alice)
            #expect(try await Self.open(first, user: "1").status == 200)
            let other = try stage.sluice.client(showing: bob)
            #expect(try await Self.open(other, user: "1").status == 200)
            let second = try stage.sluice.h2Client(showing: alice)
            try await second.ready()
            let stream = second.request(
                "GET", "/events?access_token=\(Tokens.jwt(sub: "2"))",
                fields: [("accept", "text/event-stream")])

            #expect(try await stream.head().status == 200)
            try await first.end()
            #expect(other.isOpen)
            let line = try await stage.sluice.log("evict")
            #expect(line["user"] == "certificate:spiffe://x/alice")
            #expect(
                stage.sluice.lines("stream_opened").map { $0["user"] } == [
                    "certificate:spiffe://x/alice", "certificate:bob@example",
                    "certificate:spiffe://x/alice",
                ])
            try await stage.expectSoundEnd()
        }

        @Test func `T18: a name with a NUL names nobody`() async throws {
            let authority = try await ClientAuthority()
            // An e-mail address: admin, NUL, .xy
            let hostile = try await authority.issue(
                "nul", subject: "/CN=root",
                extensions: ["subjectAltName=DER:30:0b:81:09:61:64:6d:69:6e:00:2e:78:79"])
            let stage = try await Self.stage(authority) { $0.tokenPlaces = ["certificate"] }

            let client = try stage.sluice.client(showing: hostile)
            #expect(try await Self.open(client, user: "1").status == 200)

            #expect(try await stage.sluice.log("stream_opened")["user"] == "address:127.0.0.1")
            client.leave(.close)
            try await stage.expectSoundEnd()
        }

        @Test func `where it is optional, who has none is known by the token`() async throws {
            let authority = try await ClientAuthority()
            let alice = try await authority.issue("alice", subject: "/CN=alice")
            let stage = try await Self.stage(authority, required: false)

            let known = try stage.sluice.client(showing: alice)
            #expect(try await Self.open(known, user: "1").status == 200)
            let token = try stage.sluice.client(showing: nil)
            #expect(try await Self.open(token, user: "1").status == 200)

            try await stage.sluice.log("stream_opened", count: 2)
            #expect(
                stage.sluice.lines("stream_opened").map { $0["user"] } == [
                    "certificate:alice", "1",
                ])
            #expect(known.isOpen)
            try await stage.expectSoundEnd()
        }

        @Test func `another authority counts for those who come, and live streams go on`()
            async throws
        {
            let authority = try await ClientAuthority()
            let alice = try await authority.issue("alice", subject: "/CN=alice")
            let stage = try await Self.stage(authority)
            let live = try stage.sluice.client(showing: alice)
            #expect(try await Self.open(live, user: "1").status == 200)

            let next = try await ClientAuthority("Next")
            try authority.replace(by: next)
            let line = try await stage.sluice.reload()
            let late = try stage.sluice.client(showing: alice)
            late.request("GET", "/hello")
            try await late.end()
            let bob = try stage.sluice.client(
                showing: try await next.issue("bob", subject: "/CN=bob"))
            bob.request("GET", "/hello")

            #expect(line.list("changed") == ["certificates"])
            #expect(late.now.raw.isEmpty)
            #expect(try await bob.whole().status == 200)
            #expect(live.isOpen)
            stage.gateway.gateway.publish(to: "1", event: "Generic", data: "still here")
            _ = try await live.event { $0.data == "still here" }
            bob.leave(.close)
            try await stage.expectSoundEnd()
        }

        @Test func `authorities that cannot be read change nothing`() async throws {
            let authority = try await ClientAuthority()
            let alice = try await authority.issue("alice", subject: "/CN=alice")
            let stage = try await Self.stage(authority)

            try authority.damage()
            let line = try await stage.sluice.reload()

            #expect(line.event == "reload_failed")
            #expect(
                line.list("problems").first?.contains("cannot use the authorities in") == true)
            let client = try stage.sluice.client(showing: alice)
            client.request("GET", "/hello")
            #expect(try await client.whole().status == 200)
            client.leave(.close)
            try await stage.expectSoundEnd()
        }
    }
}
