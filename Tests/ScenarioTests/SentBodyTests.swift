import TestSupport
import Testing

extension Scenarios {
    /// A gateway that reads what it is sent, byte for byte, and keeps it: behind the head, so many
    /// bytes, and the rest until the end.
    @Suite("Bodies, as the gateway is sent them")
    struct SentBodyTests {
        private static func listening(to count: Int, answering: Bool = false) throws -> RawGateway {
            try RawGateway { peer in
                guard peer.readHead() != nil, let begin = peer.read(count) else { return }
                peer.note(begin)
                if answering { peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok") }
                peer.readToEnd()
            }
        }

        private static let chunkedHead =
            "POST /upload HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"
        private static let ended = "4\r\nbody\r\n0\r\n\r\n"

        @Test(
            "H09 K06: a body whose client leaves is not ended in its stead",
            arguments: [TestClient.Farewell.close, .vanish, .reset, .closeNotify], [true, false])
        func leaving(farewell: TestClient.Farewell, isChunked: Bool) async throws {
            let begun = isChunked ? "2\r\nok\r\n" : "ok"
            let gateway = try Self.listening(to: begun.utf8.count)
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let client = sluice.client()
            let length = "POST /upload HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n"
            client.send((isChunked ? Self.chunkedHead : length) + begun, answering: "POST")
            try await gateway.heads(2)

            client.leave(farewell)

            try await gateway.heads(3)
            #expect(gateway.heads[1] == begun)
            #expect(gateway.heads[2] == "")
            let line = try await sluice.log("error")
            #expect(line["reason"] == "client_closed")
            try await sluice.expectSoundEnd()
        }

        @Test(
            "H06 H08 H09: a body that breaks off is not ended for the gateway either",
            arguments: [
                "+3\r\nabc\r\n0\r\n\r\n", "3\r\nabcXX0\r\n\r\n", "3\nabc\n0\r\n\r\n",
                "0\r\nx: y\n\r\n", "0\r\nx: 1\rX\r\n\r\n", "0\r\nno field\r\n\r\n",
            ])
        func broken(rest: String) async throws {
            let gateway = try Self.listening(to: 7)
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let client = sluice.client()
            client.send(Self.chunkedHead + "2\r\nok\r\n", answering: "POST")
            try await gateway.heads(2)

            client.send(rest)

            #expect(try await client.whole().status == 400)
            try await gateway.heads(3)
            #expect(!gateway.heads[2].contains("0\r\n\r\n"))
            try await sluice.expectSoundEnd()
        }

        @Test func `F20: a body that is longer than it says is not handed on in full`()
            async throws
        {
            let gateway = try Self.listening(to: 0)
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let client = try await sluice.h2()
            let exchange = client.request(
                "POST", "/upload", fields: [("content-length", "5")], endStream: false)
            try await gateway.heads(2)

            client.send(.data(Array("too long".utf8), on: exchange.id, endStream: true))

            #expect(try await exchange.reset() == .protocolError)
            try await gateway.heads(3)
            #expect(gateway.heads[2].utf8.count < 5)
            try await sluice.expectSoundEnd()
        }

        private static let trailers = [
            ("content-length", "9"), ("authorization", "Bearer x"), ("x-user", "root"),
        ]

        @Test func `H10: trailers of a request end at Sluice`() async throws {
            let gateway = try Self.listening(to: Self.ended.utf8.count, answering: true)
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let client = sluice.client()
            let trailers = Self.trailers.map { "\($0): \($1)\r\n" }.joined()

            client.send(
                Self.chunkedHead + "4\r\nbody\r\n0\r\n\(trailers)\r\n", answering: "POST")

            #expect(try await client.whole().text == "ok")
            #expect(gateway.heads[1] == Self.ended)
            #expect(!gateway.heads[0].contains("x-user"))
            client.leave(.close)
            try await sluice.expectSoundEnd()
            try await gateway.heads(3)
            #expect(gateway.heads[2] == "")
        }

        @Test func `F25: trailers of a request by HTTP/2 end at Sluice`() async throws {
            let gateway = try Self.listening(to: Self.ended.utf8.count, answering: true)
            let sluice = try await SluiceProcess(gateway: gateway.address)
            let client = try await sluice.h2()
            let exchange = client.request("POST", "/upload", endStream: false)

            client.send(
                .data(Array("body".utf8), on: exchange.id),
                .headers(H2Header.literal(Array(Self.trailers.dropFirst())), on: exchange.id))

            #expect(try await exchange.whole().text == "ok")
            #expect(gateway.heads[1] == Self.ended)
            client.leave(.close)
            try await sluice.expectSoundEnd()
            try await gateway.heads(3)
            #expect(gateway.heads[2] == "")
        }
    }
}
