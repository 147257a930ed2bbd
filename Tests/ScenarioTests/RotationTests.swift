import DemoGateway
import Foundation
import TLS
import TestSupport
import Testing

extension Scenarios {
    @Suite("What a reload notices")
    struct RotationTests {
        /// Writes one line of the settings anew and reloads.
        private func change(
            _ sluice: SluiceProcess, _ old: String, to new: String
        ) async throws -> LogLine {
            let text = try sluice.folder.read("sluice.yaml")
            let changed = text.replacingOccurrences(of: old, with: new)
            #expect(changed != text, "\(old) stands nowhere in \(text)")
            try sluice.folder.write(changed, to: "sluice.yaml")
            return try await sluice.reload()
        }

        // MARK: Files of the gateway's TLS

        /// Sluice, and before it one whose gateway it is.
        private struct Pair {
            let inner: Stage
            let outer: SluiceProcess
            let folder: TemporaryFolder

            /// `tls`: lines of the outer one's `gateway.tls`, for files in the folder.
            init(
                _ change: (inout SluiceOptions) -> Void = { _ in }, tls: (String) -> String
            ) async throws {
                let folder = try TemporaryFolder()
                let inner = try await Stage(.quiet, SluiceOptions(change))
                try folder.write(try inner.sluice.folder.read("ca.pem"), to: "ca.pem")
                self.folder = folder
                self.inner = inner
                outer = try await SluiceProcess(
                    gateway: inner.sluice.address,
                    options: SluiceOptions {
                        $0.usesTLS = false
                        $0.workers = 1
                        $0.gateways = ["https://127.0.0.1:\(inner.sluice.address.port)"]
                        $0.set("gateway", "pool_idle_timeout: 1h")
                        $0.set("gateway", "tls: { \(tls(folder.path)) }")
                    })
            }

            func status() async throws -> Int {
                let client = outer.client()
                defer { client.leave(.close) }
                client.request("GET", "/hello")
                return try await client.whole().status
            }

            func expectSoundEnd() async throws {
                try await outer.expectSoundEnd()
                try await inner.expectSoundEnd()
            }
        }

        @Test func `T17: authorities for the gateway that are written anew in their place`()
            async throws
        {
            let pair = try await Pair { "authorities: \($0)/ca.pem" }
            #expect(try await pair.status() == 200)
            // The gateway changes its certificate, and for a while nobody believes it.
            try SelfSignedAuthority.write(
                to: pair.inner.sluice.folder.path, names: ["localhost", "127.0.0.1"])
            _ = try await pair.inner.sluice.reload()
            let idle = try await pair.outer.reload()
            #expect(idle.isTrue("unchanged"))

            try pair.folder.write(try pair.inner.sluice.folder.read("ca.pem"), to: "ca.pem")
            let line = try await pair.outer.reload()

            #expect(line.list("changed") == ["certificates"])
            #expect(line.list("keys") == ["gateway.tls.authorities"])
            #expect(!line.isTrue("unchanged"))
            #expect(try await pair.status() == 200)
            try await pair.expectSoundEnd()
        }

