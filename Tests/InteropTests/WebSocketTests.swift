import Reactor
import TestSupport
import Testing

extension RealSoftware {
    /// The client and the server of Python's websockets library, with Sluice between them.
    @Suite("WebSockets over HTTP/1.1")
    struct WebSocketTests {
        private static let large = 10_485_760

        private func client(
            _ sluice: SluiceProcess, _ path: String, _ order: String, isTLS: Bool = true,
            compression: String = "-"
        ) throws -> Reporter {
            try Reporter([
                Fixtures.python(), "-B", Fixtures.path("websocket_client.py"),
                "\(isTLS ? "wss" : "ws")://localhost:\(sluice.address.port)\(path)",
                isTLS ? sluice.folder.path + "/ca.pem" : "-", order, compression,
            ])
        }

        /// One line for the whole tunnel.
        private func expectTunnel(_ sluice: SluiceProcess, _ path: String) async throws {
            let line = try await sluice.log("request") { $0["path"] == path }
            #expect(line.number("status") == 101)
            #expect(line["protocol"] == "http/1.1")
            #expect(sluice.lines("error").map(\.text) == [])
            try await sluice.expectSoundEnd()
        }

        @Test(arguments: [
            (true, "-", "/echo"), (false, "deflate", "/echo"), (true, "-", "/fragments"),
        ])
        func `everything that is said comes back, 10 MB too`(
            isTLS: Bool, compression: String, path: String
        ) async throws {
            let gateway = try await WebSocketGateway()
            let sluice = try await SluiceProcess(
                gateway: gateway.address, options: SluiceOptions { $0.usesTLS = isTLS })
            let before = sluice.child.residentKiB
            let client = try client(sluice, path, "talk", isTLS: isTLS, compression: compression)

            let opened = try await client.line("opened")
            #expect(opened["subprotocol"] == "chat")
            #expect((opened["extensions"] != nil) == (compression != "-"))
            let closed = try await client.line("closed")
            let echoes = client.lines("echo")
            #expect(echoes.count == 6)
            #expect(echoes.allSatisfy { $0.isTrue("same") })
            #expect(client.lines("ponged").count == 1)
            #expect(closed.number("code") == 4001)
            // The gateway.
            let seen = try await gateway.reporter.line("closed")
            #expect(seen.number("code") == 4001)
            #expect(seen["reason"] == "bye")
            let sizes = gateway.messages
            #expect(sizes.prefix(5) == [15, 256, 0, Self.large, Self.large])
            let there = try await gateway.reporter.line("opened")
            #expect(there["forwarded_proto"] == (isTLS ? "https" : "http"))
            #expect(sluice.child.peakResidentKiB < before + 8192)
            try await expectTunnel(sluice, path)
        }

        @Test func `a gateway that asks and leaves is answered and heard, with its code`()
            async throws
        {
            let gateway = try await WebSocketGateway()
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let asked = try client(sluice, "/ask", "talk")
            try await gateway.reporter.line("ponged")
            #expect(try await asked.line("closed").number("code") == 4001)

            let left = try client(sluice, "/leave", "heed")
            let closed = try await left.line("closed")
            #expect(closed.number("code") == 4002)
            #expect(closed["reason"] == "enough")
            try await gateway.reporter.line("closed") { $0.number("code") == 4002 }
            try await expectTunnel(sluice, "/leave")
        }

        @Test func `either side that drops its connection drops the other`() async throws {
            let gateway = try await WebSocketGateway()
            let sluice = try await SluiceProcess(gateway: gateway.address)
            // 1006: there was no closing handshake.
            let left = try client(sluice, "/abort", "heed")
            #expect(try await left.line("closed").number("code") == 1006)
            try await sluice.log("request") { $0["path"] == "/abort" }

            let leaving = try client(sluice, "/echo", "abort")
            try await leaving.line("closed")
            let seen = try await gateway.reporter.line("closed") { $0["path"] == "/echo" }
            #expect(seen.number("code") == 1006)
            let line = try await sluice.log("error")
            #expect(line["reason"] == "client_closed")
            #expect(line["path"] == "/echo")
            #expect(sluice.lines("request").map { $0["path"] } == ["/abort"])
            try await sluice.expectSoundEnd()
        }

        @Test(arguments: ["first", "last"])
        func `one side ends its direction, and the other goes on for 20 MB`(order: String)
            async throws
        {
            let gateway = try await TunnelGateway(order)
            let sluice = try await SluiceProcess(
                gateway: gateway.address, options: SluiceOptions { $0.usesTLS = false })
            let client = try Reporter(
                TunnelGateway.command("\(sluice.address.port)", order))
            #expect(try await client.line("head")["status"] == "HTTP/1.1 101 Switching Protocols")

            for (end, words) in [(client, 21_000_000), (gateway.reporter, 20_000_000)] {
                try await end.line("done")
                #expect(end.lines("heard").map { $0.number("bytes") } == [words])
                #expect(end.lines("heard").allSatisfy { $0.isTrue("same") })
            }
            try await expectTunnel(sluice, "/tunnel")
        }
    }
}
