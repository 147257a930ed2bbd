import TestSupport
import Testing

private let whole = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"

/// A gateway that answers `/first`, so that its connection is used again, and then does the same
/// with every request: reads it, and ends the connection without a word.
private func falteringGateway() throws -> RawGateway {
    try RawGateway { peer in
        while let head = peer.readHead() {
            guard !head.contains(" /first") else {
                peer.send(whole)
                continue
            }
            return peer.close()
        }
    }
}

extension RawGateway {
    /// Method and target of each request that was read.
    fileprivate var requests: [String] {
        heads.map { $0.split(separator: " ").prefix(2).joined(separator: " ") }
    }
}

extension Scenarios {
    @Suite("What is sent a second time, and what never")
    struct RepetitionTests {
        private static let oneWorker = SluiceOptions { $0.workers = 1 }

        /// A client whose first request has left a connection in the pool.
        private func settled(_ sluice: SluiceProcess) async throws -> TestClient {
            let client = sluice.client()
            client.request("GET", "/first")
            #expect(try await client.whole().text == "ok")
            return client
        }

        @Test func `U09: a connection that the gateway has closed meanwhile costs nothing`()
            async throws
        {
            let gateway = try RawGateway { peer in
                guard peer.readHead() != nil else { return }
                peer.send(whole)
                peer.close()
            }
            let sluice = try await SluiceProcess(
                gateway: gateway.address, options: Self.oneWorker)
            let client = try await settled(sluice)

            for round in 1...20 {
                client.request("GET", "/\(round)")
                #expect(try await client.whole(round).text == "ok")
            }

            #expect(gateway.requests == ["GET /first"] + (1...20).map { "GET /\($0)" })
            try await sluice.expectSoundEnd()
            #expect(sluice.count("error") == 0)
            #expect(sluice.lines("request").allSatisfy { $0["status"] == "200" })
        }

        @Test(
            "U09: a used connection that dies under a request is tried again exactly once",
            arguments: ["GET", "HEAD", "OPTIONS", "DELETE"])
        func again(method: String) async throws {
            let gateway = try falteringGateway()
            let sluice = try await SluiceProcess(
                gateway: gateway.address, options: Self.oneWorker)
            let client = try await settled(sluice)

            client.request(method, "/second")

            #expect(try await client.whole(1).status == 502)
            #expect(gateway.requests == ["GET /first", "\(method) /second", "\(method) /second"])
            #expect(gateway.peers.count == 2)
            let line = try await sluice.log("error")
            #expect(line["fault"] == "gateway")
            #expect(line["path"] == "/second")
            try await sluice.expectSoundEnd()
            #expect(sluice.count("error") == 1)
        }

        @Test(
            "U09: what may not be repeated takes no used connection, and is sent once",
            arguments: ["POST", "PATCH", "PUT", "DELETE", "GET"])
        func once(method: String) async throws {
            let gateway = try falteringGateway()
            let sluice = try await SluiceProcess(
                gateway: gateway.address, options: Self.oneWorker)
            let client = try await settled(sluice)

            client.request(method, "/second", body: Array("body".utf8))

            #expect(try await client.whole(1).status == 502)
            #expect(gateway.requests == ["GET /first", "\(method) /second"])
            #expect(gateway.peers.count == 2)
            try await sluice.log("error") { $0["fault"] == "gateway" }
            try await sluice.expectSoundEnd()
        }

        @Test func `U09: a POST without a body is sent once too`() async throws {
            let gateway = try falteringGateway()
            let sluice = try await SluiceProcess(
                gateway: gateway.address, options: Self.oneWorker)
            let client = try await settled(sluice)

            client.send("POST /second HTTP/1.1\r\nhost: a\r\n\r\n", answering: "POST")

            #expect(try await client.whole(1).status == 502)
            #expect(gateway.requests == ["GET /first", "POST /second"])
            try await sluice.expectSoundEnd()
        }

        @Test func `U09: once a byte of the answer has come, nothing is tried again`()
            async throws
        {
            let gateway = try RawGateway { peer in
                while let head = peer.readHead() {
                    guard !head.contains(" /first") else {
                        peer.send(whole)
                        continue
                    }
                    peer.send("HTTP/1.1 2")
                    return peer.close()
                }
            }
            let sluice = try await SluiceProcess(
                gateway: gateway.address, options: Self.oneWorker)
            let client = try await settled(sluice)

            client.request("GET", "/second")

            #expect(try await client.whole(1).status == 502)
            #expect(gateway.requests == ["GET /first", "GET /second"])
            try await sluice.expectSoundEnd()
        }
    }
}
