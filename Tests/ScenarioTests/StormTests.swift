import DemoGateway
import Glibc
import Locking
import TestSupport
import Testing

extension Scenarios {
    @Suite("Storms: many clients at once reach the gateway as a ramp")
    struct StormTests {
        private static func pace(_ rate: Int, burst: Int, wait: String = "30s") -> [String] {
            [
                "streams_per_second: \(rate)", "streams_burst: \(burst)",
                "admission_wait: \(wait)",
            ]
        }

        @Test func `a hundred at once are let in one after the other, in their order`() async throws
        {
            let (count, rate) = (100, 50)
            let stage = try await Stage { options in
                // The order of plain requests is that in which they are written.
                options.usesTLS = false
                options.workers = 1
                for line in Self.pace(rate, burst: 1) { options.set("gateway", line) }
            }
            var clients: [TestClient] = []
            for number in 0..<count {
                let client = stage.sluice.client(name: "client \(number)")
                client.request("GET", "/hello")
                _ = try await client.whole()
                clients.append(client)
            }
            let ramp = Ramp(of: stage.gateway.gateway)

            for (number, client) in clients.enumerated() { client.askForStream("user-\(number)") }
            for client in clients { #expect(try await client.head(1).status == 200) }

            // Whatever comes late only makes the ramp flatter.
            for step in ramp.steps {
                #expect(Double(step.opened) <= 1 + Double(rate) * step.seconds)
            }
            #expect(
                stage.gateway.gateway.streams.map(\.user) == (0..<count).map { "user-\($0)" })
            try await stage.expectSoundEnd()
            #expect(stage.sluice.count("stream_refused") == 0)
        }

        /// How many streams there were at a gateway, and how many seconds after the beginning.
        private final class Ramp: Sendable {
            struct Step: Sendable {
                let opened: Int
                let open: Int
                let seconds: Double
            }

            private let points = Guarded<[Step]>([])

            init(of gateway: DemoGateway) {
                let start = ContinuousClock.now
                gateway.observe { [self, unowned gateway] in
                    let step = Step(
                        opened: gateway.streamsOpened, open: gateway.streamCount,
                        seconds: (ContinuousClock.now - start) / .seconds(1))
                    points.withLock { $0.append(step) }
                }
            }

            var steps: [Step] { points.withLock { $0 } }
        }

        @Test func `whoever leaves while waiting never reaches the gateway`() async throws {
            let stage = try await Stage { options in
                options.workers = 1
                for line in Self.pace(1, burst: 1) { options.set("gateway", line) }
            }
            _ = try await stage.sluice.openStream("first")
            let leaver = stage.sluice.client()
            _ = try await leaver.handshake()
            leaver.askForStream("leaver")
            leaver.leave(.close)
            let gone = try await stage.sluice.log("error") { $0["reason"] == "client_closed" }
            #expect(gone["path"] == "/events")

            _ = try await stage.sluice.openStream("last")

            let token = Tokens.jwt(sub: "leaver")
            #expect(!stage.gateway.gateway.requests.contains { $0.target.contains(token) })
            #expect(stage.gateway.gateway.streamsOpened == 2)
            try await stage.expectSoundEnd()
        }

        @Test func `whoever would wait too long is told 503, and the gateway hears nothing`()
            async throws
        {
            let stage = try await Stage { options in
                options.workers = 1
                for line in Self.pace(1, burst: 1, wait: "200ms") { options.set("gateway", line) }
            }
            _ = try await stage.sluice.openStream("first")
            let connects = stage.gateway.gateway.connectCount

            // One may wait, and its turn would come too late; for the others there is no room.
            let late = (0..<10).map { stage.sluice.stream("late-\($0)") }
            for client in late {
                let answer = try await client.whole()
                #expect(answer.status == 503)
                #expect(answer.text.contains(#""type":"overloaded_error","code":"admission""#))
                #expect(answer.all("retry-after").count == 1)
            }

            #expect(stage.gateway.gateway.connectCount == connects)
            // What is no stream goes its own way.
            let other = stage.sluice.client()
            other.request("GET", "/hello")
            #expect(try await other.whole().status == 200)
            try await stage.expectSoundEnd()
            let refusals = stage.sluice.lines("stream_refused")
            #expect(refusals.count == late.count)
            #expect(refusals.allSatisfy { $0["reason"] == "admission" && $0["status"] == "503" })
        }

