import DemoGateway
import Foundation
import TestSupport
import Testing

extension RealSoftware {
    /// See Fixtures/h2streams.py.
    @Suite("A hundred event streams on one connection, by Python's h2")
    struct H2StreamsTests {
        private let count = 100
        private let half = 50

        private func client(_ sluice: SluiceProcess) async throws -> Reporter {
            let client = try Reporter([
                Fixtures.python(), "-B", Fixtures.path("h2streams.py"), "\(sluice.address.port)",
                sluice.folder.path + "/ca.pem",
            ])
            try await client.line("ready")
            return client
        }

        /// Opens them one after the other, so that it is known which are the older ones.
        private func open(_ user: (Int) -> String, _ client: Reporter) async throws {
            for number in 1...count {
                let path = "/events?access_token=\(Tokens.jwt(sub: user(number)))"
                client.child.type(#"{"do":"open","name":"\#(number)","path":"\#(path)"}"# + "\n")
                let head = try await client.line("head") { $0["name"] == "\(number)" }
                #expect(head.number("status") == 200)
            }
        }

        /// Publishes on and on until it is told to stop, then once more, and waits until whoever is
        /// still there has the last one. Returns its number.
        private func publish(
            _ stage: Stage, to client: Reporter, while work: () async throws -> Void
        ) async throws -> Int {
            let publisher = Task {
                var number = 0
                while !Task.isCancelled {
                    number += 1
                    stage.gateway.gateway.publish(to: nil, event: "count", data: "\(number)")
                    // A pace, and no wait for anything: as much as a client in Python takes, also
                    // under a sanitizer. One that falls back for a second is cut.
                    let pause = Scale.pick(small: 100, normal: 20, full: 5)
                    try? await Task.sleep(for: .milliseconds(pause))
                }
                return number
            }
            defer { publisher.cancel() }
            try await work()
            publisher.cancel()
            let last = await publisher.value
            client.child.type(#"{"do":"await","number":\#(last)}"# + "\n")
            try await client.line("heard") { $0.number("number") == last }
            return last
        }

        /// Half of them have gone with last words, and the others have all that there was.
        private func expectHalf(_ client: Reporter, last: Int) async throws {
            client.child.type(#"{"do":"report"}"# + "\n")
            try await client.line("reported")
            let streams = client.lines("stream")
            #expect(streams.count == count)
            #expect(streams.allSatisfy { $0.number("gaps") == 0 && $0["rest"] == "" })
            for stream in streams.prefix(half) {
                #expect(stream["end"] == "end_stream")
                #expect(stream["words"]?.contains(#""reason":""#) == true)
                #expect((stream.number("retry") ?? 0) > 0)
            }
            for stream in streams.suffix(half) {
                #expect(stream["end"] == "")
                #expect(stream["words"] == "")
                #expect(stream.number("last") == last)
                let first = try #require(stream.number("first"))
                #expect(stream.number("count") == last - first + 1)
            }
            #expect(client.lines("goaway").isEmpty)
            #expect(client.lines("gone").isEmpty)
        }

        @Test func `F22: of a hundred users fifty come again elsewhere, and fifty miss nothing`()
            async throws
        {
            let stage = try await Stage()
            let client = try await client(stage.sluice)
            try await open({ "user-\($0)" }, client)
            var newcomers: [TestClient] = []
            let last = try await publish(stage, to: client) {
                for number in 1...half {
                    newcomers.append(try await stage.sluice.openStream("user-\(number)"))
                }
                try await client.lines("ended", count: half)
            }

            try await expectHalf(client, last: last)
            // The gateway, the ledger and the log agree.
            try await stage.gateway.streams(count)
            #expect(stage.gateway.gateway.openStreams().allSatisfy { $0.value == 1 })
            #expect(stage.gateway.gateway.openStreams().count == count)
            #expect(newcomers.allSatisfy { $0.isOpen })
            try await stage.sluice.log("evict", count: half)
            try await expectLog(stage, client, opened: count + half, reason: "evicted_user_cap")
        }

        @Test func `a reload halves the limit of one user, and the fifty newer ones miss nothing`()
            async throws
        {
            let stage = try await Stage {
                $0.policies = ["default.yaml": SluiceOptions.cap(100)]
            }
            let client = try await client(stage.sluice)
            try await open({ _ in "alice" }, client)
            let last = try await publish(stage, to: client) {
                let line = try await stage.sluice.reload(["default.yaml": SluiceOptions.cap(half)])
                #expect(line.number("surplus") == half)
                try await client.lines("ended", count: half)
            }

            try await expectHalf(client, last: last)
            try await stage.gateway.streams(half)
            #expect(stage.gateway.gateway.openStreams() == ["alice": half])
            try await expectLog(stage, client, opened: count, reason: "reload")
        }

        /// The client goes with what it still has. It does not wait for the stop: to Python's h2 a
        /// GOAWAY is the end of everything, of streams that are live too.
        private func expectLog(
            _ stage: Stage, _ client: Reporter, opened: Int, reason: String
        ) async throws {
            try await stage.sluice.log("stream_closed", count: half)
            client.child.signal(SIGKILL)
            try await stage.sluice.log("stream_closed", count: count)
            try await stage.gateway.streams(opened - count)
            try await stage.sluice.expectSoundEnd()
            try await stage.gateway.streams(0)
            let (first, closed) = (
                stage.sluice.lines("stream_opened"), stage.sluice.lines("stream_closed")
            )
            #expect(first.count == opened)
            #expect(closed.count == opened)
            #expect(closed.count { $0["reason"] == reason } == half)
            #expect(closed.count { $0["reason"] == "client_closed" } == half)
            #expect(closed.count { $0["reason"] == "drain" } == opened - count)
            let here = first.filter { $0["protocol"] == "h2" }
            #expect(here.count == count)
            #expect(Set(here.map { $0["client"] }).count == 1)
            #expect(stage.sluice.count("error") == 0)
        }
    }
}
