import Foundation
import Identity
import Testing

@testable import Settings

/// A settings file, flags, or both become settings that need no further checking.
@Suite struct SettingsTests {
    @Test func `flags alone are enough`() throws {
        let settings = try settings([
            .listen: ["0.0.0.0:8443"], .gateway: ["http://127.0.0.1:8080"], .cert: ["chain.pem"],
            .key: ["key.pem"], .policies: ["policies/"], .token: ["bearer"],
        ])

        #expect(settings.listeners.map(\.address.text) == ["0.0.0.0:8443"])
        #expect(
            settings.listeners.first?.tls?.certificates
                == [Settings.Certificate(chain: "chain.pem", key: "key.pem")])
        #expect(settings.gateway.address == .tcp(host: "127.0.0.1", port: 8080))
        #expect(settings.policies == "policies/")
        #expect(settings.identity.places == [.bearer])
        #expect(settings.warnings.isEmpty)
    }

    @Test func `what is not written has its default`() throws {
        let settings = try settings(Self.least)

        #expect(settings.identity.places.isEmpty)
        #expect(settings.identity.userClaim == .claims(["sub"]))
        #expect(settings.hashKeyFile == nil && settings.workers == nil)
        #expect(settings.gateway.connectTimeout == .seconds(5))
        #expect(settings.gateway.responseTimeout == .seconds(65))
        #expect(settings.log == Settings.Log(target: .stdout, level: .info))
        #expect(settings.limits.headerBytes == 65_536)
        #expect(settings.limits.headerFields == 100)
        #expect(settings.limits.targetBytes == 16_384)
        #expect(
            settings.streams
                == Settings.Streams(
                    asksIdentity: true, evictedRetry: .seconds(60), evictedRetryMax: .seconds(300),
                    tombstoneLifetime: .seconds(86_400), tombstoneKeyFile: nil, openingPadding: 0))
        #expect(settings.limits.deadPeerTimeout == .seconds(30))
        #expect(settings.limits.bufferedBytes == 268_435_456)
        #expect(settings.limits.pendingBytes == 67_108_864)
        #expect(settings.limits.pendingBytesPerConnection == 2_097_152)
        #expect(settings.gateway.connectionsMax == nil)
        #expect(settings.gateway.streamsPerSecond == 500)
        #expect(settings.gateway.streamsBurst == 500)
        #expect(settings.gateway.admissionWait == .seconds(5))
        #expect(settings.drain.timeout == .seconds(30))
        #expect(settings.listeners.first?.tls == nil)
    }

    @Test func `everything that can be written arrives as it was written`() throws {
        let settings = try settings(from: Self.full)

        #expect(
            settings.listeners
                == [
                    Settings.Listener(
                        address: .tcp(host: "0.0.0.0", port: 8443),
                        tls: Settings.TLS(
                            certificates: [
                                Settings.Certificate(chain: "chain.pem", key: "key.pem"),
                                Settings.Certificate(chain: "other.pem", key: "other.key"),
                            ],
                            minVersion: .tls13)),
                    Settings.Listener(address: .tcp(host: "::1", port: 0), tls: nil),
                    Settings.Listener(address: .unix(path: "/run/sluice.sock"), tls: nil),
                ])
        #expect(settings.gateway.address == .unix(path: "/run/gateway.sock"))
        #expect(settings.gateway.poolIdleMax == 0)
        #expect(settings.identity.places == [.query("access_token")])
        #expect(settings.identity.userClaim == .claims(["user.id"]))
        #expect(settings.hashKeyFile == "hash.key")
        #expect(settings.policies == "policies/")
        #expect(settings.log == Settings.Log(target: .file("/var/log/sluice"), level: .debug))
        #expect(settings.limits.connectionsMax == 500)
        #expect(settings.limits.handshakeTimeout == .milliseconds(500))
        #expect(
            settings.streams
                == Settings.Streams(
                    asksIdentity: false, evictedRetry: .milliseconds(500),
                    evictedRetryMax: .seconds(86_400), tombstoneLifetime: .seconds(30 * 86_400),
                    tombstoneKeyFile: "tombstone.key", openingPadding: 2048))
        #expect(settings.limits.deadPeerTimeout == .seconds(1))
        #expect(settings.limits.bufferedBytes == 1_048_576)
        #expect(settings.limits.pendingBytes == 2_097_152)
        #expect(settings.limits.pendingBytesPerConnection == 131_072)
        #expect(settings.gateway.connectionsMax == 300)
        #expect(settings.gateway.streamsPerSecond == 20)
        #expect(settings.gateway.streamsBurst == 1)
        #expect(settings.gateway.admissionWait == .milliseconds(100))
        #expect(settings.drain.timeout == .seconds(60))
        #expect(settings.workers == 2)
    }

    @Test func `flags win over the file, and what they do not name stays`() throws {
        let settings = try settings(
            [
                .listen: ["127.0.0.1:9443", "[::1]:9443"], .gateway: ["http://localhost"],
                .token: ["bearer"], .userClaim: ["token"], .workers: ["3"], .log: ["stderr"],
                .logLevel: ["error"], .drainTimeout: ["5s"], .policies: ["other/"],
                .hashKeyFile: ["other.key"], .tombstoneKeyFile: ["another.key"],
            ], from: Self.full)

        #expect(settings.listeners.map(\.address.text) == ["127.0.0.1:9443", "[::1]:9443"])
        #expect(settings.gateway.address == .tcp(host: "localhost", port: 80))
        #expect(settings.gateway.poolIdleMax == 0)
        #expect(settings.identity.places == [.bearer])
        #expect(settings.identity.userClaim == .token)
        #expect(settings.workers == 3)
        #expect(settings.log == Settings.Log(target: .stderr, level: .error))
        #expect(settings.drain.timeout == .seconds(5))
        #expect(settings.policies == "other/")
        #expect(settings.hashKeyFile == "other.key")
        #expect(settings.streams.tombstoneKeyFile == "another.key")
        #expect(settings.streams.openingPadding == 2048)
    }

    @Test("A5: several claims may name a user, in the file and by flag")
    func userClaims() throws {
        let text = Self.full.replacing("user_claim: user.id", with: "user_claim: [iss, sub]")

        #expect(try settings([:], from: text).identity.userClaim == .claims(["iss", "sub"]))
        let flagged = try settings([.userClaim: ["tid", "oid"]], from: text)
        #expect(flagged.identity.userClaim == .claims(["tid", "oid"]))
        for wrong in [["a", "b", "c", "d", "e"], ["sub", "token"], ["sub", "sub"]] {
            #expect(throws: Problems.self) { try settings([.userClaim: wrong], from: text) }
        }
    }

    @Test func `moving a listener by flag does not turn its encryption off`() throws {
        let settings = try settings([.listen: ["0.0.0.0:9443"]], from: Self.full)

        #expect(settings.listeners.first?.tls?.minVersion == .tls13)
        #expect(settings.listeners.first?.tls?.certificates.count == 2)
    }

    @Test func `a certificate by flag replaces those of every listener`() throws {
        let settings = try settings([.cert: ["c"], .key: ["k"]], from: Self.full)

        let certificate = Settings.Certificate(chain: "c", key: "k")
        #expect(settings.listeners.allSatisfy { $0.tls?.certificates == [certificate] })
        #expect(settings.listeners.first?.tls?.minVersion == .tls13)
    }

    @Test(
        "a problem with a flag names the flag",
        arguments: [
            (Flag.listen, "localhost:1", "--listen: expected an address"),
            (.gateway, "127.0.0.1:80", "--gateway: expected http://HOST:PORT"),
            (.workers, "many", "--workers: expected a whole number from 1 to 256, got many"),
            (
                .logLevel, "inf",
                "--log-level: expected error, warning, notice, info or debug, got inf"
            ),
            (.cert, "c", "--cert: needs --key beside it"),
            (.key, "k", "--key: needs --cert beside it"),
            (.token, "form:x", "--token: expected bearer, query:NAME"),
            (.drainTimeout, "30", "--drain-timeout: expected a duration"),
            (.policies, "", "--policies: expected a path of 1 to 4095 bytes, got nothing"),
        ])
    func flagProblem(flag: Flag, value: String, text: String) throws {
        var values = Self.least
        values[flag] = [value]

        let problems = try #require(throws: Problems.self) { _ = try settings(values) }

        #expect(problems.text.hasPrefix(text), "\(problems.text)")
    }

    @Test(
        "P12 a secret never stands in a message",
        arguments: [
            "http://admin:hunter2@host:80", "htp://admin:hunter2@host", "http://host/?key=hunter2",
            "http://host#hunter2",
        ])
    func secret(url: String) throws {
        var values = Self.least
        values[.gateway] = [url]

        let problems = try #require(throws: Problems.self) { _ = try settings(values) }

        #expect(!problems.text.contains("hunter2"))
    }

    @Test("P12 a secret that all may read is warned about", arguments: keyFlags)
    func readableSecret(flag: Flag) throws {
        let directory = try TemporaryDirectory()
        let key = try directory.write("0123456789abcdef", to: "secret.key")
        var flags = Flags(Self.least)
        flags.set(flag, key)
        chmod(key, 0o644)

        let open = try Settings.load(file: nil, flags: flags).warnings.map(\.text)
        chmod(key, 0o600)
        let closed = try Settings.load(file: nil, flags: flags).warnings.map(\.text)

        #expect(open.contains { $0.hasPrefix(key) && $0.contains("chmod o-r") })
        #expect(!closed.contains { $0.contains("chmod") })
    }

    @Test func `a key is read as it is`() throws {
        let directory = try TemporaryDirectory()
        let (hash, tombstone) = (
            String(repeating: "h", count: 32), String(repeating: "t", count: 1024)
        )
        var flags = Flags(Self.least)
        flags.set(.hashKeyFile, try directory.write(hash, to: "hash.key"))
        flags.set(.tombstoneKeyFile, try directory.write(tombstone, to: "tombstone.key"))

        let settings = try Settings.load(file: nil, flags: flags)

        #expect(try settings.hashKey() == Array(hash.utf8))
        #expect(try settings.tombstoneKey() == Array(tombstone.utf8))
    }

    @Test func `a key that no file is named for is none`() throws {
        let settings = try settings(Self.least)

        #expect(try settings.hashKey() == nil)
        #expect(try settings.tombstoneKey() == nil)
    }

    @Test(
        "P12 a key that cannot be used is told without its text", arguments: keyFlags,
        [0, 31, 1025])
    func badKey(flag: Flag, count: Int) throws {
        let directory = try TemporaryDirectory()
        let secret = String(repeating: "k", count: count)
        var flags = Flags(Self.least)
        flags.set(flag, try directory.write(secret, to: "secret.key"))
        let settings = try Settings.load(file: nil, flags: flags)
        flags.set(flag, "a-secret-in-place-of-a-path")
        let missing = try Settings.load(file: nil, flags: flags)

        let wrong = try #require(throws: Problems.self) { try Self.readKeys(of: settings) }
        let absent = try #require(throws: Problems.self) { try Self.readKeys(of: missing) }

        #expect(wrong.text.contains("holds \(count) bytes; write 32 to 1024"))
        #expect(absent.text.contains("no such file"))
        #expect(!absent.text.contains("secret"))
    }

    private static let keyFlags: [Flag] = [.hashKeyFile, .tombstoneKeyFile]

    private static func readKeys(of settings: Settings) throws(Problems) {
        _ = try settings.hashKey()
        _ = try settings.tombstoneKey()
    }

    @Test func `several token places that nothing verifies are warned about`() throws {
        var values = Self.least
        values[.token] = ["bearer", "cookie:session"]

        let warnings = try settings(values).warnings

        #expect(warnings.map(\.message).contains { $0.contains("several places") })
    }

    @Test func `a certificate as token is warned about where no listener asks for one`() throws {
        var values = Self.least
        values[.token] = ["certificate"]

        let warnings = try settings(values).warnings.map(\.message)

        #expect(warnings.contains { $0.contains("no listener asks for one; write tls: {") })
    }

    @Test func `a token place that is named twice is one place`() throws {
        var values = Self.least
        values[.token] = ["header:X-Token", "header:x-token"]

        #expect(try settings(values).identity.places == [.header("x-token")])
        #expect(try settings(values).warnings.isEmpty)
    }

    @Test func `plain HTTP for the whole network is warned about`() throws {
        var values = Self.least
        values[.listen] = ["0.0.0.0:8080"]

        #expect(try settings(values).warnings.map(\.message).contains { $0.contains("plain HTTP") })
    }

    @Test func `P13 what a reload cannot carry out is named`() throws {
        let running = try settings(from: Self.full)
        let same = try settings(
            [.cert: ["c"], .key: ["k"], .logLevel: ["info"]], from: Self.twoTLS)
        let other = try settings(
            [.listen: ["127.0.0.1:1"], .workers: ["7"], .drainTimeout: ["9s"]], from: Self.full)

        #expect(running.keysNeedingRestart(since: running).isEmpty)
        #expect(try same.keysNeedingRestart(since: settings(from: Self.twoTLS)).isEmpty)
        #expect(other.keysNeedingRestart(since: running) == ["listen", "workers"])
    }

    @Test func `P06 a settings file that is not there`() throws {
        let problems = try #require(throws: Problems.self) {
            _ = try Settings.load(file: "/none/sluice.yaml", flags: Flags())
        }

        #expect(problems.text == "/none/sluice.yaml: there is no such file; check the path")
    }

    @Test(
        "an address is read and written alike",
        arguments: [
            "0.0.0.0:8443", "[::]:8443", "[fe80::1]:0", "unix:/run/a.sock", "127.0.0.1:65535",
        ])
    func address(text: String) throws {
        var values = Self.least
        values[.listen] = [text]

        #expect(try settings(values).listeners.map(\.address.text) == [text])
    }

    @Test(
        "the gateway may be a name, an address or a socket",
        arguments: [
            ("http://127.0.0.1:8080", "127.0.0.1:8080"),
            ("http://gateway.internal", "gateway.internal:80"),
            ("http://[::1]:81/", "[::1]:81"), ("http://my_gateway-1:8080/", "my_gateway-1:8080"),
            ("unix:gateway.sock", "unix:gateway.sock"),
        ])
    func gateway(url: String, address: String) throws {
        var values = Self.least
        values[.gateway] = [url]

        #expect(try settings(values).gateway.address.text == address)
    }

    @Test(
        "a gateway that cannot be reached is refused",
        arguments: [
            "http://", "http://:80", "http://256.0.0.1", "http://a..b", "http://[::1",
            "http://[x]:1",
            "http://a:0", "http://a:65536", "http://a:08", "http://a b", "http://1.2.3:80", "unix:",
            "http://a/b", "HTTP://a", "http://::1:80", "http://[::1]x:80", "[", "]:", "http://]:[",
        ])
    func badGateway(url: String) throws {
        var values = Self.least
        values[.gateway] = [url]

        #expect(throws: Problems.self) { _ = try settings(values) }
    }

    @Test func `P07 a settings file that was cut anywhere is read or refused`() {
        let text = Array(Self.full.utf8)

        for count in text.indices {
            let cut = String(decoding: text[..<count], as: UTF8.self)
            _ = try? Settings(RawSettings(text: cut, file: "sluice.yaml", flags: Flags()))
        }
    }

    private static let least: [Flag: [String]] = [
        .listen: ["127.0.0.1:8080"], .gateway: ["http://127.0.0.1:8081"], .policies: ["policies"],
    ]

    private static let twoTLS = """
        listen: [ { address: 127.0.0.1:1, tls: { certificates: [ { chain: a, key: b } ] } } ]
        gateway: { url: "http://a" }
        policies: p
        """

    private static let full = """
        listen:
          - address: 0.0.0.0:8443
            tls:
              certificates:
                - { chain: chain.pem, key: key.pem }
                - { chain: other.pem, key: other.key }
              min_version: "1.3"
            proxy_protocol: off
          - address: "[::1]:0"
          - address: unix:/run/sluice.sock
        gateway:
          url: unix:/run/gateway.sock
          pool_idle_max: 0
          connections_max: 300
          streams_per_second: 20
          streams_burst: 1
          admission_wait: 100ms
        identity:
          tokens: [ "query:access_token" ]
          user_claim: user.id
          hash_key_file: hash.key
        policies: policies/
        log: { to: /var/log/sluice, level: debug }
        limits:
          connections_max: 500
          handshake_timeout: 500ms
          dead_peer_timeout: 1s
          buffered_bytes: 1048576
          pending_bytes: 2097152
          pending_bytes_per_connection: 131072
        streams:
          ask_identity: false
          evicted_retry: 500ms
          evicted_retry_max: 24h
          tombstone_lifetime: 30d
          tombstone_key_file: tombstone.key
          opening_padding: 2048
        drain: { timeout: 1m }
        workers: 2
        """

    private func settings(
        _ values: [Flag: [String]] = [:], from text: String? = nil
    ) throws(Problems) -> Settings {
        let flags = Flags(values)
        guard let text else { return try Settings(RawSettings(flags: flags)) }
        return try Settings(RawSettings(text: text, file: "sluice.yaml", flags: flags))
    }
}

extension Flags {
    init(_ values: [Flag: [String]]) {
        self.init()
        for (flag, texts) in values { self[flag] = texts }
    }
}
