import DemoGateway
import Foundation
import TestSupport
import Testing

extension RealSoftware {
    @Suite("Clients of HTTP/2 that other people wrote")
    struct H2ClientTests {
        private static let large = 3_000_001
        private let jwt = Tokens.jwt(sub: "alice")

        private func origin(_ sluice: SluiceProcess) -> String {
            "https://localhost:\(sluice.address.port)"
        }

        /// What was sent is what arrived, by length and sum.
        private func expectUploads(
            _ client: Reporter, _ gateway: UvicornGateway, sizes: [Int]
        ) async throws {
            try await client.lines("uploaded", count: sizes.count)
            let (sent, arrived) = (client.lines("uploaded"), gateway.reporter.lines("uploaded"))
            #expect(sent.compactMap { $0.number("status") } == sizes.map { _ in 200 })
            #expect(sent.compactMap { $0["answer"] } == sizes.map { #"{"bytes":\#($0)}"# })
            #expect(arrived.compactMap { $0["sha256"] } == sent.compactMap { $0["sent"] })
            #expect(arrived.compactMap { $0.number("bytes") } == sizes)
        }

        /// Another stream of the user, elsewhere: the one that is open is evicted.
        private func evict(
            by gateway: UvicornGateway, _ sluice: SluiceProcess
        ) async throws -> Curl {
            let newer = try Curl(sluice, "/events?access_token=\(jwt)")
            try await newer.hears("data: 2 1")
            try await gateway.closed(1)
            return newer
        }

        /// All that the log says about one connection with a stream in its middle.
        private func expectLog(_ sluice: SluiceProcess, requests: Int) async throws {
            try await sluice.log("request", count: requests)
            #expect(sluice.lines("request").allSatisfy { $0["protocol"] == "h2" })
            #expect(sluice.lines("request").allSatisfy { $0.number("status") == 200 })
            #expect(Set(sluice.lines("request").map { $0["client"] }).count == 1)
            let closed = try await sluice.log("stream_closed")
            #expect(closed["reason"] == "evicted_user_cap")
            #expect(closed["protocol"] == "h2")
            #expect(closed["client"] == sluice.lines("request").first?["client"])
            #expect(sluice.count("error") == 0)
            try await sluice.expectSoundEnd()
        }

        @Test func `Node's http2 has requests, bodies and a stream with last words`() async throws {
            let gateway = try await UvicornGateway()
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let node = try Reporter([
                "node", Fixtures.path("http2.mjs"), origin(sluice), sluice.folder.path + "/ca.pem",
                "\(Self.large)", jwt,
            ])
            #expect(try await node.line("page").number("bytes") == 7000)
            try await expectUploads(node, gateway, sizes: [5, Self.large])
            #expect(try await node.line("head").number("status") == 200)
            try await node.line("heard") { $0["data"] == "1 3" }

            let newer = try await evict(by: gateway, sluice)
            let ended = try await node.line("ended")
            #expect(try await node.line("again").number("bytes") == 7000)

            #expect(ended.number("code") == 0)
            #expect(ended["rest"] == "")
            let heard = node.lines("heard")
            let ticks = heard.filter { $0["name"] == "tick" }.compactMap { $0["data"] }
            #expect(ticks == (1...ticks.count).map { "1 \($0)" })
            #expect(heard.last?["name"] == "sluice-evicted")
            #expect(heard.last?["data"]?.contains(#""reason":"superseded""#) == true)
            #expect(heard.last?["retry"] != nil)
            #expect(newer.isRunning)
            #expect(node.lines("failed").isEmpty)
            #expect(node.lines("goaway").isEmpty)
            try await expectLog(sluice, requests: 4)
        }

        @Test func `httpx has requests, bodies and a stream with last words`() async throws {
            let gateway = try await UvicornGateway()
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let httpx = try Reporter([
                Fixtures.python(), "-B", Fixtures.path("httpx2.py"), "\(sluice.address.port)",
                sluice.folder.path + "/ca.pem", "\(Self.large)", jwt,
            ])
            #expect(try await httpx.line("page")["protocol"] == "HTTP/2")
            try await expectUploads(httpx, gateway, sizes: [5, Self.large])
            #expect(try await httpx.line("head").number("status") == 200)
            try await httpx.line("line") { $0["text"] == "data: 1 3" }

            let newer = try await evict(by: gateway, sluice)
            try await httpx.line("ended")
            #expect(try await httpx.line("again").number("status") == 200)

            let lines = httpx.lines("line").compactMap { $0["text"] }
            let ticks = lines.filter { $0.hasPrefix("data: 1 ") }
            #expect(ticks == (1...ticks.count).map { "data: 1 \($0)" })
            #expect(lines.suffix(2).first?.contains(#""reason":"superseded""#) == true)
            #expect(lines.suffix(5).contains { $0.hasPrefix("retry: ") })
            #expect(newer.isRunning)
            try await expectLog(sluice, requests: 4)
        }

