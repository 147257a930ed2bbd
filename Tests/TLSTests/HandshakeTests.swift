import Testing

@testable import TLS

@Suite("How a session begins")
struct HandshakeTests {
    @Test(
        "Client and server agree on the best version that both speak",
        arguments: [
            (TLSVersion.tls12, "TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256"),
            (.tls13, "TLSv1.3 TLS_AES_128_GCM_SHA256"),
        ])
    func version(newest: TLSVersion, text: String) throws {
        let fixture = try Fixture()
        var peers = try Peers(fixture.server(), fixture.client(maxVersion: newest))

        try peers.connect()

        let (version, cipher) = (peers.server.version, peers.server.cipher)
        #expect("\(version) \(cipher ?? "")" == text)
        try peers.client.writeText("ping")
        let heard = peers.server.readBytes()
        #expect(heard == bytes("ping"))
        try peers.server.writeText("pong")
        let answer = peers.client.readBytes()
        #expect(answer == bytes("pong"))
    }

    @Test func `a server may insist on TLS 1.3`() throws {
        let fixture = try Fixture()
        var peers = try Peers(
            fixture.server(minVersion: .tls13), fixture.client(maxVersion: .tls12))

        let (server, client) = peers.shakeHands()

        #expect(server == .failed(.version))
        #expect(client == .failed(.version))
    }

    @Test(
        "T07: ALPN takes what the server likes best, whatever the client's order",
        arguments: [
            ([], nil), (["http/1.1"], "http/1.1"), (["h2", "http/1.1"], "h2"),
            (["http/1.1", "h2"], "h2"), (["spdy/3", "http/1.1"], "http/1.1"),
        ] as [([String], String?)])
    func applicationProtocol(offered: [String], chosen: String?) throws {
        let fixture = try Fixture()
        var peers = try Peers(
            fixture.server(protocols: ["h2", "http/1.1"]), fixture.client(protocols: offered))

        try peers.connect()

        let (server, client) = (peers.server.negotiatedProtocol, peers.client.negotiatedProtocol)
        #expect(server == chosen)
        #expect(client == chosen)
    }

    @Test func `a client that shares no application protocol is refused (T07)`() throws {
        let fixture = try Fixture()
        var peers = try Peers(fixture.server(), fixture.client(protocols: ["h2c", "ftp"]))

        let (server, client) = peers.shakeHands()

        #expect(server == .failed(.noApplicationProtocol))
        #expect(client == .failed(.noApplicationProtocol))
    }

    @Test func `a client does not believe an authority that it does not know`() throws {
        let fixture = try Fixture()
        let other = try Fixture()
        var peers = try Peers(fixture.server(), other.client())

        let (server, client) = peers.shakeHands()

        #expect(client == .failed(.certificate))
        #expect(server == .failed(.peerAlert))
    }

    @Test(
        "A client does not take a certificate for another name",
        arguments: [
            ("localhost", Handshake.done), ("127.0.0.1", .done), ("::1", .done),
            ("example.com", .failed(.certificate)), ("127.0.0.2", .failed(.certificate)),
        ])
    func name(asked: String, outcome: Handshake) throws {
        let fixture = try Fixture()
        let files = try fixture.issue("it", names: ["localhost", "127.0.0.1", "::1"])
        let server = try TLSServerContext(
            TLSServerSettings(
                certificates: [files], minVersion: .tls12, applicationProtocols: []))
        var peers = try Peers(server, fixture.client(), serverName: asked)

        let client = peers.shakeHands().client

        #expect(client == outcome)
    }

    @Test func `a name that is none is refused before anything is sent`() throws {
        let fixture = try Fixture()
        let (server, client) = (try fixture.server(), try fixture.client())

        #expect(throws: TLSSetupError.self) {
            _ = try Peers(server, client, serverName: "a b")
        }
    }

    @Test func `the session outlives the context's last other owner`() throws {
        let fixture = try Fixture()
        var server: TLSServerContext? = try fixture.server()
        var peers = try Peers(try #require(server), fixture.client(protocols: ["http/1.1"]))

        server = nil  // As after a reload: only the session holds it now.
        try peers.connect()

        let chosen = peers.server.negotiatedProtocol
        #expect(chosen == "http/1.1")
    }

    @Test func `the runtime's version can be logged`() {
        #expect(OpenSSLVersion.runtime.hasPrefix("OpenSSL 3."))
    }
}