        /// Any other status would end it for good.
        @Test func `an EventSource that would wait too long is told when to come back`()
            async throws
        {
            let stage = try await Stage { options in
                options.workers = 1
                for line in Self.pace(1, burst: 1, wait: "200ms") { options.set("gateway", line) }
            }
            _ = try await stage.sluice.openStream("first")
            let connects = stage.gateway.gateway.connectCount

            let late = (0..<5).map { stage.sluice.client(name: "late-\($0)") }
            for (number, client) in late.enumerated() { client.askForStream("late-\(number)") }
            for client in late {
                let answer = try await client.whole()
                #expect(answer.status == 200)
                let retry = try #require(answer.retry)
                #expect(retry >= 3000)
                #expect(answer.text == "retry: \(retry)\n\n")
            }

            #expect(stage.gateway.gateway.connectCount == connects)
            try await stage.expectSoundEnd()
            let refusals = stage.sluice.lines("stream_refused")
            #expect(refusals.count == 5)
            #expect(refusals.allSatisfy { $0["reason"] == "admission" && $0["status"] == "200" })
        }

        @Test func `S15 U11: when a gateway dies its clients are told to come back far apart`()
            async throws
        {
            let count = 300
            let stage = try await Stage { options in
                for line in Self.pace(50, burst: 1000) { options.set("gateway", line) }
            }
            let clients = (0..<count).map { stage.sluice.stream("user-\($0)") }
            for client in clients { _ = try await client.event { $0.name == "Generic" } }

            stage.gateway.gateway.closeStreams(ofUser: nil, resetting: true)

            for client in clients { #expect(try await client.end() != .closeNotify) }
            let responses = clients.compactMap(\.response)
            #expect(responses.allSatisfy { !$0.isComplete && $0.lastWords == nil })
            #expect(responses.allSatisfy { $0.isAtBoundary })
            // A few may come when they like; the others as fast as the gateway is meant to get them:
            // six seconds for three hundred.
            let retries = responses.compactMap(\.retry)
            #expect(retries.count > count / 2)
            #expect(retries.allSatisfy { (3000...9500).contains($0) }, "\(retries)")
            #expect(retries.contains { $0 > 6000 })
            try await stage.sluice.log("stream_closed", count: count)

            // It is there again, and they are let in.
            let back = try await stage.sluice.openStream("user-0")
            try await stage.publish(1, to: "user-0", until: back)
            try await stage.expectSoundEnd()
        }

        @Test func `S15: many clean ends at once are spread as well, and stay clean`() async throws
        {
            let count = 200
            let stage = try await Stage { options in
                for line in Self.pace(50, burst: 1000) { options.set("gateway", line) }
            }
            let clients = (0..<count).map { stage.sluice.stream("user-\($0)") }
            for client in clients { _ = try await client.event { $0.name == "Generic" } }

            stage.gateway.gateway.closeStreams(ofUser: nil, resetting: false)

            var retries: [Int] = []
            for client in clients {
                let response = try await client.whole()
                #expect(response.lastWords == nil)
                #expect(response.isAtBoundary)
                retries += [response.retry].compactMap(\.self)
            }
            #expect(retries.count > count / 2)
            #expect(retries.allSatisfy { (3000...7500).contains($0) })
            try await stage.expectSoundEnd()
            let closed = stage.sluice.lines("stream_closed")
            #expect(closed.allSatisfy { $0["reason"] == "gateway_closed" })
        }

        @Test func `G03: a drain lets clients go one after the other, and tells all of them`()
            async throws
        {
            let count = 200
            let stage = try await Stage { options in
                for line in Self.pace(50, burst: 1000) { options.set("gateway", line) }
                options.drainTimeout = "4s"
            }
            let clients = (0..<count).map { stage.sluice.stream("user-\($0)") }
            for client in clients { _ = try await client.event { $0.name == "Generic" } }
            let ramp = Ramp(of: stage.gateway.gateway)

            stage.sluice.signal(SIGTERM)

            var retries: [Int] = []
            for client in clients {
                let response = try await client.whole()
                #expect(response.isAtBoundary)
                #expect(response.lastWords == nil)
                retries.append(try #require(response.retry))
                #expect(try await client.end() == .closeNotify)
            }
            #expect(retries.allSatisfy { (2000...6500).contains($0) })
            #expect(try await stage.sluice.child.waitForExit() == .code(0))
            try await stage.gateway.streams(0)
            // In half of the time there is, since at 50 a second all of it would not do; each of the
            // two workers begins with one.
            for step in ramp.steps {
                #expect(Double(count - step.open) <= 3 + Double(count) * step.seconds / 2)
            }
            stage.expectSoundLog()
        }
    }
}
