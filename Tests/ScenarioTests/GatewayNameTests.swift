import DemoGateway
import Reactor
import TestSupport
import Testing

extension Scenarios {
    /// Sluice in a network of its own, with a resolver of the test's.
    @Suite(
        "A gateway known by name, and a resolver in trouble",
        .enabled(if: GhostNetwork.isPossible, Comment(rawValue: GhostNetwork.isNeeded)))
    struct GatewayNameTests {
        private let network: GhostNetwork
        private let gateway: DemoGateway
        private let names: NameServer
        private let folder: TemporaryFolder
        private let address: NameServer.Answer

        init() async throws {
            network = try await GhostNetwork()
            let near = network.near(.first)
            gateway = try DemoGateway(
                listening: #require(SocketAddress(ip: near, port: 0)), profile: .quiet)
            address = .address(near.split(separator: ".").compactMap { UInt8($0) })
            names = try NameServer(at: near, answering: address)
            folder = try TemporaryFolder()
            try folder.write(
                "nameserver \(near)\noptions timeout:1 attempts:1\n", to: "resolv.conf")
        }

        private func sluice(_ gateways: [String]? = nil) async throws -> SluiceProcess {
            try await SluiceProcess(
                gateway: gateway.address,
                options: SluiceOptions {
                    $0.usesTLS = false
                    $0.workers = 1
                    $0.gateways = gateways ?? ["http://gateway.test:\(gateway.address.port)"]
                    $0.set("gateway", "resolve_interval: 1s")
                    let mount = "mount --bind \(folder.path)/resolv.conf /etc/resolv.conf"
                    $0.wrapper =
                        network.entrance
                        + ["sh", "-c", mount + #" && exec "$@" --listen 0.0.0.0:0"#, "sluice"]
                })
        }

        private func client(_ sluice: SluiceProcess) throws -> TestClient {
            let address = SocketAddress(ip: network.far(.first), port: sluice.address.port)
            return try TestClient(to: #require(address), security: .none)
        }

        /// Opens a stream, which needs a connection to the gateway of its own.
        private func open(_ user: String, at sluice: SluiceProcess) async throws -> TestClient {
            let client = try client(sluice)
            client.request(
                "GET", "/events?access_token=\(Tokens.jwt(sub: user))",
                fields: [("accept", "text/event-stream")])
            #expect(try await client.head().status == 200)
            return client
        }

        @Test(
            "U01: an answer that is empty or does not come costs no request",
            arguments: [NameServer.Answer.nothing, .silence])
        func trouble(answer: NameServer.Answer) async throws {
            let sluice = try await sluice()
            let first = try await open("first", at: sluice)

            names.answer(answer)
            let lost = try await sluice.log("error") { $0["reason"] == "gateway_unresolved" }
            #expect(lost["level"] == "warning")
            #expect(lost["detail"]?.contains("gateway.test") == true)
            // The resolver is asked again and again meanwhile, and never by a worker.
            let second = try await open("second", at: sluice)
            gateway.publish(to: nil, event: "message", data: "fine")
            for client in [first, second] { _ = try await client.event { $0.data == "fine" } }

            names.answer(address)
            try await sluice.log("error") { $0["reason"] == "gateway_resolved" }
            _ = try await open("third", at: sluice)
            #expect(sluice.lines("error") { $0["reason"] == "gateway_unresolved" }.count == 1)
            #expect(sluice.count("stream_closed") == 0)
            try await sluice.expectSoundEnd()
        }

        @Test func `U01: no route to the gateway is a 502 at once`() async throws {
            let gateways = ["http://203.0.113.1:80"]
            let sluice = try await sluice(gateways)
            let client = try client(sluice)
            client.request("GET", "/hello")

            #expect(try await client.whole().status == 502)
            let line = try await sluice.log("error") { $0["reason"] == "gateway_unreachable" }
            #expect(line["fault"] == "gateway")
            #expect(line["detail"]?.contains("unreachable") == true)
            try await sluice.expectSoundEnd()
        }

        @Test(
            "U01: a name without an address stops the start, and says so",
            arguments: [NameServer.Answer.nothing, .silence])
        func start(answer: NameServer.Answer) async throws {
            names.answer(answer)
            let error = await #expect(throws: SluiceProcess.StartError.self) {
                try await sluice()
            }
            let text = error?.description ?? "no error"
            #expect(text.contains("gateway.test"), "\(text)")
        }
    }
}
