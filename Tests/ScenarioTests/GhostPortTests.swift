import DemoGateway
import Foundation
import Reactor
import TestSupport
import Testing

extension GhostNetwork {
    /// Sets a parameter of the kernel for the end inside alone.
    func set(_ name: String, to value: String) async throws {
        let child = try ChildProcess(entrance + ["sysctl", "-w", "\(name)=\(value)"])
        guard try await child.waitForExit() == .code(0) else {
            throw Failure(description: "\(name): \(child.errors)")
        }
    }
}

extension Scenarios {
    @Suite("A network that is short of ports, memory or luck")
    struct GhostPortTests {
        private static let portCount = 4

        @Test(
            "R06: without a port of ours left it is a 503, and passes by itself",
            .enabled(if: GhostNetwork.isPossible, Comment(rawValue: GhostNetwork.isNeeded)))
        func noPorts() async throws {
            let stage = try await GhostStage { $0.workers = 1 }
            try await stage.network.set("net.ipv4.ip_local_port_range", to: "20000 20003")
            var clients: [TestClient] = []
            for number in 0..<Self.portCount {
                clients.append(try await stage.openStream("user-\(number)"))
            }

            let refused = try stage.stream("late")
            let answer = try await refused.whole()

            #expect(answer.status == 503)
            #expect(answer.all("retry-after").count == 1)
            #expect(answer.text == #"{"error":"exhausted","fault":"sluice"}"#)
            let line = try await stage.sluice.log("error") { $0["reason"] != "settings" }
            #expect(line["reason"] == "exhausted")
            #expect(line["fault"] == "sluice")
            #expect(line["detail"]?.hasPrefix("connect: ") == true)
            #expect(stage.gateway.streamCount == Self.portCount)
            try await stage.tell(clients[1], of: "user-1", 0..<5)

            // A reset leaves no port behind that waits.
            stage.gateway.closeStreams(ofUser: "user-0", resetting: true)
            try await clients[0].end()
            let back = try await stage.openStream("user-0")
            try await stage.tell(back, of: "user-0", 0..<5)
            #expect(stage.sluice.lines("error") { $0["reason"] == "exhausted" }.count == 1)
            try await stage.sluice.expectSoundEnd()
        }

