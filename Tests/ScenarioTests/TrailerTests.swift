import TestSupport
import Testing

extension Scenarios {
    @Suite("What stands behind a body, and the way of a message")
    struct TrailerTests {
        private static func gateway(_ type: String) throws -> RawGateway {
            try RawGateway { peer in
                while peer.readHead() != nil {
                    peer.send(
                        "HTTP/1.1 200 OK\r\ncontent-type: \(type)\r\ntrailer: x-sum, set-cookie\r\n"
                            + "transfer-encoding: chunked\r\n\r\n9\r\ndata: a\n\n\r\n")
                    peer.send("0\r\nX-Sum: 7\r\nset-cookie: a=b\r\ncontent-length: 1\r\n\r\n")
                }
            }
        }

        @Test(
            "H10: trailers of a response pass to those who take them",
            arguments: ["text/plain", "text/event-stream"])
        func passing(type: String) async throws {
            let gateway = try Self.gateway(type)
            let sluice = try await SluiceProcess(gateway: gateway.address)

            let asking = sluice.client()
            for _ in 0..<2 {
                asking.request(
                    "GET", "/", fields: [("te", "trailers"), ("connection", "te")])
            }
            #expect(try await asking.whole(1).text == "data: a\n\n")
            let raw = String(decoding: asking.now.raw, as: UTF8.self)
            #expect(raw.components("0\r\nX-Sum: 7\r\n\r\n") == 2)
            #expect(raw.components("trailer: x-sum, set-cookie\r\n") == 2)
            #expect(!raw.contains("a=b"))

            let plain = sluice.client()
            plain.request("GET", "/", fields: [("te", "trailers")])
            #expect(try await plain.whole().text == "data: a\n\n")
            #expect(!String(decoding: plain.now.raw, as: UTF8.self).lowercased().contains("x-sum"))

            let stream = try await sluice.h2().request("GET", "/")
            #expect(try await stream.whole().text == "data: a\n\n")
            #expect(stream.now?.trailers == ["x-sum": "7"])

            #expect(
                gateway.heads.map { $0.contains("te: trailers\r\nconnection: te\r\n") }
                    == [true, true, false, false])
            try await sluice.stop()
            #expect(
                sluice.lines("stream_opened").count == (type == "text/plain" ? 0 : 4))
            #expect(sluice.lines("stream_closed").count == sluice.lines("stream_opened").count)
        }

        @Test func `Via and Forwarded are added where the settings ask for them`() async throws {
            let stage = try await Stage {
                $0.set("headers", "via: true")
                $0.set("headers", "forwarded: true")
            }
            let client = stage.sluice.client()

            client.request("GET", "/hello", fields: [("via", "1.0 edge")])
            let answer = try await client.whole()
            #expect(answer.all("via") == ["1.1 sluice"])
            let stream = try await stage.sluice.h2().request("GET", "/hello")
            #expect(try await stream.whole().all("via") == ["1.1 sluice"])

            let seen = stage.gateway.gateway.requests
            #expect(seen.map { $0.all("via") } == [["1.0 edge", "1.1 sluice"], ["2.0 sluice"]])
            for request in seen {
                let host = request.all("host").first ?? ""
                #expect(
                    request.all("forwarded") == [#"for=127.0.0.1;host="\#(host)";proto=https"#])
            }
            client.leave(.close)
            stream.client.leave(.close)
            try await stage.expectSoundEnd()
        }
    }
}

extension String {
    /// How often `text` stands in it.
    fileprivate func components(_ text: String) -> Int {
        split(separator: text, omittingEmptySubsequences: false).count - 1
    }
}
