import Reactor
import TestSupport
import Testing

extension RealSoftware {
    /// RFC 8441, to a gateway that speaks HTTP/1.1 like any other.
    @Suite("WebSockets over HTTP/2")
    struct WebSocketH2Tests {
        private static let large = 10_485_760

        private func client(
            _ sluice: SluiceProcess, _ order: String, _ path: String
        ) throws -> Reporter {
            try Reporter([
                Fixtures.python(), "-B", Fixtures.path("websocket_h2.py"), "\(sluice.address.port)",
                sluice.folder.path + "/ca.pem", order, path,
            ])
        }

        /// What the gateway saw was an ordinary WebSocket of HTTP/1.1; the log knows better.
        private func expectTunnel(
            _ gateway: WebSocketGateway, _ sluice: SluiceProcess, _ path: String
        ) async throws {
            let opened = try await gateway.reporter.line("opened")
            #expect(opened["upgrade"] == "websocket")
            #expect(opened.isTrue("key"))
            #expect(opened["subprotocol"] == "chat")
            #expect(opened["forwarded_proto"] == "https")
            let line = try await sluice.log("request") { $0["path"] == path }
            #expect(line["protocol"] == "h2")
            // Chromium also opens connections on which it asks for nothing.
            #expect(sluice.lines("error").filter { $0["path"] != nil }.map(\.text) == [])
            try await sluice.expectSoundEnd()
        }

        @Test func `h2 and wsproto: everything comes back, and 10 MB that nobody reads wait`()
            async throws
        {
            let gateway = try await WebSocketGateway()
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let before = sluice.child.residentKiB
            let client = try client(sluice, "talk", "/echo")

            let opened = try await client.line("opened")
            #expect(opened.number("status") == 200)
            #expect(opened["subprotocol"] == "chat")
            #expect(!opened.isTrue("accept"))
            // The gateway has all of it and says it again; the window of the stream is what comes.
            let parked = try await client.line("parked")
            #expect(parked.number("window") == 0)
            #expect((parked.number("bytes") ?? .max) <= 65_535)
            #expect(client.lines("page").count == 2)
            #expect(gateway.messages.last == Self.large)
            #expect(sluice.child.peakResidentKiB < before + 8192)

            client.child.type("\n")
            #expect(try await client.line("closed").number("code") == 4001)
            #expect(try await client.line("ended")["how"] == "end_stream")
            #expect(client.lines("echo").count == 4)
            #expect(client.lines("echo").allSatisfy { $0.isTrue("same") })
            #expect(client.lines("ponged").allSatisfy { $0.isTrue("same") })
            #expect(try await gateway.reporter.line("closed").number("code") == 4001)
            #expect(sluice.child.peakResidentKiB < before + 8192)
            try await expectTunnel(gateway, sluice, "/echo")
        }

        @Test func `a gateway that leaves is heard with its code, and the connection goes on`()
            async throws
        {
            let gateway = try await WebSocketGateway()
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let client = try client(sluice, "leave", "/leave")

            let left = try await client.line("left")
            #expect(left.number("code") == 4002)
            #expect(left["reason"] == "enough")
            #expect(try await client.line("ended")["how"] == "end_stream")
            #expect(client.lines("page").count == 1)
            try await gateway.reporter.line("closed") { $0.number("code") == 4002 }
            try await expectTunnel(gateway, sluice, "/leave")
        }

        @Test func `a gateway that drops the connection ends the stream without a word of its own`()
            async throws
        {
            let gateway = try await WebSocketGateway()
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let client = try client(sluice, "leave", "/abort")

            // TCP ended as it should, so the stream does: what is missing is WebSocket's own closing.
            #expect(try await client.line("ended")["how"] == "end_stream")
            #expect(client.lines("left").isEmpty)
            #expect(client.lines("page").count == 1)
            try await expectTunnel(gateway, sluice, "/abort")
        }

