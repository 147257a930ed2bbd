import TestSupport
import Testing

extension Scenarios {
    @Suite("Chunks on their way")
    struct ChunkTests {
        @Test(
            "H06 H08 H09: a body whose chunks break off is 400, and what follows is no request",
            arguments: [
                "0x3\r\nabc\r\n", "+3\r\nabc\r\n", "1_0\r\nabc\r\n", " 3\r\nabc\r\n",
                "3;a=\rx\r\nabc\r\n", "3;\nxx\r\nabc\r\n", "3\n;\r\nabc\r\n", "3\r;\r\nabc\r\n",
                "00000000000000003\r\nabc\r\n", "10000000000000000\r\nabc\r\n", "3\nabc\n",
                "3\r\nabcd\r\n", "3\r\nabcXX", "3\r\nabc\n", "0\r\nx: y\n\r\n",
                "0\r\nno field\r\n\r\n",
            ])
        func broken(chunk: String) async throws {
            let stage = try await Stage { $0.workers = 1 }
            let client = stage.sluice.client()
            let head = "POST /upload HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"

            client.send(
                head + "2\r\nok\r\n" + chunk + "0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n",
                answering: "POST")

            let answer = try await client.whole()
            #expect(answer.status == 400)
            #expect(answer.all("connection") == ["close"])
            #expect(try await client.end() == .closeNotify)
            let line = try await stage.sluice.log("error")
            #expect(line["fault"] == "client")
            try await stage.gateway.until("no connection") { $0.openConnections == 0 }
            // Whoever comes next has a connection of its own.
            let next = stage.sluice.client()
            next.request("GET", "/hello")
            #expect(try await next.whole().text == #"{"hello":"world"}"#)
            let targets = stage.gateway.gateway.requests.map(\.target)
            #expect(targets == ["/hello"] || targets == ["/upload", "/hello"])
            try await stage.expectSoundEnd()
        }
    }
}