        @Test func `T17: no connection and no session from before is used after it`() async throws {
            let pair = try await Pair { "authorities: \($0)/ca.pem" }
            for _ in 0..<3 { #expect(try await pair.status() == 200) }
            let stranger = try TemporaryFolder()
            try SelfSignedAuthority.write(to: stranger.path, names: ["localhost"])

            try pair.folder.write(try stranger.read("ca.pem"), to: "ca.pem")
            let line = try await pair.outer.reload()

            #expect(line.list("keys") == ["gateway.tls.authorities"])
            for _ in 0..<3 { #expect(try await pair.status() == 502) }
            #expect(try await pair.outer.log("error")["reason"] == "gateway_tls")
            try await pair.expectSoundEnd()
        }

        @Test func `T17: what is shown to the gateway, written anew in its place`() async throws {
            let (old, new) = (try await ClientAuthority("Old"), try await ClientAuthority("New"))
            let files = [
                try await old.issue("sluice", subject: "/CN=sluice"),
                try await new.issue("sluice", subject: "/CN=sluice"),
            ]
            func put(_ number: Int, into folder: TemporaryFolder) throws {
                for (path, name) in [(files[number].chain, "c.pem"), (files[number].key, "k.pem")] {
                    try folder.write(try String(contentsOfFile: path, encoding: .utf8), to: name)
                }
            }
            let place = try TemporaryFolder()
            try put(0, into: place)
            let pair = try await Pair({
                $0.clientCertificates = "{ authorities: \(old.path) }"
            }) {
                "authorities: \($0)/ca.pem, certificate: { chain: \(place.path)/c.pem, "
                    + "key: \(place.path)/k.pem }"
            }
            #expect(try await pair.status() == 200)
            try old.replace(by: new)
            _ = try await pair.inner.sluice.reload()

            try put(1, into: place)
            let line = try await pair.outer.reload()

            #expect(line.list("changed") == ["certificates"])
            #expect(
                line.list("keys") == [
                    "gateway.tls.certificate.chain", "gateway.tls.certificate.key",
                ])
            #expect(try await pair.status() == 200)
            try await pair.expectSoundEnd()
        }

        @Test func `T16: a pair for the gateway that does not fit changes nothing`() async throws {
            let authority = try await ClientAuthority()
            let (one, two) = (
                try await authority.issue("one", subject: "/CN=one"),
                try await authority.issue("two", subject: "/CN=two")
            )
            let pair = try await Pair {
                "authorities: \($0)/ca.pem, certificate: { chain: \(one.chain), key: \(one.key) }"
            }
            let key = try String(contentsOfFile: two.key, encoding: .utf8)
            try key.write(toFile: one.key, atomically: true, encoding: .utf8)

            let line = try await pair.outer.reload()

            #expect(line.event == "reload_failed")
            #expect(try await pair.status() == 200)
            try await pair.expectSoundEnd()
        }

        // MARK: Files of keys

        @Test(
            "a key that is written anew in its place",
            arguments: [
                ("streams", "tombstone_key_file", "settings"),
                ("identity", "hash_key_file", "identity"),
            ])
        func key(section: String, name: String, part: String) async throws {
            let folder = try TemporaryFolder()
            let path = try folder.write(String(repeating: "a", count: 40), to: "key")
            let stage = try await Stage { $0.set(section, "\(name): \(path)") }
            #expect(try await stage.sluice.reload().isTrue("unchanged"))

            try folder.write(String(repeating: "b", count: 40), to: "key")
            let line = try await stage.sluice.reload()

            #expect(line.list("changed") == [part])
            #expect(line.list("keys") == ["\(section).\(name)"])
            #expect(try await stage.sluice.reload().isTrue("unchanged"))
            try await stage.expectSoundEnd()
        }

        // MARK: Every key that is in force

        /// A line of the settings, and the same otherwise; the key and the part that are told.
        private static let lines: [(old: String, new: String, key: String, part: String)] = [
            ("- 10.0.0.0/8", "- 127.0.0.0/8", "trusted_proxies", "settings"),
            ("via: false", "via: true", "headers.via", "settings"),
            ("forwarded: false", "forwarded: true", "headers.forwarded", "settings"),
            ("streams_max: 50", "streams_max: 60", "http2.streams_max", "settings"),
            ("resets_max: 100", "resets_max: 101", "http2.resets_max", "settings"),
            (
                "    connections_max: 900", "    connections_max: 901", "listen[].connections_max",
                "settings"
            ),
            (
                "min_version: \"1.2\"", "min_version: \"1.3\"", "listen[].tls.min_version",
                "settings"
            ),
            ("header_fields: 90", "header_fields: 91", "limits.header_fields", "settings"),
            (
                "response_timeout: 60s", "response_timeout: 61s", "gateway.response_timeout",
                "settings"
            ),
            ("failures_max: 4", "failures_max: 5", "gateway.health.failures_max", "settings"),
            ("evicted_retry: 50s", "evicted_retry: 51s", "streams.evicted_retry", "settings"),
            ("timeout: 5s", "timeout: 6s", "drain.timeout", "settings"),
            (
                "tokens: [\"query:access_token\"]", "tokens: [\"query:token\"]", "identity.tokens",
                "identity"
            ),
            ("user_claim: sub", "user_claim: uid", "identity.user_claim", "identity"),
            ("level: debug", "level: info", "log.level", "log"),
        ]

        @Test("a key that is in force after it is told", arguments: lines.indices)
        func told(index: Int) async throws {
            let change = Self.lines[index]
            let stage = try await Stage {
                $0.listener = ["connections_max: 900"]
                $0.set("trusted_proxies", "- 10.0.0.0/8")
                $0.set("headers", "via: false")
                $0.set("headers", "forwarded: false")
                $0.set("http2", "streams_max: 50")
                $0.set("http2", "resets_max: 100")
                $0.set("limits", "header_fields: 90")
                $0.set("gateway", "response_timeout: 60s")
                $0.set("gateway", "health: { failures_max: 4 }")
                $0.set("streams", "evicted_retry: 50s")
                $0.set("identity", "user_claim: sub")
            }

            let line = try await self.change(stage.sluice, change.old, to: change.new)

            #expect(line.event == "reload")
            #expect(line.list("changed") == [change.part])
            #expect(line.list("keys") == [change.key])
            #expect(!line.isTrue("unchanged"))
            #expect(line.list("restart_needed").isEmpty)
            #expect(try await stage.sluice.reload().isTrue("unchanged"))
            try await stage.expectSoundEnd()
        }

        @Test func `what is told is in force`() async throws {
            let stage = try await Stage { $0.set("headers", "via: false") }
            _ = try await change(stage.sluice, "via: false", to: "via: true")
            let client = stage.sluice.client()

            client.request("GET", "/hello")

            #expect(try await client.whole().all("via") == ["1.1 sluice"])
            try await stage.expectSoundEnd()
        }

        @Test func `P13: what needs a restart is told as that, and as nothing else`() async throws {
            let stage = try await Stage()

            let line = try await change(stage.sluice, "workers: 2", to: "workers: 3")

            #expect(line.list("restart_needed") == ["workers"])
            #expect(line.isTrue("unchanged"))
            #expect(line.list("keys").isEmpty)
            let both = try await change(stage.sluice, "timeout: 5s", to: "timeout: 6s")
            #expect(both.list("restart_needed") == ["workers"])
            #expect(both.list("keys") == ["drain.timeout"])
            try await stage.expectSoundEnd()
        }

        @Test func `P13: a listener that is added waits for a restart, with all that it says`()
            async throws
        {
            let stage = try await Stage()

            let line = try await change(
                stage.sluice, "policies: ",
                to: "  - { address: 127.0.0.1:0, connections_max: 7 }\npolicies: ")

            #expect(line.list("restart_needed") == ["listen"])
            #expect(line.isTrue("unchanged"))
            #expect(line.list("keys").isEmpty)
            try await stage.expectSoundEnd()
        }
    }
}
