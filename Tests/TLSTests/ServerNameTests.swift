import Testing

@testable import TLS

@Suite("Which certificate a client gets (RFC 6066, section 3)")
struct ServerNameTests {
    @Test(
        "T08: an exact name, then a wildcard of one label, then the default",
        arguments: [
            ("a.example.com", 0), ("A.EXAMPLE.COM", 0), ("b.example.com", 1), ("b.test", 2),
            ("x.b.example.com", nil), ("example.com", nil), ("c.b.test", nil), ("test", nil),
        ] as [(String, Int?)])
    func table(name: String, index: Int?) throws {
        var names = ServerNames()
        for (index, text) in ["a.example.com", "*.example.com", "*.test"].enumerated() {
            let name = try #require(HostName(text.utf8, allowsWildcard: true))
            let isNew = names.add(name, index: index)
            #expect(isNew)
        }

        let asked = try #require(HostName(name.utf8, allowsWildcard: false))

        #expect(names.index(for: asked) == index)
    }

    @Test(
        "T18: a name with a byte that no host name has is none",
        arguments: [
            "", "a b", "a\0b", "evil.com\0.example.com", "*", "*.", "a.*.com", "a*.com", "a\u{7F}",
            "müller.de", String(repeating: "a", count: 254),
        ])
    func names(text: String) {
        let name = HostName(text.utf8, allowsWildcard: false)

        #expect(name == nil)
    }

    @Test(
        "The handshake shows the certificate for the name",
        arguments: [
            ("first.test", "first.test"), ("second.test", "second.test"),
            ("deep.wild.test", "deep.wild.test"),
        ])
    func handshake(asked: String, verified: String) throws {
        for version in TLSVersion.allCases {
            let fixture = try Fixture()
            var peers = try Peers(
                try Self.server(fixture), fixture.client(maxVersion: version), serverName: asked)

            // The client verifies the name, so that it is done says which certificate it saw.
            try peers.connect()

            let heard = peers.server.serverName
            #expect(heard == asked)
        }
    }

    @Test func `an unknown name and no name get the first certificate`() throws {
        let fixture = try Fixture()
        let server = try Self.server(fixture)
        // No `serverName` is sent or verified; `RawClient` shows the certificate itself.
        for asked in [nil, "unknown.test", "a.deep.wild.test"] {
            var client = try RawClient(server, serverName: asked)

            try client.connect()

            #expect(client.peerCertificateNames == ["first.test"])
        }
    }

    @Test func `a second certificate that nobody would get is refused`() throws {
        let fixture = try Fixture()
        let first = try fixture.issue("first", names: ["a.test", "b.test"])
        let second = try fixture.issue("second", names: ["A.test"])

        let error = #expect(throws: TLSSetupError.self) {
            try TLSServerContext(
                TLSServerSettings(
                    certificates: [first, second], minVersion: .tls12, applicationProtocols: []))
        }

        #expect(error?.message.hasPrefix("no client would ever get") == true)
        #expect(error?.message.contains(second.chain) == true)
    }

    private static func server(_ fixture: borrowing Fixture) throws -> TLSServerContext {
        try TLSServerContext(
            TLSServerSettings(
                certificates: [
                    try fixture.issue("first", names: ["first.test"]),
                    try fixture.issue("second", names: ["second.test", "first.test"]),
                    try fixture.issue("wild", names: ["*.wild.test"]),
                ],
                minVersion: .tls12, applicationProtocols: ["http/1.1"]))
    }

    @Test(
        "T08: a request belongs elsewhere only where another certificate stands for its host",
        arguments: [
            ("a.test", "a.test", false), ("a.test", "b.test", true), ("a.test", "x.b.test", true),
            ("b.test", "a.test", true), ("b.test", "B.TEST", false), ("x.b.test", "b.test", false),
            ("unknown.test", "a.test", false), ("unknown.test", "b.test", true),
            ("a.test", "nobody.test", false), ("a.test", "127.0.0.1", false),
            ("a.test", "[::1]", false),
            ("a.test", "both.test", false), ("b.test", "both.test", false), ("b.test", "", false),
            (nil, "b.test", nil),
        ] as [(String?, String, Bool?)])
    func scope(serverName: String?, host: String, isMisdirected: Bool?) throws {
        let fixture = try Fixture()
        let context = try TLSServerContext(
            TLSServerSettings(
                certificates: [
                    try fixture.issue("a", names: ["a.test", "both.test"]),
                    try fixture.issue("b", names: ["b.test", "*.b.test", "both.test"]),
                ], minVersion: .tls12, applicationProtocols: []))

        #expect(context.scope(for: serverName)?.isMisdirected(host) == isMisdirected)
        #expect(try fixture.server().scope(for: serverName) == nil)
    }
}
