import Foundation
import TestSupport
import Testing

extension RealSoftware {
    @Suite(
        "Node's EventSource",
        .enabled(
            if: NodeEventSource.isAvailable,
            "`node --experimental-eventsource -e 0` does not work here: Node 20 or later is needed")
    )
    struct EventSourceTests {
        private let token = "access_token=\(Tokens.jwt(sub: "alice"))"

        @Test func `an evicted tab hears why, waits as long as it was told, and comes back`()
            async throws
        {
            let gateway = try await UvicornGateway()
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let tab = try NodeEventSource(
                sluice, "/events?\(token)", scheme: "https", haste: 30)
            try await tab.reporter.line("named") { $0["data"] == "1 3" }

            let other = try Curl(sluice, "/events?\(token)")
            try await other.hears("data: 2 1")
            try await tab.waiting(60_000...90_000)
            try await gateway.closed(1)
            // Whoever took the place is gone before the tab comes back.
            other.leave()
            try await gateway.closed(2)
            let back = try await gateway.opened(3)
            try await tab.reporter.line("named") { $0["data"]?.hasPrefix("3 ") == true }

            // The client: the private event went to its own listener only.
            #expect(tab.reporter.lines("message").isEmpty)
            let words = tab.data("sluice-evicted")
            #expect(words.count == 1)
            #expect(words.first?.contains(#""reason":"superseded""#) == true)
            #expect(tab.reporter.lines("error").map { $0.number("ready_state") } == [0])
            // The gateway: it goes on where it was.
            let heard = tab.data("tick").filter { $0.hasPrefix("1 ") }.count
            #expect(back.number("last_event_id") == heard)
            #expect(tab.data("tick").contains("3 \(heard + 1)"))
            // The log.
            #expect(sluice.count("evict") == 1)
            let reasons = sluice.lines("stream_closed").map { $0["reason"] }
            #expect(reasons == ["evicted_user_cap", "client_closed"])
            try await sluice.expectSoundEnd()
        }

        @Test func `a restart of Sluice costs a tab of nchan no event`() async throws {
            let gateway = try await NchanGateway()
            let port = try freePort()
            let options = SluiceOptions {
                $0.port = port
                $0.usesTLS = false
            }
            let first = try await SluiceProcess(gateway: gateway.address, options: options)
            let target = "/subscribe?channel=a&\(token)"
            // In no haste: this client gives up for good when its first attempt finds nobody there.
            let tab = try NodeEventSource(first, target, scheme: "http", haste: 1)
            try await tab.reporter.line("open")
            try await publish("before", to: gateway)
            try await tab.reporter.line("message") { $0["data"] == "before" }

            try await first.expectSoundEnd()
            try await publish("meanwhile", to: gateway)
            try await tab.waiting(2000...3000)
            let second = try await SluiceProcess(gateway: gateway.address, options: options)
            try await tab.reporter.line("message") { $0["data"] == "meanwhile" }
            try await publish("after", to: gateway)
            try await tab.reporter.line("message") { $0["data"] == "after" }

            #expect(
                tab.reporter.lines("message").compactMap { $0["data"] }
                    == ["before", "meanwhile", "after"])
            #expect(first.lines("stream_closed").map { $0["reason"] } == ["drain"])
            tab.reporter.child.signal(SIGKILL)
            #expect(try await second.log("stream_closed")["reason"] == "client_closed")
            try await gateway.request(within: .seconds(1)) { $0["last_event_id"]?.isEmpty == false }
            try await second.expectSoundEnd()
        }

        /// Past Sluice: it may be away.
        private func publish(_ text: String, to gateway: NchanGateway) async throws {
            _ = try await Curl(
                direct: gateway.address, "/publish?channel=a", with: ["--data-binary", text]
            ).answer()
        }
    }
}
