import DemoGateway
import Foundation
import TestRandom
import TestSupport
import Testing

extension Scenarios {
    @Suite("What Sluice writes into a stream beside the last words")
    struct InjectionTests {
        private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

        @Test func `comments keep a silent stream alive, but count as nobody's life`() async throws
        {
            let lines = ["keep_alive: 1s", "idle_timeout: 4s", "idle_clock: bytes"]
            let policy = SluiceOptions.cap(1) + lines.map { "    \($0)\n" }.joined()
            let stage = try await Stage(.silent) { $0.policies = ["default.yaml": policy] }
            let client = try await stage.sluice.openStream("alice")

            let response = try await client.whole()

            let retry = try #require(response.retry)
            let comments = response.comments
            #expect(comments > 0)
            let body = String(repeating: ":\n\n", count: comments) + "retry: \(retry)\n\n"
            #expect(response.text == body)
            let closed = try await stage.sluice.log("stream_closed")
            #expect(closed["reason"] == "idle")
            #expect(try #require(closed.number("duration_ms")) >= 4000)
            // Nothing of this was the gateway's.
            #expect(closed["comments"] == "0")
            #expect(closed["bytes"] == "0")
            try await stage.expectSoundEnd()
        }

        @Test(
            "in the middle of an event nothing is said",
            arguments: ["data: half", "data: half\n", "id: 1\r\ndata: half\r"])
        func middle(begun: String) async throws {
            let stage = try await Stage(.silent) {
                $0.policies = ["default.yaml": SluiceOptions.cap(1, "keep_alive: 1s")]
            }
            let waiting = try await stage.sluice.openStream("alice")
            stage.gateway.gateway.send([Self.bytes(begun)], to: "alice")
            try await waiting.until("the half") { $0.responses.last?.bodyCount == begun.utf8.count }
            let canary = try await stage.sluice.openStream("bob")

            // The same clock, later begun.
            try await canary.until("two comments") { $0.responses.last?.comments == 2 }
            #expect(waiting.response?.text == begun)
            stage.gateway.gateway.send([Self.bytes(" more\n\n")], to: "alice")
            try await waiting.until("a comment behind the event") {
                $0.responses.last?.comments == 1
            }

            #expect(waiting.response?.text == begun + " more\n\n:\n\n")
            try await stage.expectSoundEnd()
        }

        @Test(
            "padding comes first, and a byte order mark behind it is taken away",
            arguments: [
                [[0xEF, 0xBB, 0xBF]], [[0xEF], [0xBB], [0xBF]], [[0xEF, 0xBB], [0xBF]], [],
            ] as [[[UInt8]]])
        func padding(mark: [[UInt8]]) async throws {
            let stage = try await Stage(.silent) { $0.set("streams", "opening_padding: 2048") }
            let client = try await stage.sluice.openStream("alice")
            let event = "data: first\n\n"

            stage.gateway.gateway.send(mark + [Self.bytes(event)], to: "alice")
            let first = try await client.event { _ in true }

            #expect(first.data == "first")
            let padding = ":" + String(repeating: " ", count: 2048) + "\n\n"
            #expect(client.response?.text == padding + event)
            let line = try await stage.sluice.log("inject")
            #expect(line["kind"] == "padding")
            #expect(line["offset"] == "0")
            #expect(line.number("length") == padding.utf8.count)
            try await stage.expectSoundEnd()
        }

