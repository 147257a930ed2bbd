import Glibc
import TLS
import TestSupport
import Testing

extension Scenarios {
    @Suite("TLS at the door")
    struct TLSScenarioTests {
        /// Whatever a stranger does, those who are inside go on, and others get in.
        private func expectService(
            _ stage: Stage, _ canary: TestClient, _ location: SourceLocation = #_sourceLocation
        ) async throws {
            stage.gateway.gateway.publish(to: "canary", event: "Generic", data: "alive")
            _ = try await canary.event { $0.data == "alive" }
            let client = stage.sluice.client()
            client.request("GET", "/hello")
            #expect(try await client.whole().status == 200, sourceLocation: location)
            try await stage.expectSoundEnd(location)
        }

        @Test(
            "T01: what is no TLS is closed within a second, and logged",
            arguments: [
                "GET / HTTP/1.1\r\nhost: a\r\n\r\n", "SSH-2.0-OpenSSH_9\r\n", "\0\0\0\0\0\0",
            ])
        func notTLS(bytes: String) async throws {
            // Whoever waits for this deadline would wait longer than the test does.
            let stage = try await Stage { $0.set("limits", "handshake_timeout: 10m") }
            let canary = try await stage.sluice.openStream("canary")
            let stranger = stage.sluice.rawClient()

            stranger.send(bytes)
            try await stranger.end()

            let line = try await stage.sluice.log("error")
            #expect(line["reason"] == "tls_not_tls")
            #expect(line["fault"] == "client")
            try await expectService(stage, canary)
        }

        @Test(
            "T02 T03 T15: a handshake has one deadline, whatever has come of it", arguments: 0...2)
        func deadline(part: Int) async throws {
            let stage = try await Stage { $0.set("limits", "handshake_timeout: 500ms") }
            let canary = try await stage.sluice.openStream("canary")
            let stranger = stage.sluice.rawClient()

            let hello = try ClientHello.bytes()
            switch part {
            case 0: break
            case 1: stranger.send(Array(hello.prefix(hello.count / 2)))
            case _: stranger.send(hello)
            }
            // Sooner than by the default, which is ten seconds.
            try await stranger.end(within: .seconds(9))

            let line = try await stage.sluice.log("error")
            #expect(line["reason"] == "tls_handshake_timeout")
            try await expectService(stage, canary)
        }

        @Test func `T15: half handshakes that are reset leave nothing behind`() async throws {
            let stage = try await Stage()
            let canary = try await stage.sluice.openStream("canary")
            let hello = try ClientHello.bytes()
            let descriptors = stage.sluice.child.descriptorCount

            for _ in 0..<Scale.pick(small: 50, normal: 300, full: 2000) {
                let stranger = stage.sluice.rawClient()
                stranger.send(hello)
                try await stranger.until("an answer") { $0.receivedCount > 0 }
                stranger.leave(.reset)
            }

            try await stage.sluice.log("error", count: 50)
            try await expectService(stage, canary)
            #expect(descriptors > 0)
        }

        @Test("T05: older versions get the alert for it", arguments: [0x00, 0x01, 0x02])
        func version(minor: UInt8) async throws {
            let stage = try await Stage()
            let canary = try await stage.sluice.openStream("canary")
            let stranger = stage.sluice.rawClient()

            stranger.send(ClientHello.old(minor: minor))
            try await stranger.end()

            // A fatal alert: protocol_version, for which SSL 3.0 has only handshake_failure.
            let raw = stranger.now.raw
            #expect(raw.first == 21 && raw.suffix(2) == [2, minor == 0 ? 40 : 70], "\(raw)")
            let line = try await stage.sluice.log("error")
            #expect(line["reason"] == "tls_version")
            try await expectService(stage, canary)
        }

