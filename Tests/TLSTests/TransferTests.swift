import Glibc
import TestRandom
import Testing

@testable import TLS

@Suite("Bytes on their way")
struct TransferTests {
    @Test("T13: the end of the data and the end of the connection are told apart")
    func ends() throws {
        let fixture = try Fixture()
        let (server, client) = (try fixture.server(), try fixture.client())
        var polite = try Peers(server, client)
        try polite.connect()
        var rude = try Peers(server, client)
        try rude.connect()

        try polite.client.writeText("last")
        let closing = polite.client.sendCloseNotify()
        polite.sockets.clientFinishes()
        try rude.client.writeText("last")
        rude.sockets.clientFinishes()

        guard case .sent = closing else {
            Issue.record("close_notify was not sent: \(closing)")
            return
        }
        let politely = [polite.server.readBytes(), polite.server.readBytes()]
        #expect(politely == [bytes("last"), .closedByPeer])
        let rudely = [rude.server.readBytes(), rude.server.readBytes(), rude.server.readBytes()]
        #expect(rudely == [bytes("last"), .truncated, .failed(.peerClosed)])
    }

    @Test func `after the peer's close_notify we may still write, and close in turn`() throws {
        let fixture = try Fixture()
        var peers = try Peers(fixture.server(), fixture.client())
        try peers.connect()
        _ = peers.client.sendCloseNotify()
        let end = peers.server.readBytes()
        #expect(end == .closedByPeer)

        try peers.server.writeText("goodbye")
        _ = peers.server.sendCloseNotify()

        let heard = [peers.client.readBytes(), peers.client.readBytes()]
        #expect(heard == [bytes("goodbye"), .closedByPeer])
    }

    @Test func `a close_notify before the handshake is done is impossible`() throws {
        let fixture = try Fixture()
        var peers = try Peers(fixture.server(), fixture.client())

        let closing = peers.server.sendCloseNotify()

        guard case .impossible = closing else {
            Issue.record("it was \(closing)")
            return
        }
    }

    @Test(
        "T19: bytes survive a full socket, moved buffers and odd sizes",
        arguments: TLSVersion.allCases)
    func backpressure(version: TLSVersion) throws {
        let fixture = try Fixture()
        var peers = try Peers(
            fixture.server(), fixture.client(maxVersion: version), bufferBytes: 4096)
        try peers.connect()
        var random = SeededRandom.forTest()
        let sent = (0..<2_000_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        var received: [UInt8] = []
        var (taken, offeredEnd, stalls) = (0, 0, 0)

        while received.count < sent.count {
            if taken < sent.count {
                let end = min(sent.count, taken + Int.random(in: 1...50_000, using: &random))
                offeredEnd = max(end, offeredEnd)
                let moved = Array(sent[taken..<offeredEnd])  // Elsewhere in memory each time.
                switch peers.server.write(moved.span) {
                case .bytes(let count):
                    taken += count
                    offeredEnd = taken
                case .wouldBlock: stalls += 1
                case .failed(let failure):
                    Issue.record("\(failure.reason): \(failure.detail)")
                    return
                }
            }
            let capacity = Int.random(in: 1...40_000, using: &random)
            switch peers.client.readBytes(upTo: capacity) {
            case .bytes(let part): received += part
            case .wouldBlock: continue
            case let end:
                Issue.record("the client saw \(end)")
                return
            }
        }

        #expect(received == sent)
        #expect(stalls > 10)
    }

    @Test func `a full socket delays the close_notify until the write is done`() throws {
        let fixture = try Fixture()
        var peers = try Peers(fixture.server(), fixture.client(), bufferBytes: 4096)
        try peers.connect()
        let bytes = [UInt8](repeating: 1, count: 16_384)
        var taken = 0
        while case .bytes(let count) = peers.server.write(bytes.span) { taken += count }

        let early = peers.server.sendCloseNotify()
        var heard = 0
        var isRepeated = false
        var end = Reading.wouldBlock
        for _ in 0..<1000 where end != .closedByPeer {
            end = peers.client.readBytes()
            if case .bytes(let part) = end { heard += part.count }
            if !isRepeated, case .bytes(let count) = peers.server.write(bytes.span) {
                taken += count
                isRepeated = true
            }
            if isRepeated { _ = peers.server.sendCloseNotify() }
        }

        guard case .wouldBlock = early else {
            Issue.record("the early close_notify was \(early)")
            return
        }
        #expect(end == .closedByPeer)
        #expect(heard == taken)
    }

    @Test func `a repeated write that lacks bytes stops the program`() async {
        await #expect(processExitsWith: .failure) {
            let fixture = try Fixture()
            var peers = try Peers(fixture.server(), fixture.client(), bufferBytes: 4096)
            try peers.connect()
            let bytes = [UInt8](repeating: 1, count: 16_384)
            while case .bytes = peers.server.write(bytes.span) {}
            _ = peers.server.write(bytes.span.extracting(first: 10))
        }
    }

