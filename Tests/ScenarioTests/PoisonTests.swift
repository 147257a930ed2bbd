import DemoGateway
import Foundation
import Reactor
import TestSupport
import Testing

extension Scenarios {
    @Suite("Requests that a gateway fails for one client, and for all")
    struct PoisonTests {
        /// What a gateway does with a request for `/poison/KIND`.
        private static let kinds = ["close", "reset", "garbage", "half", "unasked", "silence"]

        /// Answers `text`, but for requests of which `isPoison` says otherwise.
        private static func gateway(
            _ text: String, on port: UInt16 = 0,
            poison isPoison: @escaping @Sendable (String) -> Bool = { $0.contains("/poison/") }
        ) throws -> RawGateway {
            try RawGateway(on: port) { peer in
                while let head = peer.readHead() {
                    guard isPoison(head) else {
                        peer.send(
                            "HTTP/1.1 200 OK\r\ncontent-length: \(text.utf8.count)\r\n\r\n\(text)")
                        continue
                    }
                    let kind = head.split(separator: " ")[1].split(separator: "/").last
                    switch kind {
                    case "reset": return peer.reset()
                    case "garbage": peer.send("HTTP/1.1 abc\r\n\r\n")
                    case "half": peer.send("HTTP/1.1 200 OK\r\ncontent-")
                    case "unasked": peer.send("HTTP/1.1 101 Go\r\nupgrade: x\r\n\r\n")
                    case "silence":
                        if head.hasPrefix("POST") { _ = peer.read(1) }
                        _ = peer.readsEnd()
                    case _: break
                    }
                    return peer.close()
                }
            }
        }

        private static func options(_ gateways: [String], _ health: String) -> SluiceOptions {
            SluiceOptions {
                $0.workers = 1
                $0.usesTLS = false
                $0.gateways = gateways.map { "http://\($0)" }
                $0.set("gateway", "response_timeout: 200ms")
                $0.set("gateway", "health: { \(health) }")
                $0.set("trusted_proxies", "- 127.0.0.0/8")
            }
        }

        /// Sluice, and two gateways for as long.
        private struct Pair {
            let sluice: SluiceProcess
            let gateways: [RawGateway]
        }

        private func pair(
            _ health: String = "failures_max: 3, retry_after: 1h",
            poison: @escaping @Sendable (String) -> Bool = { $0.contains("/poison/") }
        ) async throws -> Pair {
            let gateways = [
                try Self.gateway("first", poison: poison), try Self.gateway("second"),
            ]
            let sluice = try await SluiceProcess(
                gateway: gateways[0].address,
                options: Self.options(gateways.map(\.address.text), health))
            return Pair(sluice: sluice, gateways: gateways)
        }

        /// The answer to a client at that address, as a trusted proxy tells it.
        private func ask(
            _ sluice: SluiceProcess, _ path: String, from address: String, method: String = "GET"
        ) async throws -> Response {
            let client = sluice.client()
            defer { client.leave(.close) }
            client.request(
                method, path, fields: [("x-forwarded-for", address)],
                body: method == "POST" ? Array("x".utf8) : nil)
            return try await client.whole()
        }

        private func changes(_ sluice: SluiceProcess) -> [String] {
            sluice.lines("error").compactMap { $0["reason"] }.filter {
                $0 == "gateway_down" || $0 == "gateway_up"
            }
        }

        // MARK: One client

        @Test(
            "one client's poisoned requests take a gateway out for nobody", arguments: kinds,
            ["GET", "POST"])
        func one(kind: String, method: String) async throws {
            let pair = try await pair()

            for _ in 0..<10 {
                let answer = try await ask(
                    pair.sluice, "/poison/" + kind, from: "192.0.2.66", method: method)
                #expect(answer.status == (kind == "silence" ? 504 : 502))
            }

            #expect(try await ask(pair.sluice, "/hello", from: "192.0.2.1").text == "first")
            try await pair.sluice.expectSoundEnd()
            #expect(changes(pair.sluice).isEmpty)
        }

