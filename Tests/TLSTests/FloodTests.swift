import COpenSSL
import Testing

@testable import TLS

@Suite("Records that carry no data")
struct FloodTests {
    @Test func `T09: a client that renegotiates is told no, and gets no handshake`() throws {
        let fixture = try Fixture()
        var client = try RawClient(fixture.server(), version: TLS1_2_VERSION)
        try client.connect()

        let before = client.renegotiate()
        let reading = client.server.readBytes()
        let after = client.renegotiate()

        #expect(before == nil)  // The hello is out, and no answer is there yet.
        #expect(reading == .wouldBlock)
        #expect(after == SSL_R_NO_RENEGOTIATION)
    }

    @Test func `T10: a key update or two change nothing`() throws {
        let fixture = try Fixture()
        var client = try RawClient(fixture.server(), version: TLS1_3_VERSION)
        try client.connect()

        for requesting in [false, true, true] {
            let isSent = client.updateKey(requesting: requesting) && client.send("on")
            #expect(isSent)
            let heard = client.server.readBytes()
            #expect(heard == bytes("on"))
            try client.server.writeText("and on")
            let answer = client.receive()
            #expect(answer == "and on")
        }
    }

    @Test func `T10: key updates without end are cut off inside one call`() throws {
        let fixture = try Fixture()
        var client = try RawClient(fixture.server(), version: TLS1_3_VERSION)
        try client.connect()
        var flood: [UInt8] = []
        while flood.count < 150_000 {
            let isSent = client.updateKey(requesting: false)
            try #require(isSent)
            flood += client.sockets.serverReceives()
        }
        try client.sockets.clientSends(flood)

        let reading = client.server.readBytes()

        #expect(reading == .failed(.flood))
        let left = client.sockets.serverReceives().count
        #expect(flood.count - left <= 40_960)
    }

    @Test func `T19: a key update that cannot be answered yet spoils neither direction`() throws {
        let fixture = try Fixture()
        var client = try RawClient(fixture.server(), version: TLS1_3_VERSION)
        try client.connect()
        let record = [UInt8](repeating: UInt8(ascii: "s"), count: 16_384)
        var taken = 0
        while case .bytes(let count) = client.server.write(record.span) { taken += count }

        let isSent = client.updateKey(requesting: true) && client.send("up")
        try #require(isSent)
        let heard = client.server.readBytes()
        var received = 0
        var isRepeated = false
        for _ in 0..<1000 where !isRepeated || received < taken {
            while let text = client.receive() { received += text.utf8.count }
            if !isRepeated, case .bytes(let count) = client.server.write(record.span) {
                taken += count
                isRepeated = true
            }
        }

        #expect(heard == bytes("up"))
        #expect(isRepeated)
        #expect(received == taken)
    }

    @Test func `T10: key updates between data are no flood`() throws {
        let fixture = try Fixture()
        var client = try RawClient(fixture.server(), version: TLS1_3_VERSION)
        try client.connect()

        for _ in 0..<5000 {
            let isSent = client.updateKey(requesting: false) && client.send("x")
            #expect(isSent)
            let heard = client.server.readBytes()
            #expect(heard == bytes("x"))
        }
    }
}
