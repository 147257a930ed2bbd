import TestSupport
import Testing

extension Scenarios {
    @Suite("More than was asked for")
    struct SurplusTests {
        @Test func `U07: a body behind the answer to a HEAD is nobody's`() async throws {
            let gateway = try RawGateway { peer in
                while let head = peer.readHead() {
                    let body = head.hasPrefix("HEAD ") ? "evils" : "right"
                    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n" + body)
                }
            }
            let sluice = try await SluiceProcess(
                gateway: gateway.address, options: SluiceOptions { $0.workers = 1 })
            let first = sluice.client()
            first.request("HEAD", "/hello")
            let answer = try await first.whole()
            #expect(answer.status == 200)
            #expect(answer.bodyCount == 0)

            let second = sluice.client()
            second.request("GET", "/hello")
            #expect(try await second.whole().text == "right")
            first.request("GET", "/hello")
            #expect(try await first.whole(1).text == "right")

            // The one that said too much carried nothing more.
            #expect(gateway.heads.map { String($0.prefix(4)) } == ["HEAD", "GET ", "GET "])
            #expect(gateway.peers.count == 2)
            try await sluice.log("request", count: 3)
            #expect(sluice.lines("request").allSatisfy { $0["status"] == "200" })
            #expect(try await sluice.stop() == .code(0))
        }

        @Test func `H17: a thousand pipelined requests are answered in order, one at a time`()
            async throws
        {
            let stage = try await Stage { $0.workers = 1 }
            let client = stage.sluice.client()
            let canary = stage.sluice.client()

            for number in 0..<1000 { client.request("GET", "/hello?\(number)") }
            canary.request("GET", "/chunked")

            // Somebody else is served meanwhile.
            #expect(try await canary.whole().status == 200)
            _ = try await client.whole(999)
            #expect(client.now.responses.count == 1000)
            #expect(client.now.responses.allSatisfy { $0.status == 200 && $0.isComplete })
            let targets = stage.gateway.gateway.requests.map(\.target)
            #expect(
                targets.filter { $0.hasPrefix("/hello") } == (0..<1000).map { "/hello?\($0)" })
            // Two at once would need two connections; the canary may have had one.
            #expect(stage.gateway.gateway.connectCount <= 2)
            try await stage.sluice.log("request", count: 1001)
            try await stage.expectSoundEnd()
        }
    }
}