        @Test func `S01 S05: without what the log names, a body is the gateway's, byte for byte`()
            async throws
        {
            var random = SeededRandom.forTest()
            let users = (0..<Scale.pick(small: 10, normal: 40, full: 200)).map { "user-\($0)" }
            let stage = try await Stage(.silent) { options in
                options.set("streams", "opening_padding: 100")
                let policy = SluiceOptions.cap(1, "keep_alive: 1s", "eviction_budget: off")
                options.policies = ["default.yaml": policy]
            }
            var played: [Played] = []
            for user in users {
                played.append(Played(user, try await stage.sluice.ask(user), random: &random))
            }
            let canary = try await stage.sluice.openStream("canary")

            // A beginning that may end anywhere, a silence, and the rest.
            for part in played {
                let pieces = Self.cut(part.sent[..<part.pause], random: &random)
                stage.gateway.gateway.send(pieces, to: part.user)
            }
            for part in played {
                try await part.client.until("the first part") {
                    $0.responses.last?.bodyCount ?? 0 >= part.pause
                }
            }
            let before = canary.response?.comments ?? 0
            try await canary.until("two more comments") {
                $0.responses.last?.comments ?? 0 >= before + 2
            }
            for part in played {
                let pieces = Self.cut(part.sent[part.pause...], random: &random)
                stage.gateway.gateway.send(pieces, to: part.user)
            }
            // Evicted while it comes.
            for part in played {
                try await part.client.until("so much") {
                    $0.responses.last?.bodyCount ?? 0 >= part.evictedAfter
                }
                _ = try await stage.sluice.ask(part.user)
            }
            for part in played { _ = try await part.client.whole() }
            canary.leave(.close)
            try await stage.expectSoundEnd()

            for part in played { try expectGatewaysBytes(part, stage.sluice) }
            let kinds = Set(stage.sluice.lines("inject").compactMap { $0["kind"] })
            #expect(kinds.isSuperset(of: ["padding", "keep_alive", "last_words"]), "\(kinds)")
        }

        /// A user's stream, and what the gateway sends on it.
        private struct Played: Sendable {
            let user: String
            let client: TestClient
            let sent: [UInt8]
            /// How many bytes come before the silence.
            let pause: Int
            /// How many bytes the client has when a heir comes.
            let evictedAfter: Int

            init(_ user: String, _ client: TestClient, random: inout SeededRandom) {
                self.user = user
                self.client = client
                sent = InjectionTests.events(random: &random)
                pause = Int.random(in: 0...sent.count / 2, using: &random)
                evictedAfter = Int.random(in: pause...sent.count, using: &random)
            }
        }

        /// Goes through the client's body as a reader of the log would.
        private func expectGatewaysBytes(_ part: Played, _ sluice: SluiceProcess) throws {
            let response = try #require(part.client.response)
            // The first of the user's two streams.
            let opened = try #require(
                sluice.lines("stream_opened").first { $0["user"] == part.user })
            let stream = try #require(opened["stream"])
            let closed = try #require(
                sluice.lines("stream_closed").first { $0["stream"] == stream })
            var rest = response.body[...]
            var gateways: [UInt8] = []
            for line in sluice.lines("inject") where line["stream"] == stream {
                let offset = try #require(line.number("offset"))
                let length = try #require(line.number("length"))
                let own = offset - gateways.count
                try #require(own >= 0 && own + length <= rest.count, "\(line)")
                gateways += rest.prefix(own)
                rest = rest.dropFirst(own + length)
            }
            gateways += rest
            #expect(gateways.count == closed.number("bytes"))
            #expect(gateways == Array(part.sent.prefix(gateways.count)), "\(part.user)")
            // The gateway's events arrive whole, and as many as the log says.
            let own = response.events.filter { $0.name.hasPrefix("sluice-") }.count
            #expect(closed.number("events") == response.eventCount - own)
        }

        private static func events(random: inout SeededRandom) -> [UInt8] {
            var text = ""
            for number in 0..<Int.random(in: 20...200, using: &random) {
                let end = ["\n", "\r", "\r\n"].randomElement(using: &random) ?? "\n"
                switch Int.random(in: 0..<8, using: &random) {
                case 0: text += ": a comment" + end
                case 1: text += "id: \(number)" + end
                case 2: text += "event: Generic" + end
                case _: text += ""
                }
                let words = [
                    "plain", "größer", "日本語", "🌊🌊", "", String(repeating: "x", count: 500),
                ]
                for _ in 0...Int.random(in: 0...2, using: &random) {
                    text += "data: \(words.randomElement(using: &random) ?? "")\(number)" + end
                }
                // Behind a CR alone this is a line end of its own only if it is another CR.
                text += end
            }
            return Array(text.utf8)
        }

        /// Pieces of all sizes, through characters and line ends.
        private static func cut(
            _ bytes: ArraySlice<UInt8>, random: inout SeededRandom
        ) -> [[UInt8]] {
            var pieces: [[UInt8]] = []
            var rest = bytes
            while !rest.isEmpty {
                let most = Bool.random(using: &random) ? 20 : 3000
                let piece = rest.prefix(Int.random(in: 1...most, using: &random))
                pieces.append(Array(piece))
                rest = rest.dropFirst(piece.count)
            }
            return pieces
        }
    }
}
