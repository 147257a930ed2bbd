import Foundation
import TestSupport
import Testing

extension RealSoftware {
    @Suite("sse-starlette on uvicorn, with curl")
    struct UvicornTests {
        private let token = "access_token=\(Tokens.jwt(sub: "alice"))"

        @Test func `a stream arrives byte for byte, and ends when the gateway ends it`()
            async throws
        {
            let gateway = try await UvicornGateway()
            let sluice = try await SluiceProcess(gateway: gateway.address)

            let direct = try await Curl(direct: gateway.address, "/story").answer()
            let relayed = try await Curl(sluice, "/story").answer()

            #expect(relayed.status == 200)
            #expect(relayed.text == direct.text)
            #expect(gateway.reporter.lines("told").count == 2)
            let line = try await sluice.log("stream_closed")
            #expect(line["reason"] == "gateway_closed")
            #expect(line.number("bytes") == direct.text.utf8.count)
            #expect(line.number("events") == 2005)
            #expect(line.number("comments") == 1)
            try await sluice.expectSoundEnd()
        }

        @Test func `the older stream of a user is closed on both sides, with last words`()
            async throws
        {
            let gateway = try await UvicornGateway()
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let older = try Curl(sluice, "/events?\(token)")
            try await older.hears("data: 1 3")

            let newer = try Curl(sluice, "/events?\(token)")
            try await newer.hears("data: 2 3")

            // The client: whole events, the last words, and a clean end.
            let text = try await older.answer().text
            let (events, words) = try #require(split(text, before: "retry: "))
            #expect(words.contains("\nevent: sluice-evicted\nid: ~s1."))
            #expect(words.contains("\ndata: {\"reason\":\"superseded\""))
            #expect(words.hasSuffix("}\n\n"))
            let ticks = events.components(separatedBy: "\r\n\r\n").filter { $0.hasPrefix("id") }
            for (number, tick) in ticks.enumerated() {
                #expect(tick == "id: \(number + 1)\r\nevent: tick\r\ndata: 1 \(number + 1)")
            }
            #expect(events.hasSuffix("\r\n\r\n"))
            // The gateway: at no time more than the two that overlap while one makes room.
            let (opened, closed) = (try await gateway.opened(2), try await gateway.closed(1))
            #expect(closed.number("live") == 1)
            #expect(opened["user"] == "alice")
            #expect(milliseconds(from: opened, to: closed) < 1000)
            // The log.
            let eviction = try await sluice.log("evict")
            #expect(eviction["user"] == "alice")
            #expect(eviction["reason"] == "evicted_user_cap")
            let line = try await sluice.log("stream_closed")
            #expect(line["stream"] == eviction["stream"])
            #expect(line.number("bytes") == events.utf8.count)
            #expect(line.number("events") == ticks.count)

            #expect(newer.isRunning)
            #expect(sluice.count("stream_closed") == 1)
            try await sluice.expectSoundEnd()
        }

        @Test func `a client that goes is noticed by the gateway within a second`() async throws {
            let gateway = try await UvicornGateway()
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let client = try Curl(sluice, "/events?\(token)")
            try await client.hears("data: 1 1")

            client.leave()

            let closed = try await gateway.closed(1)
            #expect(closed.number("live") == 0)
            #expect(try await sluice.log("stream_closed")["reason"] == "client_closed")
            try await sluice.expectSoundEnd()
        }

        @Test func `a forged token is answered by the gateway and evicts nobody`() async throws {
            let gateway = try await UvicornGateway()
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let victim = try Curl(sluice, "/events?\(token)")
            try await victim.hears("data: 1 1")

            let forged = Tokens.forged(sub: "alice")
            let answer = try await Curl(sluice, "/events?access_token=\(forged)").answer()

            #expect(answer.status == 401)
            #expect(answer.text == "bad token")
            #expect(victim.isRunning)
            #expect(gateway.reporter.lines("closed").isEmpty)
            #expect(sluice.count("evict") == 0)
            try await sluice.expectSoundEnd()
        }

        @Test func `a stop says when to come back, and nothing is cut`() async throws {
            let gateway = try await UvicornGateway()
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let client = try Curl(sluice, "/events?\(token)")
            try await client.hears("data: 1 3")

            try await sluice.expectSoundEnd()

            let text = try await client.answer().text
            let (events, words) = try #require(split(text, before: "retry: "))
            #expect(events.hasSuffix("\r\n\r\n"))
            #expect(words.utf8.filter { $0 == UInt8(ascii: "\n") }.count == 2)
            try await gateway.closed(1)
            #expect(sluice.lines("stream_closed").first?["reason"] == "drain")
        }

        @Test(arguments: [
            ["--http1.0"], ["--http1.0", "--no-alpn"], ["--tls-max", "1.2"], ["--http2"],
        ])
        func `however curl speaks, it gets the same events`(options: [String]) async throws {
            let gateway = try await UvicornGateway()
            let sluice = try await SluiceProcess(gateway: gateway.address)

            let direct = try await Curl(direct: gateway.address, "/story").answer()
            let relayed = try await Curl(sluice, "/story", with: options).answer()

            #expect(relayed.text == direct.text)
            #expect(gateway.reporter.lines("told").count == 2)
            #expect(try await sluice.log("stream_closed")["reason"] == "gateway_closed")
            try await sluice.expectSoundEnd()
        }

        private func split(_ text: String, before mark: String) -> (String, String)? {
            text.range(of: mark).map {
                (String(text[..<$0.lowerBound]), String(text[$0.lowerBound...]))
            }
        }

        private func milliseconds(from first: LogLine, to second: LogLine) -> Int {
            (second.number("ms") ?? .max / 2) - (first.number("ms") ?? 0)
        }
    }
}
