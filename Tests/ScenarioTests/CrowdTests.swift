import DemoGateway
import TestSupport
import Testing

extension Scenarios {
    @Suite("Crowds that come and go at once")
    struct CrowdTests {
        @Test func `K07: thousands who connect and abort leak nothing and starve nobody`()
            async throws
        {
            let rounds = Scale.pick(small: 10, normal: 50, full: 500)
            let stage = try await Stage()
            let canary = try await stage.sluice.openStream("canary")
            let before = stage.sluice.child.descriptorCount

            for round in 0..<rounds {
                // At once, in the middle of a hello, and in the middle of a request.
                var crowd: [TestClient] = []
                for number in 0..<100 {
                    let client =
                        number % 4 == 3 ? stage.sluice.client() : stage.sluice.rawClient()
                    if number % 4 == 1 { client.send([0x16, 3, 1, 2, 0, 1, 0]) }
                    if number % 4 == 3 { client.send("GET /hello HTTP/1.1\r\nhost") }
                    crowd.append(client)
                }
                for client in crowd { client.leave(.reset) }
                // Whoever comes in good faith is served between them.
                let guest = stage.sluice.client()
                guest.request("GET", "/hello")
                #expect(try await guest.whole().status == 200)
                guest.leave(.close)
                stage.gateway.gateway.publish(to: "canary", event: "message", data: "\(round)")
                _ = try await canary.event { $0.data == "\(round)" }
            }

            try await stage.gateway.until("the canary and the pool") { $0.streamCount == 1 }
            // What is still in the kernel's queue is accepted, found dead and closed.
            for _ in 0..<200 where stage.sluice.child.descriptorCount > before + 4 {
                try await Task.sleep(for: .milliseconds(50))
            }
            // Not more than the pool's connections, one or two for each worker.
            #expect(stage.sluice.child.descriptorCount <= before + 4)
            #expect(stage.sluice.lines("error") { $0["fault"] != "client" }.isEmpty)
            // They did arrive: some of them in the middle of a handshake.
            #expect(stage.sluice.lines("error") { $0["fault"] == "client" }.count >= rounds)
            #expect(canary.response?.eventCount == rounds + 1)
            try await stage.expectSoundEnd()
        }

        @Test func `U11: a gateway that restarts under many streams is told in few lines`()
            async throws
        {
            let count = Scale.pick(small: 500, normal: 1500, full: 9000)
            let old = try TestGateway()
            let sluice = try await SluiceProcess(
                gateway: old.address,
                options: SluiceOptions {
                    $0.workers = 1
                    $0.set("gateway", "streams_per_second: 10000")
                })
            var clients: [TestClient] = []
            while clients.count < count {
                let more = (0..<100).map { sluice.stream("user-\(clients.count + $0)") }
                for client in more { #expect(try await client.head().status == 200) }
                clients += more
            }
            let descriptors = sluice.child.descriptorCount

            old.gateway.stop()

            for client in clients { #expect(try await client.end() != .closeNotify) }
            try await sluice.log("stream_closed", count: count)
            let left = try await sluice.log("error") {
                $0["detail"]?.hasSuffix("more lines like these left out") == true
            }
            #expect(left["fault"] == "gateway")
            // Each stream has its closing line, and nothing else is told so often.
            #expect(sluice.count("stream_closed") == count)
            let told = sluice.lines("error") { $0["stream"] != nil }
            #expect(told.count < count)
            let sums = sluice.lines("error").compactMap { line -> Int? in
                guard line["stream"] == nil else { return nil }
                return line["detail"].flatMap { Int($0.prefix { $0.isNumber }) }
            }
            #expect(told.count + sums.reduce(0, +) == count)
            #expect(sluice.count("log_dropped") == 0)

            let new = try DemoGateway(listening: old.address, profile: .quiet)
            let back = (0..<100).map { sluice.stream("user-\($0)") }
            for client in back { #expect(try await client.head().status == 200) }
            #expect(new.streamCount == 100)
            #expect(sluice.child.descriptorCount < descriptors)
            try await sluice.expectSoundEnd()
        }
    }
}
