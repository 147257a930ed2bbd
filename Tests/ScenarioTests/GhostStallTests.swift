import DemoGateway
import Foundation
import TestSupport
import Testing

/// Events of 1 KB, so many bytes of them.
private func flood(_ byteCount: Int) -> [UInt8] {
    let event = Array("data: \(String(repeating: "x", count: 1016))\n\n".utf8)
    return Array(repeatElement(event, count: byteCount / event.count).joined())
}

extension Scenarios {
    @Suite("Clients that stall, crawl or sleep")
    struct GhostStallTests {
        @Test(
            "K03: stalled readers by the hundred cost little and are closed, the others get all",
            .enabled(if: GhostNetwork.isPossible, Comment(rawValue: GhostNetwork.isNeeded)))
        func stalledReaders() async throws {
            let count = Scale.pick(small: 50, normal: 200, full: 1000)
            // Over a wire the kernel keeps some 100 KB for each; over the loopback device it would
            // be megabytes.
            let stage = try await GhostStage(.silent) { $0.set("limits", "write_timeout: 3s") }
            let canaries = try (0..<5).map { try stage.stream("canary-\($0)") }
            let stalled = try (0..<count).map {
                try stage.stream("stalled-\($0)", over: .second, receiveBuffer: 2304)
            }
            for client in canaries + stalled { _ = try await client.head() }
            for client in stalled { client.pause() }
            let memory = stage.sluice.child.residentKiB

            let bytes = flood(1_048_576)
            stage.gateway.broadcast(bytes)

            for canary in canaries {
                try await canary.until("all of it") { $0.responses.last?.bodyCount == bytes.count }
                #expect(canary.response?.checksum == Checksum(bytes))
            }
            try await stage.sluice.log("stream_closed", count: count)
            let lines = stage.sluice.lines("stream_closed")
            #expect(lines.allSatisfy { $0["reason"] == "slow_consumer" })
            #expect(lines.allSatisfy { $0["user"]?.hasPrefix("stalled") == true })
            #expect(Set(lines.map { $0["user"] }).count == count)
            // One read for each, and something for the process itself.
            let growth = stage.sluice.child.peakResidentKiB - memory
            #expect(growth < 32 * count + 8192, "\(growth) KiB for \(count)")
            try await stage.untilGateway("the canaries alone") { $0.streamCount == 5 }
            for (number, canary) in canaries.enumerated() {
                try await stage.tell(canary, of: "canary-\(number)", 0..<10)
            }
            try await stage.sluice.expectSoundEnd()
        }

        /// A client that does not read, though its kernel answers every probe of the window.
        struct Stall: Sendable, CustomTestStringConvertible {
            let writeTimeout: String
            let deadPeerTimeout: String
            /// How much the gateway sends: more than the kernel keeps, or less.
            let byteCount: Int
            let reason: String

            var testDescription: String {
                "write \(writeTimeout), dead peer \(deadPeerTimeout), \(byteCount) bytes"
            }
        }

        @Test(
            "K04: a window that stays at zero ends at a deadline, whoever keeps the bytes",
            arguments: [
                Stall(
                    writeTimeout: "1s", deadPeerTimeout: "10m", byteCount: 20_000_000,
                    reason: "slow_consumer"),
                Stall(
                    writeTimeout: "10m", deadPeerTimeout: "1s", byteCount: 20_000_000,
                    reason: "client_closed"),
                Stall(
                    writeTimeout: "10m", deadPeerTimeout: "1s", byteCount: 200_000,
                    reason: "client_closed"),
            ])
        func zeroWindow(stall: Stall) async throws {
            let stage = try await Stage(.silent) {
                $0.set("limits", "write_timeout: \(stall.writeTimeout)")
                $0.set("limits", "dead_peer_timeout: \(stall.deadPeerTimeout)")
            }
            let canary = try await stage.sluice.openStream("canary")
            let stalled = stage.sluice.stream("alice", receiveBuffer: 2304)
            _ = try await stalled.head()
            stalled.pause()

            stage.gateway.gateway.send([flood(stall.byteCount)], to: "alice")

            let line = try await stage.sluice.log("stream_closed")
            #expect(line["user"] == "alice")
            #expect(line["reason"] == stall.reason)
            try await stage.gateway.until("the canary alone") { $0.openStreams() == ["canary": 1] }
            #expect(canary.isOpen && stalled.isOpen)
            try await stage.expectSoundEnd()
        }

        @Test func `K05: a client that takes a byte now and then holds nobody up, and is closed`()
            async throws
        {
            let stage = try await Stage(.silent) {
                $0.workers = 1
                $0.usesTLS = false
                $0.set("limits", "write_timeout: 1s")
            }
            let canary = try await stage.sluice.openStream("canary")
            let crawler = try GhostReader("alice", of: stage.sluice)
            try await stage.gateway.until("both") { $0.streamCount == 2 }
            stage.gateway.gateway.send([flood(20_000_000)], to: "alice")

            // A byte for each event of the canary, until that is over.
            var (number, taken) = (0, 0)
            while stage.sluice.count("stream_closed") == 0, number < 15_000 {
                if crawler.takeByte() { taken += 1 }
                let text = "\(number)"
                stage.gateway.gateway.publish(to: "canary", event: "message", data: text)
                _ = try await canary.event { $0.data == text }
                number += 1
                // Time itself is what is tested here.
                try await Task.sleep(for: .milliseconds(10))
            }

            let line = try await stage.sluice.log("stream_closed")
            #expect(line["user"] == "alice")
            #expect(line["reason"] == "slow_consumer")
            #expect(taken > 10)
            #expect(canary.response?.events.map(\.data) == (0..<number).map { "\($0)" })
            try await stage.expectSoundEnd()
        }

        @Test func `K09: a client that slept comes back with its last id, and misses nothing`()
            async throws
        {
            var profile = DemoGatewayProfile.silent
            profile.sendsIDs = true
            let stage = try await Stage(profile) { $0.set("limits", "write_timeout: 1s") }
            let sleeper = try GhostSleeper(stage.sluice.address.text)
            try await stage.gateway.streams(1)
            stage.gateway.gateway.publish(to: "alice", event: "message", data: "first")
            try await sleeper.until("the first event") { $0.contains("data: first") }
            try await sleeper.child.freeze()

            // More than the kernels keep.
            let text = String(repeating: "x", count: 100_000)
            for _ in 0..<200 {
                stage.gateway.gateway.publish(to: "alice", event: "message", data: text)
            }
            let line = try await stage.sluice.log("stream_closed")
            #expect(line["reason"] == "slow_consumer")
            try await stage.gateway.streams(0)
            stage.gateway.gateway.publish(to: "alice", event: "message", data: "last")
            sleeper.child.signal(SIGCONT)
            // It has what the kernel kept, and knows that this was not all.
            #expect(try await sleeper.child.waitForExit() != .code(0))
            let seen = try #require(sleeper.lastID)

            let back = try await stage.sluice.openStream(
                "alice", fields: [("last-event-id", "\(seen)")])
            _ = try await back.event { $0.data == "last" }

            let ids = (back.response?.events ?? []).compactMap { $0.id.flatMap(Int.init) }
            #expect(seen >= 1 && ids == Array((seen + 1)...202))
            try await stage.expectSoundEnd()
        }
    }
}