    @Test func `several records read from the socket at once are told by hasPending`() throws {
        let fixture = try Fixture()
        var peers = try Peers(fixture.server(), fixture.client())
        try peers.connect()
        for text in ["one", "two", "three"] { try peers.client.writeText(text) }

        let before = peers.server.hasPending
        let first = peers.server.readBytes()
        let (between, left) = (peers.server.hasPending, peers.sockets.serverReceives())
        let rest = [peers.server.readBytes(), peers.server.readBytes(), peers.server.readBytes()]
        let after = peers.server.hasPending

        #expect(first == bytes("one"))
        #expect((before, between, after) == (false, true, false))
        #expect(left.isEmpty)  // The kernel would announce nothing.
        #expect(rest == [bytes("two"), bytes("three"), .wouldBlock])
    }

    @Test func `a record larger than the buffer is handed out in parts`() throws {
        let fixture = try Fixture()
        var peers = try Peers(fixture.server(), fixture.client())
        try peers.connect()
        try peers.client.writeText("abcdef")

        var parts: [Reading] = []
        for capacity in [1, 0, 2, 9] { parts.append(peers.server.readBytes(upTo: capacity)) }

        #expect(parts == [bytes("a"), bytes(""), bytes("bc"), bytes("def")])
    }

    @Test("T14: a forged record ends that session, with an alert", arguments: TLSVersion.allCases)
    func forgedRecord(version: TLSVersion) throws {
        let fixture = try Fixture()
        var peers = try Peers(fixture.server(), fixture.client(maxVersion: version))
        try peers.connect()
        _ = peers.client.readBytes()  // The ticket of TLS 1.3, so that the alert comes next.
        try peers.client.writeText("genuine")
        var record = peers.sockets.serverReceives()
        record[record.count - 1] ^= 1
        try peers.sockets.clientSends(record)

        let reading = peers.server.readBytes()
        let notice = peers.client.readBytes()

        #expect(reading == .failed(.badRecord))
        #expect(notice == .failed(.peerAlert))
        let bytes = Array("x".utf8)
        guard case .failed = peers.server.write(bytes.span) else {
            Issue.record("a session went on after a failure")
            return
        }
    }

    @Test func `T19: one session's failure is not another's`() throws {
        let fixture = try Fixture()
        let (server, client) = (try fixture.server(), try fixture.client())
        var healthy = try Peers(server, client)
        try healthy.connect()

        for _ in 0..<100 {
            var broken = try Peers(server, client)
            try broken.connect()
            try broken.sockets.clientSends([23, 3, 3, 0, 20] + [UInt8](repeating: 9, count: 20))
            let reading = broken.server.readBytes()
            #expect(reading == .failed(.badRecord))
            var stranger = try Stranger(server)
            try stranger.sockets.clientSends(Array("GET / HTTP/1.1\r\n\r\n".utf8))
            let handshake = Handshake(stranger.server.handshake())
            #expect(handshake == .failed(.notTLS))

            let idle = healthy.server.readBytes()
            #expect(idle == .wouldBlock)
            try healthy.client.writeText("fine")
            let heard = healthy.server.readBytes()
            #expect(heard == bytes("fine"))
        }
    }

    @Test func `what an error queue still holds from elsewhere is not this session's`() throws {
        let fixture = try Fixture()
        var peers = try Peers(fixture.server(), fixture.client())
        try peers.connect()
        // Leaves an entry behind, as a careless neighbour on the thread would.
        leaveErrorBehind()

        let reading = peers.server.readBytes()

        #expect(reading == .wouldBlock)
    }

    @Test func `a connection that was reset`() throws {
        let fixture = try Fixture()
        var peers = try Peers(fixture.server(), fixture.client())
        try peers.connect()
        // Unread bytes at the close make it a reset.
        try peers.server.writeText("unread")
        shutdown(peers.sockets.client, CInt(SHUT_RDWR))

        let bytes = Array("more".utf8)
        let progress = peers.server.write(bytes.span)

        guard case .failed(let failure) = progress else {
            Issue.record("it was \(progress)")
            return
        }
        #expect(failure.kind == .peerClosed)
        #expect(failure.detail == "Broken pipe")
    }
}
