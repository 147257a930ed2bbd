import DemoGateway
import TestSupport
import Testing

extension Scenarios {
    @Suite("Event streams on one connection of HTTP/2")
    struct H2StreamTests {
        private let count = Scale.pick(small: 20, normal: 100, full: 100)

        /// Publishes to a user, and waits until the exchange has it.
        private func expectHears(
            _ exchange: H2Exchange, of user: String, _ words: String, through stage: Stage
        ) async throws {
            stage.gateway.gateway.publish(to: user, event: "Generic", data: words)
            _ = try await exchange.event { $0.data == words }
        }

        @Test func `of many streams half are evicted, and the others never miss an event`()
            async throws
        {
            let half = count / 2
            let stage = try await Stage {
                $0.policies = [
                    "default.yaml": SluiceOptions.cap(half, "eviction_budget: off")
                ]
            }
            let client = try await stage.sluice.h2()
            #expect(client.now.negotiatedProtocol == "h2")
            var streams: [H2Exchange] = []
            // One after the other, so that it is known which are the older ones.
            for number in 0..<count {
                streams.append(try await client.openStream("alice"))
                stage.gateway.gateway.publish(
                    to: "alice", event: "Generic", data: "event \(number)")
            }

            let (older, newer) = (streams.prefix(half), streams.suffix(half))
            for stream in older {
                let response = try await stream.whole()
                let words = try #require(response.lastWords)
                #expect(words.data.contains(#""reason":"superseded""#))
                #expect(response.retry != nil)
                #expect(response.isAtBoundary)
                #expect(stream.now?.reset == nil)
            }
            stage.gateway.gateway.publish(to: "alice", event: "Generic", data: "the last")
            for (number, stream) in newer.enumerated() {
                _ = try await stream.event { $0.data == "the last" }
                let heard = stream.response?.events.map(\.data).dropFirst() ?? []
                let published = (half + number..<count).map { "event \($0)" }
                #expect(Array(heard) == published + ["the last"])
                #expect(stream.isOpen)
            }
            // What an older one heard before it left is whole and in order too.
            for (number, stream) in older.enumerated() {
                let heard = stream.response?.events.filter { $0.name == "Generic" }.dropFirst()
                let expected = (number..<count).map { "event \($0)" }
                #expect(expected.starts(with: heard?.map(\.data) ?? ["nothing"]))
            }
            try await stage.gateway.streams(half)
            #expect(client.isOpen)
            try await stage.sluice.log("evict", count: half)
            try await stage.expectSoundEnd()
            let closed = stage.sluice.lines("stream_closed")
            #expect(closed.count { $0["reason"] == "evicted_user_cap" } == half)
            #expect(closed.count { $0["reason"] == "drain" } == half)
            #expect(stage.sluice.lines("stream_opened").allSatisfy { $0["protocol"] == "h2" })
        }

        @Test func `streams of different users on one connection count for themselves`()
            async throws
        {
            let stage = try await Stage()
            let client = try await stage.sluice.h2()
            let users = (1...count).map { "user-\($0)" }
            let first = users.map { client.stream($0) }
            for stream in first { #expect(try await stream.head().status == 200) }

            // Somebody else, elsewhere, evicts one of them.
            let newcomer = try await stage.sluice.openStream(users[0])

            #expect(try await first[0].whole().lastWords != nil)
            for (user, stream) in zip(users, first).dropFirst() {
                try await expectHears(stream, of: user, "for \(user)", through: stage)
                #expect(stream.response?.events.count == 2)
                #expect(stream.isOpen)
            }
            #expect(newcomer.isOpen && client.isOpen)
            try await stage.sluice.log("evict")
            try await stage.gateway.streams(count)
            try await stage.expectSoundEnd()
            #expect(stage.sluice.count("evict") == 1)
        }

        @Test func `F22: a stream that is reset closes its gateway connection and no other`()
            async throws
        {
            let stage = try await Stage()
            let client = try await stage.sluice.h2()
            let users = (1...count).map { "user-\($0)" }
            let streams = users.map { client.stream($0) }
            for stream in streams { #expect(try await stream.head().status == 200) }
            try await stage.gateway.streams(count)

            let number = count / 2
            streams[number].cancel()

            try await stage.gateway.streams(count - 1)
            #expect(stage.gateway.gateway.openStreamIDs(of: users[number]).isEmpty)
            let closed = try await stage.sluice.log("stream_closed")
            #expect(closed["reason"] == "client_closed")
            for (user, stream) in zip(users, streams) where user != users[number] {
                try await expectHears(stream, of: user, "still here", through: stage)
                #expect(stream.isOpen)
            }
            #expect(client.isOpen)
            try await stage.expectSoundEnd()
        }

        @Test func `F24: the head of a stream without events comes with no DATA`() async throws {
            let stage = try await Stage(.silent)
            let client = try await stage.sluice.h2()

            let stream = client.stream("alice")

            #expect(try await stream.head().status == 200)
            try await client.settled()
            #expect(stream.now?.dataLengths.isEmpty == true)
            #expect(stream.isOpen)
            try await stage.expectSoundEnd()
        }

        @Test func `S10: pings are nobody's sign of life on a stream`() async throws {
            let stage = try await Stage {
                $0.policies = [
                    "default.yaml": SluiceOptions.cap(5, "idle_timeout: 1s", "idle_clock: bytes")
                ]
            }
            let client = try await stage.sluice.h2()
            let stream = try await client.openStream("alice")

            // One answer brings the next question, until the stream is over.
            var pings = 0
            while stream.isOpen, pings < 500 {
                try await client.settled()
                try await Task.sleep(for: .milliseconds(20))
                pings += 1
            }

            #expect(pings > 1)
            #expect(try await stream.whole().retry != nil)
            let closed = try await stage.sluice.log("stream_closed")
            #expect(closed["reason"] == "idle")
            #expect(client.isOpen)
            try await stage.gateway.streams(0)
            try await stage.expectSoundEnd()
        }
    }
}
