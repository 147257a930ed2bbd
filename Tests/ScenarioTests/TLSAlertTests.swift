import TLS
import TestSupport
import Testing

extension Scenarios {
    /// RFC 8446, section 6.2: who ends a handshake says so.
    @Suite("Handshakes that are too long end with an alert")
    struct TLSAlertTests {
        /// A hello that is refused for its length alone.
        struct Hello: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let bytes: [UInt8]

            init(_ name: String, _ bytes: [UInt8]) { (testDescription, self.bytes) = (name, bytes) }

            static let all = [
                Hello("70 KB", ClientHello.long(70_000)),
                Hello("100 KB", ClientHello.long(100_000)),
                Hello("128 KB", ClientHello.long(131_000)),
                Hello("128 KB of TLS 1.2", ClientHello.long(131_000, offersTLS13: false)),
                Hello("more than OpenSSL takes", ClientHello.long(131_397)),
                Hello("16 MB, if one believes it", ClientHello.long(0xFF_FFFF)),
                Hello("12 KB in records of a byte", ClientHello.long(12_000, inRecordsOf: 1)),
                Hello("half a megabyte of records without a byte", emptyRecords),
                Hello(
                    "70 KB, and a megabyte of what nobody reads",
                    ClientHello.long(70_000) + [UInt8](repeating: 0, count: 1 << 20)),
            ]

            private static let emptyRecords =
                Array(ClientHello.long(12_000).prefix(1000))
                + (0..<100_000).flatMap { _ in [22, 3, 1, 0, 0] as [UInt8] }
        }

        @Test("T04: a hello that is too long gets an alert, and then FIN", arguments: Hello.all)
        func hello(_ hello: Hello) async throws {
            let stage = try await Stage()
            let canary = try await stage.sluice.openStream("canary")
            let stranger = stage.sluice.rawClient()

            stranger.send(hello.bytes)

            #expect(try await stranger.end() == .fin)
            // One record, and in it one fatal alert.
            let raw = stranger.now.raw
            #expect(raw.count == 7 && raw.prefix(2) == [21, 3], "\(raw)")
            #expect(raw.dropFirst(3).prefix(3) == [0, 2, 2], "\(raw)")
            let line = try await stage.sluice.log("error")
            #expect(line["fault"] == "client")
            #expect(line["reason"]?.hasPrefix("tls_") == true)
            stage.gateway.gateway.publish(to: "canary", event: "Generic", data: "alive")
            _ = try await canary.event { $0.data == "alive" }
            try await stage.expectSoundEnd()
        }

        /// How many certificates a client shows, and with how long a hello.
        static let chains = [(150, 0), (200, 0), (1000, 0), (90, 40_000)]

        @Test(
            "T18: a client with too many certificates hears of it by an alert",
            arguments: TLSVersion.allCases, chains)
        func certificates(version: TLSVersion, chain: (count: Int, hello: Int)) async throws {
            let authority = try await ClientAuthority()
            let alice = try await authority.issue("alice", subject: "/CN=alice")
            let long = try authority.chain(
                alice, behind: [String](repeating: alice.chain, count: chain.count), as: "long")
            let stage = try await Stage {
                $0.clientCertificates = "{ authorities: \(authority.path) }"
                $0.tokenPlaces = ["certificate"]
            }
            let offers = (0..<chain.hello / 100).map {
                "\($0)" + String(repeating: "p", count: 95)
            }
            let client = try stage.sluice.client(
                showing: long, maxVersion: version, protocols: offers + ["http/1.1"])
            client.request("GET", "/hello")

            let end = try await client.end()

            guard case .failed(let reason) = end else {
                Issue.record("\(end)")
                return
            }
            #expect(reason.hasPrefix("tls_peer_alert"), "\(reason)")
            let line = try await stage.sluice.log("error")
            #expect(line["reason"] == "tls_flood")
            #expect(line["detail"]?.isEmpty == false)
            #expect(stage.gateway.gateway.requestCount == 0)
            try await stage.expectSoundEnd()
        }
    }
}
