import COpenSSL
import Testing

@testable import TLS

@Suite("What is kept for later sessions, and what is left of earlier ones")
struct EarlyDataTests {
    @Test func `T11: early data is not offered, and skipped when it comes all the same`() throws {
        let fixture = try Fixture()
        let context = try fixture.server()
        var first = try RawClient(context, version: TLS1_3_VERSION)
        try first.connect()
        try first.server.writeText("with a ticket")
        let greeting = first.receive()
        #expect(greeting == "with a ticket")
        let resumption = first.resumption
        let ticket = try #require(resumption)
        defer { SSL_SESSION_free(ticket) }
        #expect(SSL_SESSION_get_max_early_data(ticket) == 0)

        var second = try RawClient(context, version: TLS1_3_VERSION)
        try second.resume(ticket)
        let isSent = second.sendEarly("GET /replayed HTTP/1.1\r\n\r\n")
        #expect(isSent)
        try second.connect()

        let status = second.earlyDataStatus
        #expect(status == SSL_EARLY_DATA_REJECTED)
        let nothing = second.server.readBytes()
        #expect(nothing == .wouldBlock)
        let isInTime = second.send("in time")
        #expect(isInTime)
        let heard = second.server.readBytes()
        #expect(heard == bytes("in time"))
    }

    @Test(
        "T12: of a thousand sessions nothing is kept", arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func cache(version: CInt) throws {
        let fixture = try Fixture()
        let context = try fixture.server()

        for _ in 0..<1000 {
            var client = try RawClient(context, version: version)
            try client.connect()
            try client.server.writeText("with a ticket")
            let greeting = client.receive()
            #expect(greeting == "with a ticket")
        }

        #expect(SSL_CTX_ctrl(context.initial.pointer, SSL_CTRL_SESS_NUMBER, 0, nil) == 0)
    }

    @Test(
        "K11: what follows close_notify is not read", arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func afterTheEnd(version: CInt) throws {
        let fixture = try Fixture()
        var client = try RawClient(fixture.server(), version: version)
        try client.connect()
        let isSent = client.send("the last")
        #expect(isSent)
        client.sayGoodbye()
        try client.sockets.clientSends(Array("GET / HTTP/1.1\r\n\r\n".utf8))

        let heard = client.server.readBytes()
        #expect(heard == bytes("the last"))
        for _ in 0..<3 {
            let end = client.server.readBytes()
            #expect(end == .closedByPeer)
            // Nor is a handshake.
            _ = client.renegotiate()
        }
    }
}
