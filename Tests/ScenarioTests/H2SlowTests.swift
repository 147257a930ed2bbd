import DemoGateway
import TestSupport
import Testing

extension Scenarios {
    @Suite("Clients of HTTP/2 that read late or never")
    struct H2SlowTests {
        @Test func `K12: stalled streams hold nobody else up`() async throws {
            let count = Scale.pick(small: 20, normal: 100, full: 100)
            let siege = try await H2Siege()
            let client = try await siege.hostile { $0.widensStreams = false }
            let stalled = (0..<count).map { _ in client.request("GET", "/big?bytes=300000") }
            for exchange in stalled {
                try await exchange.until("a window full") { $0.response?.bodyCount == 65_535 }
            }

            let healthy = try await client.openStream("healthy")
            for number in 1...20 {
                siege.stage.gateway.gateway.publish(
                    to: "healthy", event: "Generic", data: "event \(number)")
                _ = try await healthy.event { $0.data == "event \(number)" }
            }

            // Each of them goes on when it is read again.
            for exchange in stalled { client.send(.windowUpdate(exchange.id, by: 300_000)) }
            for exchange in stalled {
                #expect(try await exchange.whole().checksum == Checksum(pattern: 300_000))
            }
            #expect(healthy.response?.events.count == 21)
            try await siege.expectUnharmed(requests: count + 1)
        }

        @Test func `F11: a window that never opens ends its stream, and no other`() async throws {
            let siege = try await H2Siege { $0.set("limits", "write_timeout: 1s") }
            let client = try await siege.hostile {
                $0.settings = [(.initialWindowSize, 0)]
                $0.widensStreams = false
            }
            let stalled = client.request("GET", "/big?bytes=10000")
            #expect(try await stalled.head().status == 200)
            let healthy = try await client.openStream("healthy")
            client.send(.windowUpdate(healthy.id, by: 100_000))
            siege.stage.gateway.gateway.publish(to: "healthy", event: "Generic", data: "one")
            _ = try await healthy.event { $0.data == "one" }

            let code = try await stalled.reset()

            #expect(code != .noError)
            #expect(stalled.now?.dataLengths.isEmpty == true)
            let line = try await siege.sluice.log("error") { $0["reason"] == "slow_consumer" }
            #expect(line["fault"] == "client")
            siege.stage.gateway.gateway.publish(to: "healthy", event: "Generic", data: "two")
            _ = try await healthy.event { $0.data == "two" }
            #expect(client.isOpen)
            try await siege.expectUnharmed(requests: 2)
        }

        @Test func `F12: windows that are open on a socket that nobody reads`() async throws {
            let siege = try await H2Siege { $0.set("limits", "write_timeout: 1s") }
            let client = try await siege.hostile {
                $0.settings = [(.initialWindowSize, 0x7fff_ffff)]
                $0.receiveBuffer = 2304
            }
            client.send(.windowUpdate(0, by: 0x7fff_0000))
            try await client.settled()
            client.pause()

            for _ in 0..<50 { client.request("GET", "/big?bytes=100000000") }

            let line = try await siege.sluice.log("error") { $0["reason"] == "slow_consumer" }
            #expect(line["fault"] == "client")
            try await siege.stage.gateway.until("one connection") { $0.openConnections == 1 }
            client.resume()
            #expect(try await client.end() == .reset)
            try await siege.expectUnharmed(requests: 50)
        }

        @Test func `F12: a window that opens by single bytes is used, and costs no memory`()
            async throws
        {
            let siege = try await H2Siege()
            let client = try await siege.hostile {
                $0.settings = [(.initialWindowSize, 0)]
                $0.widensStreams = false
            }
            let exchanges = (0..<20).map { _ in client.request("GET", "/big?bytes=100000") }
            for exchange in exchanges { _ = try await exchange.head() }

            for _ in 0..<50 {
                for exchange in exchanges { client.send(.windowUpdate(exchange.id, by: 1)) }
            }

            for exchange in exchanges {
                try await exchange.until("fifty bytes") { $0.response?.bodyCount == 50 }
                exchange.cancel()
            }
            try await siege.stage.gateway.until("one connection") { $0.openConnections == 1 }
            try await siege.expectUnharmed(requests: 20)
        }

        @Test func `F06 F12: by single bytes nobody keeps a stream for ever`() async throws {
            let siege = try await H2Siege { $0.set("limits", "write_timeout: 1s") }
            let client = try await siege.hostile {
                $0.settings = [(.initialWindowSize, 0)]
                $0.widensStreams = false
            }
            let exchange = client.request("GET", "/big?bytes=100000")
            _ = try await exchange.head()

            while exchange.now?.reset == nil, client.isOpen {
                client.send(.windowUpdate(exchange.id, by: 1))
                // The pace of the client is what is tested here.
                try await Task.sleep(for: .milliseconds(50))
            }

            let line = try await siege.sluice.log("error") { $0["reason"] == "slow_consumer" }
            #expect(line["fault"] == "client")
            try await siege.stage.gateway.until("one connection") { $0.openConnections == 1 }
            #expect(client.isOpen)
            try await siege.expectUnharmed(requests: 1)
        }

