import TestSupport
import Testing

extension RealSoftware {
    @Suite("Many tabs of one browser over HTTP/2")
    struct BrowserH2Tests {
        @Test func `twelve tabs have twelve streams at a time, on one connection`() async throws {
            let gateway = try await UvicornGateway()
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let browser = try await Browser(.chromium)
            // With HTTP/1.1 the seventh would wait for one of the first six, for ever.
            let tabs = (1...12).map {
                browser.tab("tab \($0)", of: "user-\($0)", through: sluice)
            }
            for tab in tabs { try await tab.open() }
            // Each report is a request of its own, and may overtake another.
            for tab in tabs {
                try await tab.tells("open", times: 1)
                try await tab.tells("tick", times: 1)
            }

            // All of them are live, and go on.
            let heard = tabs.map { $0.count("tick") }
            for (tab, count) in zip(tabs, heard) { try await tab.tells("tick", times: count + 1) }
            #expect(gateway.connects == 12)
            #expect(gateway.reporter.lines("closed").isEmpty)
            #expect(tabs.allSatisfy { $0.count("open") == 1 && $0.lines("gap").isEmpty })
            #expect(tabs.allSatisfy { $0.lines("error").isEmpty })
            let opened = sluice.lines("stream_opened")
            #expect(opened.count == 12)
            #expect(opened.allSatisfy { $0["protocol"] == "h2" })
            #expect(Set(opened.map { $0["client"] }).count == 1)

            // One of them is evicted and told; nobody else notices.
            let other = try Curl(sluice, "/events?access_token=\(Tokens.jwt(sub: "user-3"))")
            try await other.hears("data: 13 1")
            try await tabs[2].tells("evicted", times: 1)
            for tab in tabs where tab.name != "tab 3" {
                try await tab.tells("tick", times: tab.count("tick") + 1)
                #expect(tab.lines("gap").isEmpty)
                #expect(tab.lines("error").isEmpty)
            }
            let closed = try await sluice.log("stream_closed")
            #expect(closed["reason"] == "evicted_user_cap")
            #expect(closed["user"] == "user-3")
            #expect(sluice.count("stream_closed") == 1)
            try await sluice.expectSoundEnd()
        }

        @Test func `F24: onopen does not wait for the first event`() async throws {
            let gateway = try await UvicornGateway()
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let browser = try await Browser(.chromium)
            let tab = browser.tab("quiet", page: "/quiet", through: sluice)
            try await tab.open()

            // The gateway says nothing until it is told to.
            try await tab.tells("open", times: 1)
            #expect(tab.count("tick") == 0)
            #expect(gateway.reporter.lines("opened").count == 1)
            let line = try await sluice.log("stream_opened")
            #expect(line["protocol"] == "h2")
            gateway.speak()
            try await tab.tells("tick", times: 1)
            try await sluice.expectSoundEnd()
        }
    }
}
