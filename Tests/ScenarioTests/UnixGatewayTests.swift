import DemoGateway
import Foundation
import TestSupport
import Testing

extension Scenarios {
    @Suite("A gateway on a unix socket whose backlog is full")
    struct UnixGatewayTests {
        /// So many at once, far above the backlog.
        private static let crowd = 100

        private static func gateway(_ folder: TemporaryFolder) throws -> RawGateway {
            try RawGateway(unixPath: folder.path + "/g.sock", backlog: 1) { peer in
                while peer.readHead() != nil {
                    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                }
            }
        }

        private static func options(_ folder: TemporaryFolder, _ lines: String...) -> SluiceOptions
        {
            SluiceOptions {
                $0.usesTLS = false
                $0.gateways = ["unix:\(folder.path)/g.sock"]
                for line in lines { $0.set("gateway", line) }
            }
        }

        @Test("U01: it is waited for, as TCP waits", arguments: ["GET", "POST"])
        func waits(method: String) async throws {
            let folder = try TemporaryFolder()
            let gateway = try Self.gateway(folder)
            let sluice = try await SluiceProcess(
                gateway: gateway.address, options: Self.options(folder, "connect_timeout: 60s"))

            let clients = (0..<Self.crowd).map { _ in sluice.client() }
            for client in clients {
                client.request(method, "/hello", body: method == "POST" ? Array("x".utf8) : nil)
            }
            // As many as there is room for, and the others without an answer.
            for client in clients { _ = try await client.handshake() }
            gateway.open()

            for client in clients { #expect(try await client.whole().status == 200) }
            #expect(gateway.heads.count == Self.crowd)
            #expect(sluice.count("error") == 0)
            try await sluice.expectSoundEnd()
        }

        @Test func `U01: at connect_timeout it is a 504, and nobody has held a descriptor`()
            async throws
        {
            let folder = try TemporaryFolder()
            let gateway = try Self.gateway(folder)
            let sluice = try await SluiceProcess(
                gateway: gateway.address,
                options: Self.options(folder, "connect_timeout: 2s", "response_timeout: 3s"))
            let before = sluice.child.descriptorCount

            let clients = (0..<Self.crowd).map { _ in sluice.client() }
            for client in clients { client.request("GET", "/hello") }
            for client in clients { _ = try await client.handshake() }
            let held = sluice.child.descriptorCount - before

            for client in clients { #expect(try await client.whole().status == 504) }
            #expect(held <= Self.crowd + 4, "a descriptor for each client, and for few gateways")
            try await sluice.log("error", count: Self.crowd)
            let lines = sluice.lines("error")
            #expect(lines.allSatisfy { $0["fault"] == "gateway" })
            // Two have room in the kernel's row, where they wait for an answer.
            let reasons = lines.compactMap { $0["reason"] }.sorted()
            let expected = Array(repeating: "gateway_connect_timeout", count: Self.crowd - 2)
            #expect(reasons == expected + Array(repeating: "gateway_response_timeout", count: 2))

            // Once there is room again, all is as before.
            gateway.open()
            let next = sluice.client()
            next.request("GET", "/hello")
            #expect(try await next.whole().status == 200)
            try await sluice.expectSoundEnd()
        }

        @Test func `U01: who leaves while waiting is no request at the gateway`() async throws {
            let folder = try TemporaryFolder()
            let gateway = try Self.gateway(folder)
            let sluice = try await SluiceProcess(
                gateway: gateway.address, options: Self.options(folder, "connect_timeout: 60s"))

            let leaving = (0..<Self.crowd / 2).map { _ in sluice.client() }
            for client in leaving { client.request("GET", "/gone") }
            for client in leaving { _ = try await client.handshake() }
            for client in leaving { client.leave(.reset) }
            try await sluice.log("error", count: leaving.count)
            let patient = sluice.client()
            patient.request("GET", "/hello")
            gateway.open()

            #expect(try await patient.whole().status == 200)
            #expect(gateway.heads.count { $0.hasPrefix("GET /hello") } == 1)
            #expect(gateway.heads.count { $0.hasPrefix("GET /gone") } <= 2)
            #expect(sluice.lines("error").allSatisfy { $0["reason"] == "client_closed" })
            try await sluice.expectSoundEnd()
        }

        @Test func `U01: a question for its health waits as well`() async throws {
            let folder = try TemporaryFolder()
            let gateway = try Self.gateway(folder)
            let spare = try RawGateway { peer in
                while peer.readHead() != nil {
                    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nspare")
                }
            }
            // The row is full before anybody asks.
            let row = try (0..<2).map { _ in try gateway.occupy() }
            let sluice = try await SluiceProcess(
                gateway: gateway.address,
                options: SluiceOptions {
                    $0.usesTLS = false
                    $0.gateways = ["unix:\(folder.path)/g.sock", "http://\(spare.address.text)"]
                    $0.set(
                        "gateway",
                        "health: { path: /healthz, interval: 100ms, timeout: 60s, failures_max: 1 }"
                    )
                })
            try await spare.heads(3)
            gateway.open()
            try await gateway.heads(1)

            let client = sluice.client()
            client.request("GET", "/hello")
            #expect(try await client.whole().text == "ok")
            #expect(sluice.lines("error").isEmpty)
            for descriptor in row { close(descriptor) }
            try await sluice.expectSoundEnd()
        }
    }
}
