import DemoGateway
import Glibc
import TestSupport
import Testing

extension Scenarios {
    @Suite("How a connection of HTTP/2 ends")
    struct H2EndTests {
        @Test func `G03: a drain ends every stream with a retry, and the connection with GOAWAY`()
            async throws
        {
            let stage = try await Stage {
                $0.policies = ["default.yaml": SluiceOptions.cap(10)]
            }
            let client = try await stage.sluice.h2()
            var streams: [H2Exchange] = []
            for _ in 0..<10 { streams.append(try await client.openStream("alice")) }

            stage.sluice.signal(SIGTERM)

            #expect(try await client.goAway() == .noError)
            for stream in streams {
                let response = try await stream.whole()
                #expect(response.retry != nil)
                #expect(response.isAtBoundary)
                #expect(stream.now?.reset == nil)
            }
            #expect(try await client.end() == .closeNotify)
            #expect(try await stage.sluice.child.waitForExit() == .code(0))
            try await stage.sluice.log("stop")
            #expect(stage.sluice.lines("stream_closed").allSatisfy { $0["reason"] == "drain" })
            stage.expectSoundLog()
            try await stage.gateway.streams(0)
        }

        @Test func `F21: a client that says GOAWAY keeps its streams until they end`()
            async throws
        {
            let stage = try await Stage {
                $0.policies = ["default.yaml": SluiceOptions.cap(2)]
            }
            let client = try await stage.sluice.h2()
            let stream = try await client.openStream("alice")

            client.send(.goAway(.noError))
            try await client.settled()
            stage.gateway.gateway.publish(to: "alice", event: "Generic", data: "after it")

            _ = try await stream.event { $0.data == "after it" }
            #expect(stream.isOpen)
            // Whoever says so of itself is taken at its word: a new request is not heard.
            #expect(try await client.goAway() == .noError)
            let late = client.request("GET", "/hello")
            try await client.settled()
            #expect(late.response == nil)
            #expect(client.now.goAways.map(\.last) == [stream.id])
            #expect(stage.gateway.gateway.requestCount == 1)
            stage.gateway.gateway.closeStreams(ofUser: "alice", resetting: false)
            #expect(try await stream.whole().isComplete)
            try await stage.expectSoundEnd()
        }

        @Test func `a client that vanishes takes all of its streams with it`() async throws {
            let stage = try await Stage {
                $0.policies = ["default.yaml": SluiceOptions.cap(20)]
            }
            let client = try await stage.sluice.h2()
            for _ in 0..<20 { _ = try await client.openStream("alice") }
            try await stage.gateway.streams(20)

            client.leave(.reset)

            try await stage.gateway.streams(0)
            try await stage.sluice.log("stream_closed", count: 20)
            try await stage.expectSoundEnd()
            let reasons = Set(stage.sluice.lines("stream_closed").compactMap { $0["reason"] })
            #expect(reasons == ["client_closed"])
        }

        @Test func `a connection without exchanges ends with GOAWAY when its time is up`()
            async throws
        {
            let stage = try await Stage { $0.set("limits", "keep_alive_timeout: 1s") }
            let client = try await stage.sluice.h2()
            #expect(try await client.request("GET", "/hello").whole().status == 200)

            #expect(try await client.goAway() == .noError)
            #expect(try await client.end() == .closeNotify)
            #expect(stage.sluice.count("error") == 0)
            try await stage.expectSoundEnd()
        }

        @Test(arguments: [
            "stream-fin", "stream-rst", "fin-mid-chunk", "rst-after-head", "short-length",
            "rst-mid-chunk", "fin-after-head", "fin-before-last-chunk", "negative-chunk",
        ])
        func `U03 U04: a response that breaks off is a reset, never a clean end`(
            misbehaviour: String
        ) async throws {
            let stage = try await Stage()
            let client = try await stage.sluice.h2()

            let broken = client.request("GET", "/misbehave/\(misbehaviour)")

            #expect(try await broken.head().status == 200)
            #expect(try await broken.reset() == .internalError)
            #expect(broken.now?.isEnded == false)
            let path = "/misbehave/\(misbehaviour)"
            let line = try await stage.sluice.log("error") { $0["path"] == path }
            #expect(line["fault"] == "gateway")
            if misbehaviour.hasPrefix("stream") {
                let closed = try await stage.sluice.log("stream_closed")
                #expect(closed["reason"] == "error")
                #expect(closed["stream"] == line["stream"])
            }
            #expect(try await client.request("GET", "/hello").whole().status == 200)
            #expect(client.isOpen)
            try await stage.expectSoundEnd()
        }

        @Test(arguments: ["silent", "slow-head"])
        func `U02 U06: one that does not answer in time is a 504, and the connection goes on`(
            misbehaviour: String
        ) async throws {
            let stage = try await Stage { $0.set("gateway", "response_timeout: 300ms") }
            let client = try await stage.sluice.h2()

            let late = client.request("GET", "/misbehave/\(misbehaviour)")

            #expect(try await late.whole().status == 504)
            try await stage.sluice.log("error") { $0["reason"] == "gateway_response_timeout" }
            try await stage.gateway.until("no connection") { $0.openConnections == 0 }
            #expect(try await client.request("GET", "/hello").whole().status == 200)
            #expect(client.isOpen)
            try await stage.expectSoundEnd()
        }

        @Test(arguments: [
            "rst-before-head", "fin-before-head", "fin-mid-head", "rst-mid-head", "no-http",
            "both-lengths", "switching", "interim-flood", "endless-head",
        ])
        func `U03 U06 U07 U16: no whole and proper head is a 502, and the connection goes on`(
            misbehaviour: String
        ) async throws {
            let stage = try await Stage()
            let client = try await stage.sluice.h2()

            let broken = client.request("GET", "/misbehave/\(misbehaviour)")

            #expect(try await broken.whole().status == 502)
            #expect(broken.now?.reset == nil)
            let path = "/misbehave/\(misbehaviour)"
            let line = try await stage.sluice.log("error") { $0["path"] == path }
            #expect(line["fault"] == "gateway")
            try await stage.gateway.until("no connection") { $0.openConnections == 0 }
            #expect(try await client.request("GET", "/hello").whole().status == 200)
            #expect(client.isOpen)
            try await stage.expectSoundEnd()
        }

        @Test func `U05: a stream that its gateway ends is ended cleanly`() async throws {
            let stage = try await Stage()
            let client = try await stage.sluice.h2()

            let stream = client.request("GET", "/misbehave/stream-end")

            let response = try await stream.whole()
            #expect(response.events.map(\.data) == ["1"])
            #expect(stream.now?.reset == nil)
            let closed = try await stage.sluice.log("stream_closed")
            #expect(closed["reason"] == "gateway_closed")
            try await stage.expectSoundEnd()
        }
    }
}
