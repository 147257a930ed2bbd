import Testing

@testable import TLS

@Suite("Tickets")
struct TicketTests {
    @Test("A client resumes, in both versions", arguments: TLSVersion.allCases)
    func resumption(version: TLSVersion) throws {
        let fixture = try Fixture()
        let server = try fixture.server()
        let client = try fixture.client(maxVersion: version)
        let ticket = try Self.ticket(server, client)

        var again = try Peers(server, client, resuming: ticket)
        try again.connect()

        let ends = (again.server.isResumed, again.client.isResumed)
        #expect(ends == (true, true))
    }

    @Test("A ticket survives a reload with other certificates", arguments: TLSVersion.allCases)
    func reload(version: TLSVersion) throws {
        let fixture = try Fixture()
        let before = try fixture.server()
        let client = try fixture.client(maxVersion: version)
        let ticket = try Self.ticket(before, client)
        let other = try fixture.issue("renewed", names: ["localhost"])
        let after = try TLSServerContext(
            TLSServerSettings(
                certificates: [other], minVersion: .tls12, applicationProtocols: ["http/1.1"]),
            ticketKeys: before.ticketKeys)

        var again = try Peers(after, client, resuming: ticket)
        try again.connect()

        let isResumed = again.server.isResumed
        #expect(isResumed)
    }

    @Test("A ticket is good with every certificate of the listener", arguments: TLSVersion.allCases)
    func otherName(version: TLSVersion) throws {
        let fixture = try Fixture()
        let server = try TLSServerContext(
            TLSServerSettings(
                certificates: [
                    try fixture.issue("a", names: ["a.test", "localhost"]),
                    try fixture.issue("b", names: ["b.test"]),
                ],
                minVersion: .tls12, applicationProtocols: []))
        let client = try fixture.client(maxVersion: version)
        let ticket = try Self.ticket(server, client, serverName: "b.test")

        var again = try Peers(server, client, serverName: "b.test", resuming: ticket)
        try again.connect()

        let isResumed = again.server.isResumed
        #expect(isResumed)
    }

    @Test(
        "A ticket opens after one rotation, and not after two",
        arguments: TLSVersion.allCases, [(0, true), (1, true), (2, false)])
    func rotation(version: TLSVersion, expected: (rotations: Int, isResumed: Bool)) throws {
        let fixture = try Fixture()
        let server = try fixture.server()
        let client = try fixture.client(maxVersion: version)
        let ticket = try Self.ticket(server, client)

        for _ in 0..<expected.rotations { try server.rotateTicketKeys() }
        var again = try Peers(server, client, resuming: ticket)
        try again.connect()

        let isResumed = again.server.isResumed
        #expect(isResumed == expected.isResumed)
    }

    @Test func `a server with keys of its own makes a full handshake`() throws {
        let fixture = try Fixture()
        let client = try fixture.client()
        let ticket = try Self.ticket(fixture.server(), client)

        var again = try Peers(fixture.server(), client, resuming: ticket)
        try again.connect()

        let isResumed = again.server.isResumed
        #expect(!isResumed)
    }

    /// Who resumed would not be asked again for a certificate.
    @Test(
        "A server that asks clients for certificates takes no ticket and gives none",
        arguments: TLSVersion.allCases)
    func verifying(version: TLSVersion) throws {
        let fixture = try Fixture()
        let open = try fixture.server()
        let verifying = try TLSServerContext(
            TLSServerSettings(
                certificates: [try fixture.issue("b", names: ["localhost"])], minVersion: .tls12,
                applicationProtocols: ["http/1.1"],
                clientVerification: .init(authorities: fixture.authorityPath, isRequired: false)),
            ticketKeys: open.ticketKeys)
        let client = try fixture.client(maxVersion: version)
        let ticket = try Self.ticket(open, client)

        var peers = try Peers(verifying, client, resuming: ticket)
        try peers.connect()

        let isResumed = peers.server.isResumed
        #expect(!isResumed)
        let reading = peers.client.readBytes()
        try #require(reading == .wouldBlock)
        let isOffered = peers.client.resumption != nil
        #expect(!isOffered)
    }

    /// Connects once, and keeps what the server hands out for the next time.
    private static func ticket(
        _ server: TLSServerContext, _ client: TLSClientContext, serverName: String = "localhost"
    ) throws -> TLSResumption {
        var peers = try Peers(server, client, serverName: serverName)
        try peers.connect()
        let reading = peers.client.readBytes()  // In TLS 1.3 the ticket comes after the handshake.
        try #require(reading == .wouldBlock)
        let resumption = peers.client.resumption
        return try #require(resumption)
    }
}