        @Test(
            "nor do those of one network, however it spells its addresses",
            arguments: [
                (0..<10).map { "2001:db8:0:1::\(String($0, radix: 16))" },
                (0..<10).map { "2001:DB8::1:\($0):0:0:0" },
                [
                    "192.0.2.66", "::ffff:192.0.2.66", "::ffff:c000:242", "192.0.2.66:1",
                    "192.0.2.66:2",
                ],
            ])
        func network(addresses: [String]) async throws {
            let pair = try await pair()

            for address in addresses {
                _ = try await ask(pair.sluice, "/poison/close", from: address)
            }

            #expect(try await ask(pair.sluice, "/hello", from: "192.0.2.1").text == "first")
            try await pair.sluice.expectSoundEnd()
            #expect(changes(pair.sluice).isEmpty)
        }

        @Test func `nor when a failure of one request is one too many`() async throws {
            let pair = try await pair("failures_max: 1, retry_after: 1h")
            for _ in 0..<5 { _ = try await ask(pair.sluice, "/poison/reset", from: "192.0.2.66") }

            #expect(try await ask(pair.sluice, "/hello", from: "192.0.2.1").text == "first")
            try await pair.sluice.expectSoundEnd()
            #expect(changes(pair.sluice).isEmpty)
        }

        @Test func `taken in turn, none is taken out`() async throws {
            let gateways = try ["a", "b", "c"].map { try Self.gateway($0) }
            var options = Self.options(
                gateways.map(\.address.text), "failures_max: 2, retry_after: 1h")
            options.set("gateway", "pick: round_robin")
            let sluice = try await SluiceProcess(gateway: gateways[0].address, options: options)

            for _ in 0..<30 { _ = try await ask(sluice, "/poison/close", from: "192.0.2.66") }
            var texts: Set<String> = []
            for _ in 0..<3 {
                texts.insert(try await ask(sluice, "/hello", from: "192.0.2.1").text)
            }

            #expect(texts == ["a", "b", "c"])
            try await sluice.expectSoundEnd()
            #expect(changes(sluice).isEmpty)
        }

        // MARK: Several

        @Test("what fails for several clients is left out", arguments: kinds)
        func several(kind: String) async throws {
            let pair = try await pair { !$0.contains("/none/") }

            for client in 1...3 {
                _ = try await ask(pair.sluice, "/poison/" + kind, from: "192.0.2.\(client)")
            }
            let down = try await pair.sluice.log("error") { $0["reason"] == "gateway_down" }

            #expect(
                down["detail"]?.hasPrefix("http://\(pair.gateways[0].address.text): gateway_")
                    == true)
            for client in 1...3 {
                #expect(
                    try await ask(pair.sluice, "/hello", from: "192.0.2.\(client)").text == "second"
                )
            }
            try await pair.sluice.expectSoundEnd()
            #expect(changes(pair.sluice) == ["gateway_down"])
        }

        @Test func `what it answers to others outweighs what it fails for a few`()
            async throws
        {
            let pair = try await pair()

            for round in 0..<10 {
                _ = try await ask(pair.sluice, "/poison/close", from: "192.0.2.\(100 + round)")
                for _ in 0..<3 {
                    #expect(try await ask(pair.sluice, "/hello", from: "192.0.2.1").text == "first")
                }
            }

            try await pair.sluice.expectSoundEnd()
            #expect(changes(pair.sluice).isEmpty)
        }

        // MARK: The way back

        @Test("a poisoned trial keeps nobody out", arguments: ["close", "garbage", "silence"])
        func trial(kind: String) async throws {
            let port = try freePort()
            // The second one knows no poison.
            let second = try Self.gateway("second") { _ in false }
            let sluice = try await SluiceProcess(
                gateway: second.address,
                options: Self.options(
                    ["127.0.0.1:\(port)", second.address.text],
                    "failures_max: 1, retry_after: 3s"))
            #expect(try await ask(sluice, "/hello", from: "192.0.2.1").text == "second")
            let first = try Self.gateway("first", on: port)

            let poison = "/poison/" + kind
            while first.heads.isEmpty { _ = try await ask(sluice, poison, from: "192.0.2.66") }
            for _ in 0..<5 { _ = try await ask(sluice, poison, from: "192.0.2.66") }
            let poisoned = first.heads.count
            let answer = try await ask(sluice, "/hello", from: "192.0.2.1")

            #expect(answer.text == "first")
            #expect(poisoned == 1, "a client whose trial failed gets no other one")
            try await sluice.expectSoundEnd()
            #expect(changes(sluice) == ["gateway_down", "gateway_up"])
        }
    }
}
