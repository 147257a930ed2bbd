import HTTP1
import HTTP1Reading
import HTTPModel
import TestRandom
import Testing

@Suite("The response that goes to the client")
struct ClientResponseTests {
    private func relayed(
        _ head: String, answering method: HTTPModel.Method = .get, framing: BodyFraming,
        connection: ConnectionNote = .none
    ) throws -> String {
        let response = ClientResponse(answering: method, framing: framing, connection: connection)
        return text(response.serialize(try parseResponse(head, answering: method)))
    }

    @Test func `end-to-end fields keep their order and spelling`() throws {
        let output = try relayed(
            """
            HTTP/1.0 200 All right\r\nSET-cookie: a\r\nContent-Length: 5\r\nset-cookie:b\r\n\
            Connection: X-Mine\r\nX-Mine: 1\r\nKeep-Alive: x\r\nUpgrade: h2c\r\nTrailer: x\r\n\
            X-Real-IP: kept\r\n\r\n
            """, framing: .length(5))

        #expect(
            output == """
                HTTP/1.1 200 All right\r\nSET-cookie: a\r\nset-cookie: b\r\nX-Real-IP: kept\r\n\
                content-length: 5\r\n\r\n
                """)
    }

    @Test(
        "The body leaves as the client can read it",
        arguments: [
            (BodyFraming.chunked, ConnectionNote.none, "transfer-encoding: chunked\r\n"),
            (.untilClose, .close, "connection: close\r\n"),
            (.length(9), .keepAlive, "content-length: 9\r\nconnection: keep-alive\r\n"),
            (.none, .none, ""),
        ])
    func framing(framing: BodyFraming, connection: ConnectionNote, lines: String) throws {
        let output = try relayed(
            "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n", framing: framing,
            connection: connection)

        #expect(output == "HTTP/1.1 200 \r\n\(lines)\r\n")
    }

    @Test(
        "A length without its body is told only where it is information",
        arguments: [
            (HTTPModel.Method.head, 200, "Content-Length: 5\r\n"),
            (.get, 304, "Content-Length: 5\r\n"), (.get, 204, ""), (.head, 204, ""),
            (.get, 103, ""),
        ])
    func lengthWithoutBody(method: HTTPModel.Method, status: Int, line: String) throws {
        let output = try relayed(
            "HTTP/1.1 \(status) x\r\nContent-Length: 5\r\n\r\n", answering: method, framing: .none)

        #expect(output == "HTTP/1.1 \(status) x\r\n\(line)\r\n")
    }

    @Test func `a gateway cannot take its own content type away`() throws {
        let output = try relayed(
            "HTTP/1.1 200 x\r\nConnection: content-type\r\nContent-Type: a/b\r\n\r\n",
            framing: .chunked)

        #expect(output.contains("\r\nContent-Type: a/b\r\n"))
    }
}

@Suite("Sluice's own answers")
struct AnswerTests {
    @Test func `an answer is one complete response`() throws {
        let answer = Answer(status: 429, body: #"{"error":"é"}"#, fields: [(.retryAfter, "7")])

        let output = answer.serialize(answering: .get, connection: .close)

        #expect(
            text(output) == """
                HTTP/1.1 429 Too Many Requests\r\ncontent-type: application/json\r\n\
                content-length: 14\r\ncache-control: no-store\r\nretry-after: 7\r\n\
                connection: close\r\n\r\n{"error":"é"}
                """)
    }

    @Test func `an answer to HEAD has the length and not the body`() throws {
        let answer = Answer(status: 503, body: "{}", fields: [])

        let output = text(answer.serialize(answering: .head, connection: .none))

        #expect(output.hasSuffix("content-length: 2\r\ncache-control: no-store\r\n\r\n"))
    }

    @Test func `an answer without content has no length`() {
        let answer = Answer(status: 204, body: "", fields: [])

        let output = text(answer.serialize(answering: nil, connection: .none))

        #expect(output == "HTTP/1.1 204 No Content\r\ncache-control: no-store\r\n\r\n")
    }

    @Test(arguments: HTTP1Error.allCases)
    func `an answer to any error is a response that we would read ourselves`(
        error: HTTP1Error
    ) throws {
        let answer = Answer(
            status: error.status, body: #"{"error":"\#(error.reason)"}"#, fields: [])

        let output = answer.serialize(answering: nil, connection: .close)

        let head = try #require(try findHead(in: [output]))
        let parsed = try parseResponse(text(head))
        #expect(parsed.status == error.status)
        #expect(!parsed.reason.isEmpty)
        #expect(parsed.framing == .length(Int64(output.count - head.count)))
        #expect(!parsed.allowsReuse)
    }

    @Test func `the interim answer is a head alone`() throws {
        let goOn = ClientResponse(answering: .post, framing: .none, connection: .none)
            .serialize(.goOn)

        #expect(text(goOn) == "HTTP/1.1 100 Continue\r\n\r\n")
    }
}

@Suite("Chunk headers")
struct ChunkHeaderTests {
    @Test(
        "A size is written in hexadecimal",
        arguments: [
            (1, "1\r\n"), (9, "9\r\n"), (10, "a\r\n"), (15, "f\r\n"), (16, "10\r\n"),
            (8000, "1f40\r\n"), (65_535, "ffff\r\n"), (65_536, "10000\r\n"),
            (4_294_967_295, "ffffffff\r\n"),
        ])
    func sizes(size: Int, line: String) {
        var output = bytes("x")

        let header = ChunkHeader(size: size)
        header.append(to: &output)

        #expect(text(output) == "x" + line)
        #expect(header.count == line.utf8.count)
    }

    @Test func `what is written in chunks is read again`() {
        var random = SeededRandom.forTest()
        var wire: [UInt8] = []
        var payload: [UInt8] = []

        for _ in 0..<50 {
            let size = Int.random(in: 1...3000, using: &random)
            let data = (0..<size).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            ChunkHeader(size: size).append(to: &wire)
            wire += data + ChunkHeader.lineEnd
            payload += data
        }
        wire += ChunkHeader.lastChunk

        for pieces in cuttings(of: wire) {
            let body = decode(.chunked, pieces)
            #expect(body.payload == payload && body.isEnded && body.rest.isEmpty)
        }
    }

    @Test func `an empty chunk, which would end the body, stops the program`() async {
        await #expect(processExitsWith: .failure) {
            _ = ChunkHeader(size: 0)
        }
    }
}
