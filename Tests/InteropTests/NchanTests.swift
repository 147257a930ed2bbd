import Foundation
import TestSupport
import Testing

extension RealSoftware {
    @Suite("nginx with nchan, with curl")
    struct NchanTests {
        private let accept = ["--header", "Accept: text/event-stream"]
        private let token = "access_token=\(Tokens.jwt(sub: "alice"))"

        /// Publishes through Sluice.
        private func publish(
            _ text: String, to channel: String = "a", as name: String? = nil,
            through sluice: SluiceProcess
        ) async throws {
            let event = name.map { ["--header", "X-EventSource-Event: \($0)"] } ?? []
            let options = ["--data-binary", text] + event
            let target = "/publish?channel=\(channel)"
            let answer = try await Curl(sluice, target, with: options).answer()
            #expect((201...202).contains(answer.status))
        }

        @Test func `what is published through Sluice is heard through it, byte for byte`()
            async throws
        {
            let gateway = try await NchanGateway()
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let target = "/subscribe?channel=a&\(token)"
            let direct = try Curl(direct: gateway.address, target, with: accept)
            let relayed = try Curl(sluice, target, with: accept)
            // The head and nchan's greeting come before anything is published.
            try await direct.hears(": hi")
            try await relayed.hears(": hi")

            try await publish("grüße, 世界, 🌊", through: sluice)
            try await publish("two\nlines", as: "note", through: sluice)
            try await publish(String(repeating: "x", count: 100_000), through: sluice)
            try await publish("the end", through: sluice)
            try await direct.hears("the end")
            try await relayed.hears("the end")

            #expect(relayed.linesSoFar == direct.linesSoFar)
            #expect(relayed.linesSoFar.filter { $0.hasPrefix("id: ") }.count == 4)
            relayed.leave()
            let line = try await sluice.log("stream_closed")
            #expect(line["reason"] == "client_closed")
            #expect(line.number("events") == 4)
            #expect(line.number("comments") == 1)
            let ended = try await gateway.request(within: .seconds(1)) {
                $0["forwarded_proto"] == "https" && $0["uri"] == "/subscribe"
            }
            #expect(ended.number("bytes") == line.number("bytes"))
            try await sluice.expectSoundEnd()
        }

        @Test func `Last-Event-ID reaches nchan, and what was missed is replayed`() async throws {
            let gateway = try await NchanGateway()
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let target = "/subscribe?channel=a&\(token)"
            let first = try Curl(sluice, target, with: accept)
            try await first.hears(": hi")
            for text in ["one", "two", "three"] { try await publish(text, through: sluice) }
            try await first.hears("data: three")
            first.leave()
            let ids = first.linesSoFar.filter { $0.hasPrefix("id: ") }.map { $0.dropFirst(4) }
            try #require(ids.count == 3)

            let again = try Curl(
                sluice, target, with: accept + ["--header", "Last-Event-ID: \(ids[0])"])
            try await again.hears("data: three")

            #expect(
                again.linesSoFar.filter { $0.hasPrefix("data") } == ["data: two", "data: three"])
            again.leave()
            try await gateway.request { $0["last_event_id"] == String(ids[0]) }
            #expect(try await sluice.log("stream_opened")["path"] == "/subscribe")
            try await sluice.expectSoundEnd()
        }

        @Test func `keep-alive comments pass, and are no life to the clock of frames`()
            async throws
        {
            let gateway = try await NchanGateway()
            let sluice = try await SluiceProcess(
                gateway: gateway.address,
                options: SluiceOptions {
                    $0.policies = ["default.yaml": SluiceOptions.cap(1, "idle_timeout: 3s")]
                })
            let client = try Curl(sluice, "/pinged?channel=a&\(token)", with: accept)

            let answer = try await client.answer()

            #expect(answer.lines.filter { $0 == ":still here" }.count >= 2)
            #expect(answer.lines.last?.hasPrefix("retry: ") == true)
            #expect(!answer.text.contains("event:"))
            let line = try await sluice.log("stream_closed")
            #expect(line["reason"] == "idle")
            #expect((3000...5000).contains(line.number("duration_ms") ?? 0))
            try await gateway.request(within: .seconds(1)) { $0["uri"] == "/pinged" }
            try await sluice.expectSoundEnd()
        }

        @Test func `the older stream of a user leaves its channel at once`() async throws {
            let gateway = try await NchanGateway()
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let target = "/subscribe?channel=a&\(token)"
            let older = try Curl(sluice, target, with: accept)
            try await older.hears(": hi")
            try await publish("for the older", through: sluice)
            try await older.hears("data: for the older")

            let newer = try Curl(sluice, target, with: accept)
            try await newer.hears(": hi")
            let words = try await older.answer().lines.suffix(4)

            let left = try await gateway.request(within: .seconds(1)) { $0["uri"] == "/subscribe" }
            #expect(left.number("status") == 499)
            #expect(words.first?.hasPrefix("retry: ") == true)
            #expect(words.dropFirst().first == "event: sluice-evicted")
            #expect(words.dropFirst(2).first?.hasPrefix("id: ~s1.") == true)
            #expect(words.last?.contains(#""reason":"superseded""#) == true)
            let status = try await Curl(sluice, "/status").answer()
            #expect(status.lines.contains { $0.hasPrefix("subscribers: 1") })
            try await publish("for the newer", through: sluice)
            try await newer.hears("data: for the newer")
            let line = try await sluice.log("stream_closed")
            #expect(line["reason"] == "evicted_user_cap")
            #expect(line.number("bytes") == left.number("bytes"))
            try await sluice.expectSoundEnd()
        }

        @Test func `an upload that is too large is refused in nginx's own words`() async throws {
            let gateway = try await NchanGateway()
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let file = try UploadFile(zeros: 20_000_000)

            let upload = ["--header", "Expect:", "--data-binary", "@\(file.path)"]
            let answer = try await Curl(sluice, "/publish?channel=a", with: upload).answer()

            #expect(answer.status == 413)
            #expect(answer.text.contains("Request Entity Too Large"))
            try await gateway.request { $0.number("status") == 413 }
            #expect(try await sluice.log("request").number("status") == 413)
            #expect(sluice.count("error") == 0)
            try await sluice.expectSoundEnd()
        }

        @Test func `a gateway that dies ends its streams, and then it is the one at fault`()
            async throws
        {
            let gateway = try await NchanGateway()
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let client = try Curl(sluice, "/subscribe?channel=a&\(token)", with: accept)
            try await client.hears(": hi")
            // Leaves a connection in the pool that dies with nginx.
            _ = try await Curl(sluice, "/page.txt").answer()

            gateway.reporter.child.signal(SIGKILL)

            let line = try await sluice.log("stream_closed")
            #expect(line["reason"] == "gateway_closed")
            _ = try await client.answer()
            let later = try await Curl(sluice, "/page.txt").answer()
            #expect(later.status == 502)
            #expect(try await sluice.log("error")["fault"] == "gateway")
            try await sluice.expectSoundEnd()
        }
    }
}
