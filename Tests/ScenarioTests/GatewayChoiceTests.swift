import DemoGateway
import Foundation
import Reactor
import TestSupport
import Testing

extension Scenarios {
    @Suite("Gateways: several, encrypted, known by name")
    struct GatewayChoiceTests {
        private static func answering(_ text: String, on port: UInt16 = 0) throws -> RawGateway {
            try RawGateway(on: port) { peer in
                while let head = peer.readHead() {
                    let isHealth = head.hasPrefix("GET /healthz")
                    let status = isHealth && text == "sick" ? "503 Sick" : "200 OK"
                    peer.send(
                        "HTTP/1.1 \(status)\r\ncontent-length: \(text.utf8.count)\r\n\r\n\(text)")
                }
            }
        }

        private func text(_ sluice: SluiceProcess) async throws -> String {
            let client = sluice.client()
            client.request("GET", "/hello")
            let response = try await client.whole()
            #expect(response.status == 200)
            return response.text
        }

        // MARK: Several

        @Test func `U01: a gateway that refuses costs no request, is left out, and comes back`()
            async throws
        {
            let port = try freePort()
            let second = try Self.answering("second")
            let sluice = try await SluiceProcess(
                gateway: second.address,
                options: SluiceOptions {
                    $0.workers = 1
                    $0.gateways = ["http://127.0.0.1:\(port)", "http://\(second.address.text)"]
                    $0.set("gateway", "health: { failures_max: 2, retry_after: 100ms }")
                })

            let client = sluice.client()
            client.request("POST", "/hello", body: Array("body".utf8))
            #expect(try await client.whole().text == "second")
            #expect(try await text(sluice) == "second")
            // No pooled connection leads to one that was not to be taken.
            let down = try await sluice.log("error") { $0["reason"] == "gateway_down" }
            #expect(
                down["detail"]?.hasPrefix("http://127.0.0.1:\(port): gateway_unreachable") == true)
            #expect(sluice.lines("request").allSatisfy { $0["status"] == "200" })

            let first = try Self.answering("first", on: port)
            var answer = try await text(sluice)
            while answer != "first" { answer = try await text(sluice) }

            try await sluice.log("error") { $0["reason"] == "gateway_up" }
            #expect(try await text(sluice) == "first")
            #expect(sluice.lines("error") { $0["reason"] == "gateway_down" }.count == 1)
            #expect(first.heads.allSatisfy { $0.hasPrefix("GET /hello") })
            try await sluice.stop()
        }

        @Test func `round robin takes them in turn`() async throws {
            let gateways = try [Self.answering("a"), Self.answering("b")]
            let sluice = try await SluiceProcess(
                gateway: gateways[0].address,
                options: SluiceOptions {
                    $0.workers = 1
                    $0.gateways = gateways.map { "http://\($0.address.text)" }
                    $0.set("gateway", "pick: round_robin")
                })

            var texts: [String] = []
            for _ in 0..<4 { texts.append(try await text(sluice)) }

            #expect(texts == ["a", "b", "a", "b"])
            try await sluice.stop()
        }

        @Test func `a gateway that answers the question for its health badly is left out`()
            async throws
        {
            let (sick, well) = (try Self.answering("sick"), try Self.answering("well"))
            let sluice = try await SluiceProcess(
                gateway: sick.address,
                options: SluiceOptions {
                    $0.gateways = [sick, well].map { "http://\($0.address.text)" }
                    $0.set(
                        "gateway",
                        "health: { path: /healthz, interval: 100ms, failures_max: 2, retry_after: 1h }"
                    )
                })

            let down = try await sluice.log("error") { $0["reason"] == "gateway_down" }
            #expect(down["detail"] == "http://\(sick.address.text): it answers 503")
            #expect(try await text(sluice) == "well")
            #expect(sick.heads.allSatisfy { $0.hasPrefix("GET /healthz HTTP/1.1") })
            try await sluice.stop()
        }

        @Test func `R13: a name is looked up, and all of its addresses are tried`() async throws {
            let gateway = try Self.answering("named")
            let sluice = try await SluiceProcess(
                gateway: gateway.address,
                options: SluiceOptions {
                    // Where it is both ::1 and 127.0.0.1, nobody listens on the first.
                    $0.gateways = ["http://localhost:\(gateway.address.port)"]
                    $0.set("gateway", "resolve_interval: 1s")
                })

            #expect(try await text(sluice) == "named")
            try await sluice.stop()
        }

        @Test func `U01: a name that nobody knows stops the start`() async throws {
            let gateway = try Self.answering("x")
            await #expect(throws: (any Error).self) {
                try await SluiceProcess(
                    gateway: gateway.address,
                    options: SluiceOptions { $0.gateways = ["http://nobody.invalid:80"] })
            }
        }

        // MARK: Encrypted

        /// Sluice, before it a Sluice that is its gateway.
        private func pair(
            tls: (SluiceProcess) -> String
        ) async throws -> (Stage, SluiceProcess) {
            let stage = try await Stage()
            let sluice = try await SluiceProcess(
                gateway: stage.sluice.address,
                options: SluiceOptions {
                    $0.gateways = ["https://127.0.0.1:\(stage.sluice.address.port)"]
                    $0.set("gateway", "tls: { \(tls(stage.sluice)) }")
                })
            return (stage, sluice)
        }

        @Test func `an encrypted gateway is verified, and serves requests and streams`()
            async throws
        {
            let (stage, sluice) = try await pair { "authorities: \($0.folder.path)/ca.pem" }

            let client = sluice.client()
            for number in 0..<3 {
                client.request("GET", "/hello")
                #expect(try await client.whole(number).text == #"{"hello":"world"}"#)
            }
            let stream = try await sluice.openStream("alice")
            stage.gateway.gateway.publish(to: "alice", event: "message", data: "over two hops")
            _ = try await stream.event { $0.data == "over two hops" }
            let upload = sluice.client()
            upload.request("POST", "/upload", fields: [("content-length", "3000000")])
            upload.sendPattern(3_000_000, chunked: false)
            #expect(try await upload.whole().text.contains(#""count":3000000"#))

            try await sluice.stop()
            try await stage.expectSoundEnd()
        }

        @Test(
            "U15: a gateway that is not who it should be gets no request",
            arguments: ["server_name: elsewhere.example", ""])
        func wrong(line: String) async throws {
            let (stage, sluice) = try await pair {
                line.isEmpty ? "" : "authorities: \($0.folder.path)/ca.pem, \(line)"
            }
            let client = sluice.client()

            client.request("GET", "/hello")

            #expect(try await client.whole().status == 502)
            let error = try await sluice.log("error") { $0["reason"] == "gateway_tls" }
            #expect(error["fault"] == "gateway")
            #expect(stage.gateway.gateway.requestCount == 0)
            try await sluice.stop()
        }
    }
}