        @Test(
            "R06: ports are counted by destination, so another gateway still has some",
            .enabled(if: GhostNetwork.isPossible, Comment(rawValue: GhostNetwork.isNeeded)))
        func portsOfAnother() async throws {
            let stage = try await GhostStage { $0.workers = 1 }
            let second = SocketAddress(ip: stage.network.near(.second), port: 0)
            let other = try DemoGateway(listening: #require(second), profile: .quiet)
            let urls = "[http://\(stage.gateway.address.text), http://\(other.address.text)]"
            let settings = try stage.sluice.folder.read("sluice.yaml").replacingOccurrences(
                of: "url: http://\(stage.gateway.address.text)", with: "url: \(urls)")
            try stage.sluice.folder.write(settings, to: "sluice.yaml")
            #expect(try await stage.sluice.reload().event == "reload")
            try await stage.network.set("net.ipv4.ip_local_port_range", to: "20000 20003")

            // Whichever is the best one, the other takes what it cannot.
            for number in 0..<2 * Self.portCount {
                _ = try await stage.openStream("user-\(number)")
            }

            #expect(stage.gateway.streamCount == Self.portCount)
            #expect(other.streamCount == Self.portCount)
            let refused = try stage.stream("late")
            #expect(try await refused.whole().status == 503)
            // It is not their fault, and they are not left out for it.
            #expect(stage.sluice.lines("error") { $0["reason"] == "gateway_down" }.isEmpty)
            try await stage.sluice.expectSoundEnd()
        }

        @Test(
            "R07: with hardly any memory for sockets, every byte passes all the same",
            .enabled(if: GhostNetwork.isPossible, Comment(rawValue: GhostNetwork.isNeeded)))
        func tinySocketBuffers() async throws {
            let stage = try await GhostStage()
            try await stage.network.set("net.ipv4.tcp_wmem", to: "4096 4096 4096")
            try await stage.network.set("net.ipv4.tcp_rmem", to: "4096 4096 4096")
            let canary = try await stage.openStream("canary")
            let count = 2_000_000

            let down = try (0..<5).map { _ in try stage.client() }
            for client in down { client.request("GET", "/big?bytes=\(count)") }
            let up = try (0..<5).map { _ in try stage.client() }
            for client in up {
                client.send(
                    "POST /upload HTTP/1.1\r\nhost: a\r\ncontent-length: \(count)\r\n\r\n",
                    answering: "POST")
                client.sendPattern(count, chunked: false)
            }
            try await stage.tell(canary, of: "canary", 0..<20)

            let sum = Checksum(pattern: count)
            for client in down { #expect(try await client.whole().checksum == sum) }
            let said = #"{"count":\#(count),"checksum":"\#(String(sum.value, radix: 16))"}"#
            for client in up { #expect(try await client.whole().text == said) }
            #expect(stage.sluice.lines("error") { $0["reason"] != "settings" }.isEmpty)
            try await stage.sluice.expectSoundEnd()
        }

        @Test(
            "K10: a path that swallows large packets holds up what is large, and loses nothing",
            .enabled(if: GhostNetwork.isPossible, Comment(rawValue: GhostNetwork.isNeeded)))
        func blackHole() async throws {
            let stage = try await GhostStage()
            let large = try await stage.openStream("large")
            let small = try await stage.openStream("small")
            // Nobody is told that packets of the agreed size do not fit any more.
            try await stage.network.setNearMTU(1000)
            let padding = String(repeating: "x", count: 1200)
            stage.gateway.publish(to: "large", event: "message", data: padding)
            try await stage.tell(small, of: "small", 0..<20)
            #expect(large.response?.events.contains { $0.data == padding } == false)

            for number in 0..<5 {
                stage.gateway.publish(to: "large", event: "message", data: "\(number)")
            }
            try await stage.network.setNearMTU(1500)

            _ = try await large.event { $0.data == "4" }
            let heard = (large.response?.events ?? []).map(\.data)
            #expect(heard.suffix(6) == [padding] + (0..<5).map(String.init))
            #expect(small.numbers == Array(0..<20))
            #expect(stage.sluice.count("stream_closed") == 0)
            try await stage.sluice.expectSoundEnd()
        }

        @Test(
            "K10: a wire that loses what is sent now and then costs time alone",
            .enabled(if: GhostNetwork.isPossible, Comment(rawValue: GhostNetwork.isNeeded)))
        func lossyWire() async throws {
            let stage = try await GhostStage()
            let near = try await stage.openStream("near")
            let far = try await stage.openStream("far", over: .second)
            let count = 10_000_000
            let download = try stage.client(over: .second)
            download.request("GET", "/big?bytes=\(count)")

            // What is on its way at each cut is lost.
            for round in 0..<20 {
                try await stage.network.cut(.second)
                for number in 0..<5 {
                    let text = "number \(round * 5 + number)"
                    stage.gateway.publish(to: nil, event: "message", data: text)
                    _ = try await near.event { $0.data == text }
                }
                try await stage.network.mend(.second)
            }

            try await far.until("all of it") { $0.responses.last?.events.last?.data == "number 99" }
            #expect(far.numbers == Array(0..<100))
            #expect(near.numbers == Array(0..<100))
            let whole = try await download.whole()
            #expect(whole.checksum == Checksum(pattern: count))
            #expect(stage.sluice.lines("error") { $0["reason"] != "settings" }.isEmpty)
            try await stage.sluice.expectSoundEnd()
        }
    }
}

extension GhostStage {
    /// A client that has asked for nothing yet.
    fileprivate func client(over wire: GhostNetwork.Wire = .first) throws -> TestClient {
        let address = SocketAddress(ip: network.far(wire), port: sluice.address.port)
        return TestClient(to: try #require(address), security: .none)
    }
}
