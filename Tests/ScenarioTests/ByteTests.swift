import DemoGateway
import TestRandom
import TestSupport
import Testing

extension Scenarios {
    @Suite("Bytes of a stream")
    struct ByteTests {
        @Test(
            "S01: events arrive as the gateway sent them, however they are written and cut",
            arguments: ["\n", "\r", "\r\n", "mixed"])
        func identity(lineEnd: String) async throws {
            var random = SeededRandom.forTest()
            let events = Scale.pick(small: 500, normal: 5000, full: 25_000)
            var sent: [UInt8] = [0xEF, 0xBB, 0xBF]
            for number in 0..<events {
                sent += Self.event(number, lineEnd: lineEnd, random: &random)
            }
            let stage = try await Stage(.silent)
            let direct = stage.gateway.client()
            direct.request("GET", "/events?access_token=\(Tokens.jwt(sub: "direct"))")
            _ = try await direct.head()
            let client = try await stage.sluice.openStream("alice")

            stage.gateway.gateway.send(Self.cut(sent, random: &random), to: nil)
            let total = sent.count
            for client in [direct, client] {
                try await client.until("all bytes") { $0.responses.last?.bodyCount ?? 0 >= total }
            }

            let (far, near) = (try #require(direct.response), try #require(client.response))
            #expect(near.checksum == Checksum(sent))
            #expect(near.checksum == far.checksum)
            #expect(near.eventCount == far.eventCount)
            client.leave(.close)
            direct.leave(.reset)
            try await stage.expectSoundEnd()
            #expect(stage.sluice.lines("stream_closed").first?["events"] == "\(far.eventCount)")
            #expect(stage.sluice.lines("stream_closed").first?["bytes"] == "\(total)")
        }

        /// An event with anything in it, in characters of one to four bytes.
        private static func event(
            _ number: Int, lineEnd: String, random: inout SeededRandom
        ) -> [UInt8] {
            let ends = lineEnd == "mixed" ? ["\n", "\r", "\r\n"] : [lineEnd]
            func end() -> String { ends.randomElement(using: &random) ?? "\n" }
            var text = Int.random(in: 0..<9, using: &random) == 0 ? ": a comment\(end())" : ""
            for _ in 0...Int.random(in: 0...2, using: &random) {
                let words = ["plain", "größer", "日本語", "🌊🌊", "{\"a\":1}", ""]
                text += "data: \(words.randomElement(using: &random) ?? "")\(number)\(end())"
            }
            if Bool.random(using: &random) { text += "event: Generic\(end())" }
            // Two line ends that cannot be read as one.
            return Array((text + (lineEnd == "mixed" ? "\n" : end())).utf8)
        }

        /// Pieces of all sizes, through characters and line ends.
        private static func cut(_ bytes: [UInt8], random: inout SeededRandom) -> [[UInt8]] {
            var pieces: [[UInt8]] = []
            var start = 0
            while start < bytes.count {
                let most = Bool.random(using: &random) ? 20 : 3000
                let end = min(bytes.count, start + Int.random(in: 1...most, using: &random))
                pieces.append(Array(bytes[start..<end]))
                start = end
            }
            return pieces
        }

        @Test func `S02: a line of 10 MB passes in linear time and in little memory`() async throws
        {
            let stage = try await Stage(.silent)
            let client = try await stage.sluice.openStream("alice")
            let (memory, time) = (
                stage.sluice.child.residentKiB, stage.sluice.child.cpuMilliseconds
            )

            let line =
                Array("data: ".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: 10_000_000)
            stage.gateway.gateway.broadcast(line)
            try await client.until("the line") { $0.responses.last?.bodyCount ?? 0 == line.count }

            #expect(client.response?.checksum == Checksum(line))
            #expect(stage.sluice.child.peakResidentKiB - memory < 8192)
            #expect(stage.sluice.child.cpuMilliseconds - time < 10_000)
            try await stage.expectSoundEnd()
        }

        @Test func `S03: what is no text passes unchanged`() async throws {
            let stage = try await Stage(.silent)
            let client = try await stage.sluice.openStream("alice")
            let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            let odd = Array("retry: 99999999999999999999\n\n".utf8) + bytes

            stage.gateway.gateway.broadcast(odd)
            try await client.until("all") { $0.responses.last?.bodyCount ?? 0 == odd.count }

            #expect(client.response?.body == odd)
            try await stage.expectSoundEnd()
        }

        @Test func `the head reaches the client before any byte of the body`() async throws {
            let stage = try await Stage(.silent)

            let client = try await stage.sluice.openStream("alice")

            let response = try #require(client.response)
            #expect(response.bodyCount == 0)
            #expect(response.all("content-type") == ["text/event-stream"])
            #expect(response.all("cache-control") == ["no-cache"])
            try await stage.expectSoundEnd()
        }

        @Test func `a clean end of the gateway is a clean end for the client`() async throws {
            let stage = try await Stage()
            let client = try await stage.sluice.openStream("alice")

            stage.gateway.gateway.closeStreams(ofUser: "alice", resetting: false)

            let response = try await client.whole()
            #expect(response.lastWords == nil)
            let line = try await stage.sluice.log("stream_closed")
            #expect(line["reason"] == "gateway_closed")
            try await stage.expectSoundEnd()
        }
    }
}
