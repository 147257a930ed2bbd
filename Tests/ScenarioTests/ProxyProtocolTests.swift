import DemoGateway
import TestSupport
import Testing

extension Scenarios {
    @Suite("PROXY headers")
    struct ProxyProtocolTests {
        private func stage(from network: String, _ lines: [String] = []) async throws -> Stage {
            try await Stage {
                $0.usesTLS = false
                $0.listener = ["proxy_protocol: { from: [\(network)] }"] + lines
            }
        }

        private static let request = "GET /hello HTTP/1.1\r\nhost: a\r\n\r\n"

        @Test func `I11 a header in pieces names the client to the gateway`() async throws {
            let stage = try await stage(from: "127.0.0.0/8")
            let client = stage.sluice.rawClient()
            for piece in ["PROXY TC", "P4 192.0.2.7 198.51.100.1 50112 443\r", "\n"] {
                client.send(piece)
            }
            client.send(Self.request, answering: "GET")

            #expect(try await client.whole().status == 200)
            let seen = try await stage.gateway.request {
                $0.fields.contains { $0.name == "x-forwarded-for" }
            }
            #expect(seen.fields.first { $0.name == "x-forwarded-for" }?.value == "192.0.2.7")
            let line = try await stage.sluice.log("request")
            #expect(line["client"] == "192.0.2.7:50112")
            client.leave(.close)
            try await stage.expectSoundEnd()
        }

        /// A header of version 2 for IPv4, from 192.0.2.7:50112, with so much said to follow.
        private static func second(version: UInt8 = 2, length: UInt8 = 12) -> [UInt8] {
            [0x0D, 0x0A, 0x0D, 0x0A, 0, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
                + [version << 4 | 1, 0x11, 0, length]
                + [192, 0, 2, 7, 198, 51, 100, 1, 0xC3, 0xC0, 1, 0xBB]
        }

        @Test func `I11 a header of version 2 and a request in one write`() async throws {
            let stage = try await stage(from: "127.0.0.0/8")
            let client = stage.sluice.rawClient()
            client.send(Self.second() + Array(Self.request.utf8), answering: "GET")

            #expect(try await client.whole().status == 200)
            let seen = try await stage.gateway.request { $0.target == "/hello" }
            #expect(seen.all("x-forwarded-for") == ["192.0.2.7"])
            #expect(try await stage.sluice.log("request")["client"] == "192.0.2.7:50112")
            client.leave(.close)
            try await stage.expectSoundEnd()
        }

        @Test(
            "I11 without a header, or with a bad one, nothing reaches the gateway",
            arguments: [
                Array(request.utf8), Array(("PROXY TCP4 1.2.3.4 1.2.3.4 1 x\r\n" + request).utf8),
                second(version: 3) + request.utf8, second(length: 11) + request.utf8,
            ])
        func malformed(bytes: [UInt8]) async throws {
            let stage = try await stage(from: "127.0.0.0/8")
            let client = stage.sluice.rawClient()
            client.send(bytes)

            try await client.end()
            #expect(client.now.raw.isEmpty)
            try await stage.sluice.log("error") { $0["reason"] == "proxy_header_malformed" }
            #expect(stage.gateway.gateway.requestCount == 0)
            try await stage.expectSoundEnd()
        }

        @Test func `I11 a peer that is no balancer is closed`() async throws {
            let stage = try await stage(from: "192.0.2.0/24")
            let client = stage.sluice.rawClient()
            client.send("PROXY UNKNOWN\r\n" + Self.request)

            try await client.end()
            try await stage.sluice.log("error") { $0["reason"] == "proxy_peer_unknown" }
            #expect(stage.gateway.gateway.requestCount == 0)
            try await stage.expectSoundEnd()
        }

        @Test(
            "I11 where none is expected a header is garbage",
            arguments: [Array("PROXY UNKNOWN\r\n".utf8), second()])
        func unexpected(header: [UInt8]) async throws {
            let stage = try await Stage { $0.usesTLS = false }
            let client = stage.sluice.rawClient()
            client.send(header + Array(Self.request.utf8), answering: "GET")

            #expect(try await client.head().status == 400)
            try await stage.sluice.log("error") { $0["fault"] == "client" }
            #expect(stage.gateway.gateway.requestCount == 0)
            try await stage.expectSoundEnd()
        }

        @Test func `K08 an address has its share, and others theirs`() async throws {
            let stage = try await Stage {
                $0.usesTLS = false
                $0.listener = ["proxy_protocol: { from: [127.0.0.0/8] }"]
                $0.set("limits", "connections_per_address_max: 2")
            }
            func client(_ address: String) -> TestClient {
                let client = stage.sluice.rawClient()
                client.send("PROXY TCP6 \(address) ::1 1 2\r\n" + Self.request, answering: "GET")
                return client
            }
            let first = client("2001:db8::1"), second = client("2001:db8::2")
            #expect(try await first.whole().status == 200)
            #expect(try await second.whole().status == 200)

            let third = client("2001:db8::3")
            try await third.end()
            #expect(third.now.raw.isEmpty)
            try await stage.sluice.log("error") {
                $0["reason"] == "connections_per_address_max"
            }
            let other = client("2001:db8:0:1::1")
            #expect(try await other.whole().status == 200)
            for client in [first, second, other] { client.leave(.close) }
            try await stage.expectSoundEnd()
        }
    }
}
