import TestSupport
import Testing

extension RealSoftware {
    /// Closed stays closed, for those that are no browser. All of these look like an EventSource: they
    /// keep the id and wait as long as they are told, some of them twice as long.
    @Suite("Python SDKs")
    struct PythonTests {
        private let target = "/events?access_token=\(Tokens.jwt(sub: "alice"))"

        private func sluice(
            _ gateway: UvicornGateway, policy lines: String...
        ) async throws -> SluiceProcess {
            let policy = SluiceOptions.cap(1) + lines.map { "    \($0)\n" }.joined()
            return try await SluiceProcess(
                gateway: gateway.address,
                options: SluiceOptions {
                    $0.usesTLS = false
                    $0.policies = ["default.yaml": policy]
                    $0.set("streams", "evicted_retry: 200ms")
                    $0.set("streams", "evicted_retry_max: 500ms")
                })
        }

        private func newcomer(_ sluice: SluiceProcess) throws -> Curl {
            let accept = ["--header", "Accept: text/event-stream"]
            return try Curl(direct: sluice.address, target, with: accept)
        }

        @Test(arguments: PythonClient.SDK.allCases)
        func `one that is evicted sleeps until the slot is free, and goes on where it was`(
            sdk: PythonClient.SDK
        ) async throws {
            let gateway = try await UvicornGateway()
            let sluice = try await sluice(gateway)
            let client = try PythonClient(sdk, sluice, target)
            try await client.hears(stream: 1)
            let other = try newcomer(sluice)
            try await gateway.closed(1)
            try await client.reporter.lines("evicted", count: 2)
            #expect(gateway.connects == 2)
            #expect(other.isRunning)
            other.leave()

            let back = try await gateway.opened(3)
            try await client.hears(stream: 3)
            let ticks = client.reporter.lines("tick").compactMap { $0["data"] }
            let heard = ticks.filter { $0.hasPrefix("1 ") }.count
            #expect(back.number("last_event_id") == heard)
            #expect(ticks.contains("3 \(heard + 1)"))

            // The second time is like the first.
            let evictions = client.reporter.lines("evicted").count
            let another = try newcomer(sluice)
            try await gateway.closed(3)
            try await client.reporter.lines("evicted", count: evictions + 2)
            #expect(another.isRunning)
            #expect(gateway.connects == 4)
            try await sluice.expectSoundEnd()
            #expect(sluice.count("evict") == 2)
        }

        @Test(arguments: PythonClient.SDK.allCases)
        func `one that the policy knows for a fetch client asks once more, and stops`(
            sdk: PythonClient.SDK
        ) async throws {
            let gateway = try await UvicornGateway()
            let sluice = try await sluice(gateway, policy: "clients: fetch")
            // The second time, its program has been started anew, and wins.
            var others: [Curl] = []
            for first in [1, 3] {
                let client = try PythonClient(sdk, sluice, target)
                try await client.hears(stream: first)
                others.append(try newcomer(sluice))
                try await gateway.closed(first)

                let end = try await client.reporter.line("ended")
                #expect(end["error"]?.contains("409") == true)
                #expect(client.reporter.lines("evicted").count == 1)
                #expect(gateway.connects == first + 1)
            }
            #expect(others.map(\.isRunning) == [false, true])
            try await sluice.expectSoundEnd()
            #expect(sluice.count("evict") == 3)
        }
    }
}