        @Test func `F11: a stream whose reset cannot leave is told of once`() async throws {
            let count = 20
            let siege = try await H2Siege { $0.set("limits", "write_timeout: 2s") }
            let client = try await siege.hostile {
                $0.settings = [(.initialWindowSize, 0)]
                $0.widensStreams = false
                $0.receiveBuffer = 2304
            }
            client.send(.windowUpdate(0, by: 0x7fff_0000))
            let stalled = (0..<count).map { _ in client.request("GET", "/big?bytes=100000") }
            for exchange in stalled { _ = try await exchange.head() }
            // Later, so that their patience ends first, somebody fills the socket and does not read.
            try await Task.sleep(for: .seconds(1))
            let filler = client.request("GET", "/big?bytes=100000000")
            _ = try await filler.head()
            client.pause()
            client.send(.windowUpdate(filler.id, by: 0x7fff_0000))

            try await siege.stage.gateway.until("one connection") { $0.openConnections == 1 }
            client.resume()
            try await client.end()

            let lines = siege.sluice.lines("error") { $0["reason"] == "slow_consumer" }
            #expect((1...count + 2).contains(lines.count), "\(lines.count)")
            try await siege.expectUnharmed(requests: count + 1)
        }

        @Test func `F09: a window that opens by single bytes, all at once, ends the connection`()
            async throws
        {
            let siege = try await H2Siege()
            let client = try await siege.hostile {
                $0.settings = [(.initialWindowSize, 0)]
                $0.widensStreams = false
            }
            let exchange = client.request("GET", "/big?bytes=1000000")
            _ = try await exchange.head()

            client.send(
                (0..<20_000).flatMap { _ in H2Frame.windowUpdate(exchange.id, by: 1).bytes() })

            #expect(try await client.goAway() == .enhanceYourCalm)
            // What it opened before was used by many bytes at a time.
            #expect((exchange.now?.dataLengths.count ?? 0) < 1000)
            try await siege.expectLogged("h2_control_flood")
            try await siege.expectUnharmed(requests: 1)
        }

        @Test func `F23: what waits leaves in large frames`() async throws {
            let count = Scale.pick(small: 20, normal: 50, full: 50)
            let stage = try await Stage(.silent) {
                $0.policies = ["default.yaml": SluiceOptions.cap(100)]
            }
            let client = try await stage.sluice.h2 {
                $0.settings = [(.initialWindowSize, 0)]
                $0.widensStreams = false
            }
            var streams: [H2Exchange] = []
            for number in 1...count {
                streams.append(try await client.openStream("user-\(number)"))
            }

            // Each event in a write of its own, and nobody takes any.
            let events = 200
            let event = Array("data: 0123456789ab\n\n".utf8)
            precondition(event.count == 20)
            stage.gateway.gateway.send([[UInt8]](repeating: event, count: events), to: nil)
            // Sluice has taken all that it will: the gateway waits with the rest.
            for _ in 0..<20 { try await client.settled() }
            try await Task.sleep(for: .milliseconds(500))
            for stream in streams { client.send(.windowUpdate(stream.id, by: 1_000_000)) }

            let total = events * event.count
            for stream in streams {
                try await stream.until("everything") { $0.response?.bodyCount == total }
            }
            for stream in streams {
                let lengths = stream.now?.dataLengths ?? []
                // The last one may be the end of what waited.
                #expect(lengths.dropLast().allSatisfy { $0 >= 256 }, "\(lengths)")
                #expect(stream.response?.events.count == events)
            }
            #expect(client.isOpen)
            try await stage.expectSoundEnd()
        }

        @Test func `F23: events on a socket that is full leave in large frames`() async throws {
            let count = Scale.pick(small: 20, normal: 50, full: 50)
            let stage = try await Stage(.silent) {
                $0.policies = ["default.yaml": SluiceOptions.cap(100)]
            }
            let client = try await stage.sluice.h2 {
                $0.settings = [(.initialWindowSize, 0x7fff_ffff)]
                $0.receiveBuffer = 2304
            }
            client.send(.windowUpdate(0, by: 0x7fff_0000))
            var streams: [H2Exchange] = []
            for number in 1...count {
                streams.append(try await client.openStream("user-\(number)"))
            }
            let filler = client.request("GET", "/big?bytes=100000000")
            _ = try await filler.head()
            client.pause()

            let events = 200
            let event = Array("data: 0123456789ab\n\n".utf8)
            stage.gateway.gateway.send([[UInt8]](repeating: event, count: events), to: nil)
            try await Task.sleep(for: .milliseconds(500))
            client.resume()
            filler.cancel()

            let total = events * event.count
            for stream in streams {
                try await stream.until("everything") { $0.response?.bodyCount == total }
            }
            let lengths = streams.flatMap { $0.now?.dataLengths.dropLast() ?? [] }
            let small = lengths.count { $0 < 256 }
            // Some left before the socket was full.
            #expect(small * 10 <= streams.count * events, "\(small) of \(lengths.count)")
            for stream in streams { #expect(stream.response?.events.count == events) }
            try await stage.expectSoundEnd()
        }
    }
}
