import Foundation
import TLS
import TestSupport
import Testing

extension Scenarios {
    @Suite("Several certificates, and many handshakes")
    struct TLSCrowdTests {
        @Test
        func
            `T08: a request for the host of another certificate is sent to a connection of its own`()
            async throws
        {
            let stage = try await Stage { $0.furtherCertificates = [["other.test"]] }
            let client = stage.sluice.client()
            let h2 = try await stage.sluice.h2()

            client.request("GET", "/hello", host: "other.test")
            #expect(try await client.whole().status == 421)
            client.request("GET", "/hello", host: "localhost")
            #expect(try await client.whole(1).status == 200)
            client.request("GET", "/hello", host: "nobody.test")
            #expect(try await client.whole(2).status == 200)
            let misdirected = h2.open(
                block: H2Header.literal(H2Header.request("GET", "/hello", authority: "other.test")))
            #expect(try await misdirected.whole().status == 421)
            #expect(try await h2.request("GET", "/hello").whole().status == 200)

            // Who names no host could never get the other certificate.
            let nameless = try stage.sluice.client(protocols: ["http/1.1"], serverName: nil)
            nameless.request("GET", "/hello", host: "other.test")
            #expect(try await nameless.whole().status == 200)
            nameless.leave(.close)

            try await stage.sluice.log("error", count: 2)
            #expect(
                stage.sluice.lines("error").map { $0["reason"] } == ["misdirected", "misdirected"])
            #expect(stage.gateway.gateway.requestCount == 4)
            client.leave(.close)
            h2.leave(.close)
            try await stage.expectSoundEnd()
        }

        @Test func `T15: half handshakes by the thousand keep nobody out`() async throws {
            let stage = try await Stage()
            let canary = try await stage.sluice.openStream("canary")
            let hello = try ClientHello.bytes()
            let count = Scale.pick(small: 300, normal: 2000, full: 2000)

            for start in stride(from: 0, to: count, by: 100) {
                let crowd = (start..<min(start + 100, count)).map { _ in stage.sluice.rawClient() }
                for stranger in crowd {
                    stranger.send(hello)
                    stranger.leave(.reset)
                }
                let client = stage.sluice.client()
                client.request("GET", "/hello")
                #expect(try await client.whole().status == 200)
                client.leave(.close)
            }

            stage.gateway.gateway.publish(to: "canary", event: "Generic", data: "alive")
            _ = try await canary.event { $0.data == "alive" }
            #expect(canary.isOpen)
            try await stage.expectSoundEnd()
        }

        @Test func `T17: while pairs change, every handshake gets one of them, whole`() async throws
        {
            let stage = try await Stage()
            let folder = stage.sluice.folder
            let pairs = [try TemporaryFolder(), try TemporaryFolder()]
            for pair in pairs {
                try SelfSignedAuthority.write(to: pair.path, names: ["localhost"])
            }
            // Whoever got a mix would not trust it: a signature that fits no certificate.
            let trusted = try ([folder] + pairs).map { try $0.read("ca.pem") }.joined()
            try folder.write(trusted, to: "ca.pem")
            var shakes = 0

            for round in 0..<12 {
                for file in ["chain.pem", "key.pem"] {
                    try folder.write(try pairs[round % 2].read(file), to: "next")
                    try FileManager.default.removeItem(atPath: folder.path + "/" + file)
                    try FileManager.default.moveItem(
                        atPath: folder.path + "/next", toPath: folder.path + "/" + file)
                    // In the middle of the change, too: half a pair changes nothing.
                    stage.sluice.signal(SIGHUP)
                    let clients = try (0..<25).map { _ in
                        try stage.sluice.client(protocols: ["http/1.1"])
                    }
                    for client in clients {
                        client.request("GET", "/hello")
                        #expect(try await client.whole().status == 200)
                        client.leave(.close)
                        shakes += 1
                    }
                }
            }

            #expect(shakes == 600)
            #expect(stage.sluice.count("reload") > 0)
            try await stage.expectSoundEnd()
        }
    }
}
