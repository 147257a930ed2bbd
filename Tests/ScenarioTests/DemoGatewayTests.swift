import DemoGateway
import TestSupport
import Testing

extension Scenarios {
    /// The test gateway behaves like those in the field, so that the scenarios prove something.
    @Suite("The gateway that stands behind Sluice in tests")
    struct DemoGatewayTests {
        @Test func `a stream is confirmed first, with data before event and no id`() async throws {
            let gateway = try TestGateway()
            let client = gateway.client()

            client.request("GET", "/events?access_token=\(Tokens.jwt(sub: "alice"))")
            let first = try await client.event { $0.name == "Generic" }

            let response = try #require(client.response)
            let text =
                #"data: {"type":"connection_confirmed","connection":1,"user":"alice"}"#
                + "\nevent: Generic\n\n"
            #expect(response.text == text)
            #expect(first.id == nil)
            #expect(response.all("content-type") == ["text/event-stream"])
            #expect(gateway.gateway.openStreams() == ["alice": 1])
        }

        @Test func `heartbeats are events and pings are comments`() async throws {
            var profile = DemoGatewayProfile.quiet
            profile.heartbeatInterval = .milliseconds(100)
            profile.commentInterval = .milliseconds(60)
            let gateway = try TestGateway(profile)
            let client = gateway.client()

            client.request("GET", "/events?access_token=\(Tokens.jwt(sub: "alice"))")

            try await client.until("heartbeats and pings") { state in
                guard let response = state.responses.first else { return false }
                let beats = response.events.filter { $0.data == #"{"type":"heartbeat"}"# }
                return beats.count > 2 && response.comments > 2
            }
        }

        @Test(arguments: [nil, "access_token=bad", "access_token=\(Tokens.forged(sub: "alice"))"])
        func `a token that nobody believes is answered 401`(query: String?) async throws {
            let gateway = try TestGateway()
            let client = gateway.client()

            client.request("GET", "/events" + (query.map { "?" + $0 } ?? ""))
            let response = try await client.whole()

            #expect(response.status == 401)
            #expect(response.all("content-type") == ["text/plain"])
            #expect(gateway.gateway.streamCount == 0)
        }

        @Test func `a byte or the end of bytes during a stream ends it`() async throws {
            let gateway = try TestGateway()
            let (talker, leaver) = (gateway.client(), gateway.client())
            for client in [talker, leaver] {
                client.request("GET", "/events?access_token=\(Tokens.jwt(sub: "alice"))")
                _ = try await client.head()
            }

            talker.send("x")
            leaver.leave(.halfClose)

            _ = try await talker.end()
            _ = try await leaver.end()
            try await gateway.streams(0)
        }

        @Test func `the rate limit answers 500 and closes`() async throws {
            var profile = DemoGatewayProfile.quiet
            profile.rateLimit = .init(requests: 2, window: .seconds(60))
            let gateway = try TestGateway(profile)
            let client = gateway.client()

            for _ in 0..<3 {
                client.request("GET", "/hello", fields: [("x-forwarded-for", "192.0.2.1, x")])
            }

            let last = try await client.whole(2)
            #expect(last.status == 500)
            #expect(last.bodyCount == 0)
            #expect(try await client.end() == .fin)
        }

        @Test func `ids bring back what was missed`() async throws {
            var profile = DemoGatewayProfile.quiet
            profile.sendsIDs = true
            let gateway = try TestGateway(profile)
            for number in 1...5 {
                gateway.gateway.publish(to: nil, event: "message", data: "\(number)")
            }
            let client = gateway.client()

            client.request(
                "GET", "/events?access_token=\(Tokens.jwt(sub: "alice"))",
                fields: [("last-event-id", "3")])

            _ = try await client.event { $0.data == "5" }
            let events = try #require(client.response).events.dropFirst()
            #expect(events.map(\.data) == ["4", "5"])
            #expect(events.map(\.id) == ["4", "5"])
        }

        @Test func `a POST stream says its events and ends`() async throws {
            let gateway = try TestGateway()
            let client = gateway.client()

            client.request(
                "POST", "/v1/chat?events=3",
                fields: [("authorization", "Bearer " + Tokens.jwt(sub: "bob"))],
                body: Array("{}".utf8))

            let response = try await client.whole()
            #expect(response.eventCount == 4)
            #expect(response.events.last?.data == "[DONE]")
            try await gateway.streams(0)
        }

        @Test func `large bodies arrive as they were sent, in both directions`() async throws {
            let gateway = try TestGateway()
            let count = 3_000_000
            let expected = Checksum(pattern: count)
            let client = gateway.client()

            client.request("GET", "/big?bytes=\(count)")
            let download = try await client.whole()
            client.send(
                "POST /upload HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n",
                answering: "POST")
            client.sendPattern(count, chunked: true)
            let upload = try await client.whole(1)

            #expect(download.checksum == expected)
            #expect(
                upload.text
                    == #"{"count":\#(count),"checksum":"\#(String(expected.value, radix: 16))"}"#)
        }

        @Test func `every misbehaviour ends or hangs, and the gateway lives`() async throws {
            let gateway = try TestGateway()

            for name in ["rst-before-head", "fin-mid-chunk", "slow-head", "http10", "stream-rst"] {
                let client = gateway.client()
                client.request("GET", "/misbehave/" + name)
                try await client.until(name) { state in
                    state.end != nil || state.responses.first?.isComplete == true
                }
                client.leave(.reset)
            }

            let client = gateway.client()
            client.request("GET", "/hello")
            #expect(try await client.whole().status == 200)
        }
    }
}
