import TestRandom
import Testing

@testable import TLS

@Suite("What the server refuses, and what it says then")
struct RefusalTests {
    @Test(
        "T01: what is no TLS is called so, after one look",
        arguments: [
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST /a HTTP/1.1\r\n\r\n",
            "OPTIONS * HTTP/1.1\r\n\r\n", "CONNECT a:443 HTTP/1.1\r\n\r\n", "SSH-2.0-OpenSSH_9\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ])
    func plainText(text: String) throws {
        let fixture = try Fixture()
        var stranger = try Stranger(fixture.server())

        try stranger.sockets.clientSends(Array(text.utf8))
        let progress = stranger.server.handshake()

        guard case .failed(let failure) = progress else {
            Issue.record("\(text) was not refused: \(progress)")
            return
        }
        #expect(failure.kind == .notTLS)
        #expect("\(failure.reason)" == "tls_not_tls")
        #expect(!failure.detail.isEmpty)
    }

    @Test(
        "T05: old versions get a protocol_version alert",
        arguments: [
            (0x0300, .handshakeFailure),  // SSL 3.0 has no protocol_version alert.
            (0x0301, .protocolVersion), (0x0302, .protocolVersion),
        ] as [(UInt16, Alert)])
    func oldVersion(version: UInt16, refusal: Alert) throws {
        let fixture = try Fixture()

        let (end, alert) = try Stranger.says(ClientHello(version: version), to: fixture.server())

        #expect(end == .failed(.version))
        #expect(alert == refusal)
    }

    @Test(
        "T06: only ciphers that are out of date get a handshake_failure alert",
        arguments: [0x0035, 0xC013, 0x0005, 0xC02A] as [UInt16])
    func oldCipher(cipher: UInt16) throws {
        let fixture = try Fixture()

        let (end, alert) = try Stranger.says(ClientHello(ciphers: [cipher]), to: fixture.server())

        #expect(end == .failed(.noSharedCipher))
        #expect(alert == .handshakeFailure)
    }

    @Test(
        "T07: a list of protocols without ours, or none at all, is never misread",
        arguments: [
            (["h2c"], .noApplicationProtocol), (["http/1.0", "http/1.1x"], .noApplicationProtocol),
            (Array(repeating: "x", count: 200), .noApplicationProtocol),
            (Array(repeating: "x", count: 200) + ["http/1.1"], nil), (["http/1.1"], nil),
        ] as [([String], Alert?)])
    func protocols(names: [String], refusal: Alert?) throws {
        let fixture = try Fixture()
        let hello = ClientHello(protocols: ClientHello.protocolList(names))

        let (end, alert) = try Stranger.says(hello, to: fixture.server())

        #expect(end == (refusal == nil ? .unfinished : .failed(.noApplicationProtocol)))
        #expect(alert == refusal)
    }

    @Test(
        "T07: a list of protocols that contradicts itself gets a decode_error alert",
        arguments: [[], [0, 0], [0, 1, 0], [0, 2, 0, 0], [0, 3, 9, 104, 50], [0, 9, 1, 104]]
            as [[UInt8]])
    func malformedProtocols(body: [UInt8]) throws {
        let fixture = try Fixture()

        let (end, alert) = try Stranger.says(ClientHello(protocols: body), to: fixture.server())

        #expect(end == .failed(.other))
        #expect(alert == .decodeError)
    }

    @Test(
        "T08: odd server names get the default certificate or an alert, never a crash",
        arguments: [
            (Array("unknown.test".utf8), nil), (Array("192.0.2.1".utf8), nil),
            ([0xFF, 0xFE], nil), (Array("localhost".utf8), nil),
            (Array("localhost\0.evil".utf8), .unrecognizedName), ([0], .unrecognizedName),
            ([UInt8](repeating: 97, count: 256), .unrecognizedName),
            ([UInt8](repeating: 97, count: 60_000), .unrecognizedName), ([], nil),
        ] as [([UInt8], Alert?)])
    func serverName(name: [UInt8], refusal: Alert?) throws {
        let fixture = try Fixture()
        let hello = ClientHello(serverName: ClientHello.nameList(name))

        let (end, alert) = try Stranger.says(hello, to: fixture.server())

        #expect(end == (refusal == nil ? .unfinished : .failed(.other)))
        #expect(alert == refusal)
    }

    @Test(
        "T04: a hello gets the same answer however it is cut",
        arguments: [1, 2, 7, 100, 16_384])
    func cutHello(recordBytes: Int) throws {
        let fixture = try Fixture()
        let hello = ClientHello(protocols: ClientHello.protocolList(["h2c"]), padding: 300)
        var stranger = try Stranger(fixture.server())
        var progress = Handshake.unfinished

        for byte in hello.records(recordBytes: recordBytes) where progress == .unfinished {
            try stranger.sockets.clientSends([byte])
            progress = Handshake(stranger.server.handshake())
        }

        #expect(progress == .failed(.noApplicationProtocol))
    }

    @Test func `T04: a hello of 20 KiB is read`() throws {
        let fixture = try Fixture()

        let (end, alert) = try Stranger.says(ClientHello(padding: 20_000), to: fixture.server())

        #expect(end == .unfinished)
        #expect(alert == nil)
    }

    @Test func `T04: of a hello without end no more than 80 KiB are taken from the socket`() throws
    {
        let fixture = try Fixture()
        var stranger = try Stranger(fixture.server())
        let hello = ClientHello(padding: 60_000).records()
        // The same hello, whose length claims more than OpenSSL has seen when we stop.
        var endless = hello
        endless[6] = 1
        try stranger.sockets.clientSends(endless + hello)
        let sent = endless.count + hello.count

        let progress = Handshake(stranger.server.handshake())

        #expect(progress == .failed(.flood))
        let left = stranger.sockets.serverReceives().count
        #expect(sent - left <= 81_920)
    }

    @Test func `T13: a client that leaves in the middle of the handshake`() throws {
        let fixture = try Fixture()
        var stranger = try Stranger(fixture.server())
        try stranger.sockets.clientSends(Array(ClientHello().records().prefix(40)))
        stranger.sockets.clientFinishes()

        let progress = Handshake(stranger.server.handshake())

        #expect(progress == .failed(.peerClosed))
    }

    @Test func `random bytes are refused or waited for, and never crash`() throws {
        let fixture = try Fixture()
        let server = try fixture.server()
        var random = SeededRandom.forTest()
        let hello = ClientHello(
            protocols: ClientHello.protocolList(["http/1.1"]),
            serverName: ClientHello.nameList(Array("localhost".utf8))
        ).records()

        for _ in 0..<500 {
            var bytes = hello
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: bytes.indices, using: &random)
                bytes[place] = UInt8.random(in: 0...255, using: &random)
            }
            var stranger = try Stranger(server)
            try stranger.sockets.clientSends(bytes)
            _ = stranger.server.handshake()
            stranger.sockets.clientFinishes()
            let end = Handshake(stranger.server.handshake())
            #expect(end != .unfinished && end != .done)
        }
    }
}

/// A server, and someone who writes what they like to it.
struct Stranger: ~Copyable {
    var server: TLSSession
    let sockets: SocketPair

    init(_ context: TLSServerContext) throws {
        let sockets = try SocketPair()
        let server = try TLSSession(accepting: context, on: sockets.server)
        self.sockets = sockets
        self.server = server
    }

    /// What a hello comes to, and the alert that it is answered with, if it is.
    static func says(
        _ hello: ClientHello, to context: TLSServerContext
    ) throws -> (end: Handshake, alert: Alert?) {
        var stranger = try Stranger(context)
        try stranger.sockets.clientSends(hello.records())
        let end = Handshake(stranger.server.handshake())
        return (end, Alert(stranger.sockets.clientReceives()))
    }
}