        @Test("TLS 1.2 and 1.3 are spoken", arguments: TLSVersion.allCases)
        func versions(version: TLSVersion) async throws {
            let stage = try await Stage()
            let client = try stage.sluice.client(
                protocols: ["http/1.1"], minVersion: version, maxVersion: version)

            client.request("GET", "/hello")

            #expect(try await client.whole().status == 200)
            #expect(client.now.tlsVersion == (version == .tls12 ? "TLSv1.2" : "TLSv1.3"))
            #expect(client.now.negotiatedProtocol == "http/1.1")
            try await stage.expectSoundEnd()
        }

        @Test func `T05: min_version 1.3 refuses 1.2`() async throws {
            let stage = try await Stage { $0.minVersion = "1.3" }
            let client = try stage.sluice.client(protocols: [], maxVersion: .tls12)

            guard case .failed = try await client.handshake() else {
                Issue.record("TLS 1.2 was spoken")
                return
            }
            try await stage.sluice.log("error") { $0["reason"] == "tls_version" }
            try await stage.expectSoundEnd()
        }

        @Test(
            "T07: ALPN falls back to HTTP/1.1 or refuses",
            arguments: [
                ([], nil), (["http/1.1"], "http/1.1"), (["http/1.0", "http/1.1"], "http/1.1"),
                ((0..<200).map { "p\($0)" } + ["http/1.1"], "http/1.1"),
            ] as [([String], String?)])
        func alpn(offered: [String], agreed: String?) async throws {
            let stage = try await Stage()
            let client = try stage.sluice.client(protocols: offered)

            client.request("GET", "/hello")

            #expect(try await client.whole().status == 200)
            #expect(client.now.negotiatedProtocol == agreed)
            try await stage.expectSoundEnd()
        }

        @Test func `T07: nothing in common is refused by its alert`() async throws {
            let stage = try await Stage()
            let client = try stage.sluice.client(protocols: ["h2c", "spdy/3"])

            guard case .failed = try await client.handshake() else {
                Issue.record("there was nothing to agree on")
                return
            }
            try await stage.sluice.log("error") { $0["reason"] == "tls_no_application_protocol" }
            try await stage.expectSoundEnd()
        }

        @Test func `T07: the preface of HTTP/2 on an HTTP/1.1 connection is a bad request`()
            async throws
        {
            let stage = try await Stage()
            let client = stage.sluice.client()

            client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", answering: "GET")

            let answer = try await client.whole()
            #expect([400, 505].contains(answer.status))
            #expect(try await client.end() == .closeNotify)
            #expect(stage.gateway.gateway.requestCount == 0)
            try await stage.expectSoundEnd()
        }

        @Test("T08: any name gets the default certificate", arguments: ["localhost", nil])
        func name(serverName: String?) async throws {
            let stage = try await Stage()
            let client = try stage.sluice.client(protocols: [], serverName: serverName)

            client.request("GET", "/hello")

            #expect(try await client.whole().status == 200)
            try await stage.expectSoundEnd()
        }

        @Test func `T09: renegotiation is refused`() async throws {
            let stage = try await Stage()
            let canary = try await stage.sluice.openStream("canary")
            let peer = try ChildProcess([
                "openssl", "s_client", "-tls1_2", "-connect", stage.sluice.address.text,
            ])
            _ = try await peer.bulletin.first("a handshake") {
                peer.lines.contains { $0.contains("Verify return code") } ? true : nil
            }

            peer.type("R\n")

            _ = try await peer.waitForExit()
            #expect(peer.errors.contains("no renegotiation"), "\(peer.errors)")
            try await expectService(stage, canary)
        }

        @Test func `T13: a request that is cut off reaches nobody`() async throws {
            let stage = try await Stage()
            let canary = try await stage.sluice.openStream("canary")
            let client = stage.sluice.client()

            client.send("GET /hello HTTP/1.1\r\nhost: a\r\n")
            client.leave(.vanish)
            try await stage.sluice.log("error") { $0["reason"] == "client_closed" }

            #expect(!stage.gateway.gateway.requests.contains { $0.target == "/hello" })
            try await expectService(stage, canary)
        }
    }
}
