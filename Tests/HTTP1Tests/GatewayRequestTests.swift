import HTTP1
import HTTP1Reading
import HTTPModel
import TestRandom
import Testing

@Suite("The request that goes to the gateway")
struct GatewayRequestTests {
    private static func forwarded(_ head: String, identity: Bool = false) throws -> String {
        let request = GatewayRequest(
            clientAddress: "192.0.2.7", scheme: "https", fallbackHost: "gateway:8080",
            acceptsOnlyIdentity: identity)
        return text(request.serialize(try parseRequest(head)))
    }

    private static let truth =
        "x-forwarded-for: 192.0.2.7\r\nx-forwarded-proto: https\r\nx-forwarded-host: a\r\n"

    @Test func `end-to-end fields keep their order and spelling, and the truth is added`() throws {
        let output = try Self.forwarded(
            """
            GET /%61?b=%63 HTTP/1.1\r\nUSER-agent:x\r\nHost:  a\r\nX-Custom: \u{9}1  2 \r\n\
            x-custom: 3\r\nAccept-Encoding: gzip\r\n\r\n
            """)

        #expect(
            output == """
                GET /a?b=%63 HTTP/1.1\r\nUSER-agent: x\r\nHost: a\r\nX-Custom: 1  2\r\n\
                x-custom: 3\r\nAccept-Encoding: gzip\r\n\(Self.truth)\r\n
                """)
    }

    @Test(
        "What is meant for this connection ends here",
        arguments: [
            "Connection: close", "Connection: keep-alive, X-Mine\r\nX-Mine: 1\r\nx-mine: 2",
            "Keep-Alive: timeout=5", "Proxy-Connection: keep-alive", "Proxy-Authorization: x",
            "Proxy-Authenticate: x", "TE: trailers", "Trailer: x", "Upgrade: websocket",
            "Expect: 100-continue", "Connection: upgrade, http2-settings\r\nHTTP2-Settings: x",
        ])
    func hopByHop(fields: String) throws {
        let output = try Self.forwarded("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n")

        #expect(output == "GET / HTTP/1.1\r\nHost: a\r\n\(Self.truth)\r\n")
    }

    @Test(
        "H05 I01 I02: nobody else tells where a request came from, in any spelling",
        arguments: [
            "X-Forwarded-For", "x-forwarded-for", "X_Forwarded_For", "x-forwarded_for",
            "X-FORWARDED-PROTO", "X_FORWARDED-PROTO", "X-Forwarded-Host", "X_Forwarded_Host",
            "X-Forwarded-Port", "X-Forwarded-Uri", "X-Forwarded-Server", "X_Forwarded_Port",
            "X-Real-IP", "X_Real_IP", "X-Real_IP", "Forwarded", "X_Forwarded_User",
            "Transfer_Encoding", "Content_Length", "Last_Event_ID", "X_User", "X_User_Id",
            "Content_Type", "Keep_Alive", "Proxy_Connection", "Proxy_Authorization", "Remote_User",
        ])
    func imitations(name: String) throws {
        let output = try Self.forwarded("GET / HTTP/1.1\r\nHost: a\r\n\(name): evil\r\n\r\n")

        #expect(output == "GET / HTTP/1.1\r\nHost: a\r\n\(Self.truth)\r\n")
    }

    @Test(arguments: ["X-User: 1", "X_Custom: 1", "Authorization: x", "X-Forwarded-Prefix: /a"])
    func `what is no business of ours passes`(field: String) throws {
        let output = try Self.forwarded("GET / HTTP/1.1\r\nHost: a\r\n\(field)\r\n\r\n")

        #expect(output == "GET / HTTP/1.1\r\nHost: a\r\n\(field)\r\n\(Self.truth)\r\n")
    }

    @Test(
        "The length is written as it was understood",
        arguments: [
            ("Content-Length: 007", "content-length: 7"),
            ("Content-Length: 0", "content-length: 0"),
            ("transfer-encoding: CHUNKED", "transfer-encoding: chunked"),
        ])
    func framing(field: String, written: String) throws {
        let output = try Self.forwarded("GET / HTTP/1.1\r\nHost: a\r\n\(field)\r\n\r\n")

        #expect(output == "GET / HTTP/1.1\r\nHost: a\r\n\(Self.truth)\(written)\r\n\r\n")
    }

    @Test func `a stream is asked for without a content coding`() throws {
        let output = try Self.forwarded(
            "GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\naccept-encoding: br\r\n\r\n",
            identity: true)

        #expect(
            output == "GET / HTTP/1.1\r\nHost: a\r\naccept-encoding: identity\r\n\(Self.truth)\r\n")
    }

    @Test(
        "A request of HTTP/1.0 without a host gets one",
        arguments: [("GET / HTTP/1.0", "gateway:8080"), ("GET http://b:1/ HTTP/1.0", "b:1")])
    func fallbackHost(line: String, host: String) throws {
        let output = try Self.forwarded("\(line)\r\nX: y\r\n\r\n")

        #expect(output.hasPrefix("GET / HTTP/1.1\r\nhost: \(host)\r\nX: y\r\n"))
        #expect(output.contains("\r\nx-forwarded-host: \(host)\r\n"))
    }

    @Test func `an absolute target reaches the gateway in origin form`() throws {
        let output = try Self.forwarded("GET http://A/x?y HTTP/1.1\r\nHost: a\r\n\r\n")

        #expect(output.hasPrefix("GET /x?y HTTP/1.1\r\nHost: a\r\n"))
    }

    @Test func `what is printed parses to what was parsed, and prints the same again`() throws {
        var random = SeededRandom.forTest()

        for _ in 0..<2000 {
            let head = RandomRequest.head(using: &random)
            let once = try Self.forwarded(head)
            let parsed = try parseRequest(bytes(head))
            let reparsed = try parseRequest(Array(once.utf8))

            #expect(try Self.forwarded(once) == once)
            #expect(reparsed.method == parsed.method)
            #expect(reparsed.target == parsed.target)
            #expect(reparsed.authority == parsed.authority)
            #expect(reparsed.framing == parsed.framing)
            #expect(
                reparsed.fields.all(named: "x-a") == parsed.fields.all(named: "x-a"))
        }
    }
}