        @Test(arguments: [("--http1.1", "http/1.1"), ("--http2", "h2")])
        func `curl has requests, bodies and a stream with last words`(
            option: String, name: String
        ) async throws {
            let gateway = try await UvicornGateway()
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let file = try UploadFile(random: Self.large)

            let pages = try await Curl(sluice, "/page", "/page", with: [option]).answers()
            let sent = ["--data-binary", "@\(file.path)", option]
            let upload = try await Curl(sluice, "/upload", with: sent).answer()
            let small = try await Curl(sluice, "/upload", with: ["--data", "small", option])
                .answer()
            let target = "/events?access_token=\(jwt)"
            let older = try Curl(sluice, target, with: [option])
            try await older.hears("data: 1 3")
            let newer = try await evict(by: gateway, sluice)
            let text = try await older.answer().text

            #expect(
                pages.map(\.text) == pages.map { _ in String(repeating: "a page\n", count: 1000) })
            #expect(pages.map(\.connects) == [1, 0])
            #expect(upload.text == #"{"bytes":\#(Self.large)}"#)
            #expect(small.text == #"{"bytes":5}"#)
            let sums = gateway.reporter.lines("uploaded").compactMap { $0["sha256"] }
            #expect(sums.first == (try await file.sha256()))
            #expect(text.contains("\nevent: sluice-evicted\n"))
            #expect(text.contains(#""reason":"superseded""#))
            #expect(text.hasSuffix("}\n\n"))
            #expect(newer.isRunning)
            try await sluice.log("request", count: 4)
            #expect(sluice.lines("request").allSatisfy { $0["protocol"] == name })
            let closed = try await sluice.log("stream_closed")
            #expect(closed["protocol"] == name)
            #expect(closed["reason"] == "evicted_user_cap")
            try await sluice.expectSoundEnd()
        }

        @Test func `F24: nghttp sees the head of a stream before there is any event`() async throws
        {
            let stage = try await Stage(.silent)
            // Line by line, since it is read while it goes on.
            let nghttp = try Reporter([
                "stdbuf", "--output=L", "nghttp", "--verbose", "--no-dep",
                "\(origin(stage.sluice))/events?access_token=\(jwt)",
            ])
            func says(_ text: String) async throws {
                _ = try await nghttp.child.bulletin.first(
                    "\(text) at nghttp",
                    clue: { (nghttp.child.lines.suffix(20) + [nghttp.child.errors]).joined() }
                ) { nghttp.child.lines.contains { $0.contains(text) } ? true : nil }
            }
            try await says("recv HEADERS frame")
            try await says(":status: 200")
            #expect(!nghttp.child.lines.contains { $0.contains("recv DATA frame") })

            stage.gateway.gateway.publish(to: "alice", event: "Generic", data: "the first")
            try await says("data: the first")
            // It prints a frame behind what came in it.
            try await says("recv DATA frame")

            let newer = try await stage.sluice.openStream("alice")
            #expect(try await nghttp.child.waitForExit() == .code(0))
            let lines = nghttp.child.lines
            #expect(lines.contains("event: sluice-evicted"))
            // It says so itself, and nothing is reset.
            #expect(lines.contains { $0.contains("; END_STREAM") })
            #expect(!lines.contains { $0.contains("recv RST_STREAM") })
            try await stage.gateway.streams(1)
            #expect(newer.isOpen)
            let closed = try await stage.sluice.log("stream_closed")
            #expect(closed["reason"] == "evicted_user_cap")
            #expect(closed["protocol"] == "h2")
            try await stage.sluice.expectSoundEnd()
        }

        @Test func `nghttp sends a body, and h2load thousands of requests`() async throws {
            let stage = try await Stage()
            let file = try UploadFile(random: Self.large)
            let nghttp = try ChildProcess([
                "nghttp", "--data=\(file.path)", "\(origin(stage.sluice))/upload",
            ])
            #expect(try await nghttp.waitForExit() == .code(0))
            #expect(nghttp.lines.last?.hasPrefix(#"{"count":\#(Self.large),"checksum":"#) == true)

            let load = try ChildProcess([
                "h2load", "--requests=4000", "--clients=20", "--max-concurrent-streams=50",
                "\(origin(stage.sluice))/big?bytes=3000",
            ])
            #expect(try await load.waitForExit() == .code(0))
            let summary = load.lines.first { $0.hasPrefix("requests: ") }
            #expect(
                summary == "requests: 4000 total, 4000 started, 4000 done, 4000 succeeded, "
                    + "0 failed, 0 errored, 0 timeout")
            #expect(load.lines.contains("status codes: 4000 2xx, 0 3xx, 0 4xx, 0 5xx"))
            try await stage.sluice.log("request", count: 4001)
            #expect(stage.gateway.gateway.requestCount == 4001)
            let requests = stage.sluice.lines("request")
            #expect(requests.allSatisfy { $0["protocol"] == "h2" && $0["status"] == "200" })
            #expect(requests.dropFirst().allSatisfy { $0.number("bytes") == 3000 })
            #expect(Set(requests.map { $0["client"] }).count == 21)
            #expect(stage.sluice.count("error") == 0)
            try await stage.sluice.expectSoundEnd()
        }
    }
}