        @Test func `F22: a client that resets the stream drops the gateway's connection`()
            async throws
        {
            let gateway = try await WebSocketGateway()
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let client = try client(sluice, "reset", "/echo")

            try await client.line("ended")
            let closed = try await gateway.reporter.line("closed")
            #expect(closed.number("code") == 1006)
            #expect(client.lines("page").count == 1)
            let line = try await sluice.log("error")
            #expect(line["reason"] == "client_closed")
            #expect(line["path"] == "/echo")
            #expect(sluice.lines("request").allSatisfy { $0["path"] == "/page" })
            try await sluice.expectSoundEnd()
        }

        @Test(arguments: ["first", "last"])
        func `one side ends its direction, and the other goes on for 20 MB`(order: String)
            async throws
        {
            let gateway = try await TunnelGateway(order)
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let authority = sluice.folder.path + "/ca.pem"
            let client = try Reporter(
                TunnelGateway.command("\(sluice.address.port)", order, authority))
            #expect(try await client.line("head")["status"] == "200")

            for (end, words) in [(client, 21_000_000), (gateway.reporter, 20_000_000)] {
                try await end.line("done")
                #expect(end.lines("heard").map { $0.number("bytes") } == [words])
                #expect(end.lines("heard").allSatisfy { $0.isTrue("same") })
            }
            #expect(client.lines("heard").map { $0["end"] } == ["StreamEnded"])
            let line = try await sluice.log("request")
            #expect(line["path"] == "/tunnel")
            #expect(line["protocol"] == "h2")
            #expect(sluice.lines("error").map(\.text) == [])
            try await sluice.expectSoundEnd()
        }

        @Test func `what a client says last reaches the gateway after the stream is over`()
            async throws
        {
            let gateway = try await TunnelGateway("full")
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let authority = sluice.folder.path + "/ca.pem"
            let client = try Reporter(
                TunnelGateway.command("\(sluice.address.port)", "full", authority))
            // All is on its way, the stream's whole window in Sluice, and both sides have ended it.
            let said = try await client.line("said")
            try await client.line("done")
            #expect(gateway.reporter.lines("heard").isEmpty)

            gateway.reporter.child.type("\n")
            let heard = try await gateway.reporter.line("heard")
            #expect(heard.number("bytes") == said.number("bytes"))
            #expect(heard["sha256"] == said["sha256"])
            let line = try await sluice.log("request")
            #expect(line["path"] == "/tunnel")
            #expect(line.number("status") == 101)
            #expect(sluice.lines("error").map(\.text) == [])
            try await sluice.expectSoundEnd()
        }

        @Test func `Chromium's WebSocket comes on the connection of its page`() async throws {
            let gateway = try await WebSocketGateway()
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let browser = try await Browser(.chromium)
            let tab = browser.tab("socket", page: "/page", through: sluice)
            try await tab.open()

            try await tab.tells("closed", times: 1)
            // Each report is a request of its own, and may overtake another.
            try await tab.tells("echo", times: 3)
            try await tab.tells("opened", times: 1)
            #expect(tab.lines("failed").isEmpty)
            #expect(tab.lines("opened").first?["subprotocol"] == "chat")
            let echoes = tab.lines("echo")
            #expect(echoes.count == 3)
            #expect(echoes.allSatisfy { $0.isTrue("same") })
            #expect(tab.lines("closed").first?.number("code") == 4001)
            #expect(tab.lines("closed").first?.isTrue("clean") == true)
            let seen = try await gateway.reporter.line("closed") { $0["path"] == "/echo" }
            #expect(seen.number("code") == 4001)
            #expect(gateway.messages == [15, 3, Self.large])
            let line = try await sluice.log("request") { $0["path"] == "/echo" }
            #expect(line["protocol"] == "h2")
            let page = try #require(sluice.lines("request").first { $0["path"] == "/page" })
            #expect(page["client"] == line["client"])
            try await expectTunnel(gateway, sluice, "/echo")
        }
    }
}