/// Requests that are well formed and odd.
enum RandomRequest {
    static func head(using random: inout SeededRandom) -> String {
        let method = ["GET", "POST", "M-X"].randomElement(using: &random) ?? "GET"
        let path = ["/", "/a//b", "/%61%2f?x=%zz", "http://a:1/q?"].randomElement(using: &random)
        var lines = [
            "Host: a:1", "X-a:  1 ", "x-A:\t2", "X_User: 3", "Connection: close, x-b", "X-B: 4",
            "X-Forwarded-For: 5", "Cookie: a=b; c=\"d\"", "Accept:",
        ].filter { $0.hasPrefix("Host") || Bool.random(using: &random) }
        lines +=
            [[], ["Content-Length: 5"], ["Transfer-Encoding: chunked"]]
            .randomElement(using: &random) ?? []
        lines.shuffle(using: &random)
        return "\(method) \(path ?? "/") HTTP/1.1\r\n"
            + lines.joined(separator: "\r\n") + "\r\n\r\n"
    }
}

@Suite("Requests that nobody thought of")
struct MutatedRequestTests {
    @Test func `any bytes give the same answer however they are cut`() {
        var random = SeededRandom.forTest()
        let alphabet = bytes("\r\n\r\n\t :;,/%.#?\\Aa0\0\u{7F}\u{FF}")

        for _ in 0..<3000 {
            var head = bytes(RandomRequest.head(using: &random))
            for _ in 0..<Int.random(in: 0..<4, using: &random) {
                let place = Int.random(in: 0..<head.count, using: &random)
                head[place] = alphabet.randomElement(using: &random) ?? 0
            }
            let answers = cuttings(of: head).map {
                outcome(ofRequest: $0)
            }
            #expect(answers.allSatisfy { $0 == answers.first }, "\(text(head))")
        }
    }

    @Test func `what passes reaches the gateway as one request that says the same`() throws {
        var random = SeededRandom.forTest()
        let request = GatewayRequest(
            clientAddress: "::1", scheme: "https", fallbackHost: "b", acceptsOnlyIdentity: true)
        var passed = 0

        for _ in 0..<20_000 {
            var head = bytes(RandomRequest.head(using: &random))
            let place = Int.random(in: 0..<head.count, using: &random)
            head[place] = UInt8.random(in: .min ... .max, using: &random)
            guard let parsed = try? parseRequest(head) else { continue }
            passed += 1
            let output = request.serialize(parsed)

            #expect(try findHead(in: [output]) == output)
            #expect(try parseRequest(output).framing == parsed.framing)
        }
        #expect(passed > 1000)
    }
}
