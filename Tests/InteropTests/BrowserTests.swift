import Foundation
import TestSupport
import Testing

extension RealSoftware {
    /// Closed stays closed, for those who come back by themselves.
    @Suite("Real browsers")
    struct BrowserTests {
        /// One stream for each user, and little patience for those who wait.
        private func sluice(_ gateway: UvicornGateway) async throws -> SluiceProcess {
            try await SluiceProcess(
                gateway: gateway.address,
                options: SluiceOptions {
                    $0.set("streams", "evicted_retry: 500ms")
                    $0.set("streams", "evicted_retry_max: 1s")
                })
        }

        @Test(arguments: Browser.Kind.allCases)
        func `the older of two tabs sleeps until the newer one closes, and wins by a reload`(
            kind: Browser.Kind
        ) async throws {
            let gateway = try await UvicornGateway()
            let sluice = try await sluice(gateway)
            let browser = try await Browser(kind)
            let first = browser.tab("first", through: sluice)
            let second = browser.tab("second", through: sluice)
            try await first.open()
            try await first.hears(stream: 1)
            try await second.open()
            try await second.hears(stream: 2)
            try await gateway.closed(1)

            // The first is told, and then asks three times without a word to the gateway.
            try await first.tells("evicted", times: 4)
            #expect(gateway.connects == 2)
            let words = first.lines("evicted").compactMap { $0["data"] }
            #expect(words.first?.contains(#""reason":"superseded""#) == true)
            #expect(words.dropFirst().allSatisfy { $0.contains(#""reason":"standby""#) })

            // The slot is free: the next time that it asks it is let in, and goes on where it was.
            try await second.close()
            try await gateway.closed(2)
            let rounds = first.count("evicted")
            try await first.hears(stream: 3)
            // One answer may have been under way, and one report.
            #expect(first.count("evicted") <= rounds + 2)

            // Somebody who reloads wants the stream here and now.
            try await second.open()
            try await second.hears(stream: 4)
            try await first.tells("evicted", times: first.count("evicted") + 1)
            try await first.reload()
            try await first.hears(stream: 5)
            try await second.tells("evicted", times: 2)

            #expect(gateway.connects == 5)
            for tab in [first, second] {
                #expect(tab.lines("gap").isEmpty)
                #expect(tab.lines("message").isEmpty)
                #expect(tab.lines("error").allSatisfy { $0.number("ready_state") == 0 })
            }
            try await sluice.expectSoundEnd()
            #expect(sluice.count("evict") == 3)
        }

        @Test(arguments: [(Browser.Kind.chromium, 5), (.chromium, 8), (.firefox, 5)])
        func `tabs that open at once settle on the newest`(
            kind: Browser.Kind, count: Int
        ) async throws {
            let gateway = try await UvicornGateway()
            let sluice = try await sluice(gateway)
            let browser = try await Browser(kind)
            let tabs = (1...count).map { browser.tab("tab \($0)", through: sluice) }

            for tab in tabs { tab.beginOpening() }

            // All but one are told, and ask at least three times.
            _ = try await browser.reporter.child.bulletin.first("\(count - 1) sleeping tabs") {
                tabs.filter { $0.count("evicted") >= 4 }.count == count - 1 ? true : nil
            }
            let winner = try #require(tabs.first { $0.count("evicted") == 0 })
            try await winner.tells("tick", times: winner.count("tick") + 1)
            #expect(winner.lines("gap").isEmpty)
            #expect(gateway.connects == count)
            try await sluice.log("evict", count: count - 1)
            try await sluice.log("stream_closed", count: count - 1)
            try await sluice.log("stream_opened", count: count)
            let newest = try #require(sluice.lines("stream_opened").last?["stream"])
            let closed = sluice.lines("stream_closed").map { $0["stream"] }
            #expect(closed.count == count - 1)
            #expect(!closed.contains(newest))
            try await sluice.expectSoundEnd()
        }

        @Test(arguments: Browser.Kind.allCases)
        func `a page that is left and gone back to has one stream`(kind: Browser.Kind) async throws
        {
            let gateway = try await UvicornGateway()
            let sluice = try await sluice(gateway)
            let browser = try await Browser(kind)
            let tab = browser.tab("first", through: sluice)
            try await tab.open()
            try await tab.hears(stream: 1)

            // Chromium keeps the page, and its stream goes on. Firefox keeps no page that has one.
            try await tab.leave()
            if kind == .firefox { try await gateway.closed(1) }
            try await tab.goBack()
            switch kind {
            case .chromium:
                try await tab.tells("shown", times: 2)
                #expect(tab.lines("shown").last?.isTrue("persisted") == true)
                try await tab.tells("tick", times: tab.count("tick") + 1)
            case .firefox: try await tab.hears(stream: 2)
            }

            let streams = kind == .chromium ? 1 : 2
            #expect(gateway.connects == streams)
            #expect(tab.lines("gap").isEmpty)
            try await sluice.expectSoundEnd()
            #expect(sluice.count("evict") == 0)
            #expect(sluice.count("stream_opened") == streams)
        }

        @Test func `a page that Chromium keeps loses its slot, and sleeps when it is back`()
            async throws
        {
            let gateway = try await UvicornGateway()
            let sluice = try await sluice(gateway)
            let browser = try await Browser(.chromium)
            let tab = browser.tab("first", through: sluice)
            try await tab.open()
            try await tab.hears(stream: 1)

            try await tab.leave()
            let other = browser.tab("second", through: sluice)
            try await other.open()
            try await other.hears(stream: 2)
            try await gateway.closed(1)
            try await tab.goBack()

            try await tab.tells("evicted", times: 3)
            #expect(tab.lines("shown").last?.isTrue("persisted") == true)
            #expect(other.count("evicted") == 0)
            #expect(gateway.connects == 2)
            #expect(tab.lines("gap").isEmpty)
            try await sluice.expectSoundEnd()
            #expect(sluice.count("evict") == 1)
        }

        @Test func `a browser that stands still loses its slot at once, and sleeps when it wakes`()
            async throws
        {
            let gateway = try await UvicornGateway()
            let sluice = try await sluice(gateway)
            let browser = try await Browser(.chromium)
            let tab = browser.tab("first", through: sluice)
            try await tab.open()
            try await tab.hears(stream: 1)

            try await browser.freeze()
            let token = "access_token=\(Tokens.jwt(sub: "alice"))"
            let other = try Curl(sluice, "/events?\(token)")
            try await other.hears("data: 2 1")
            try await gateway.closed(1)

            try await browser.thaw()
            try await tab.tells("evicted", times: 3)
            #expect(other.isRunning)
            #expect(gateway.connects == 2)
            other.leave()
            try await tab.hears(stream: 3)
            #expect(tab.lines("gap").isEmpty)
            try await sluice.expectSoundEnd()
            #expect(sluice.count("evict") == 1)
        }
    }
}
