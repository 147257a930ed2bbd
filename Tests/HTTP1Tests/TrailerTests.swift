import HTTP1
import HTTPModel
import Testing

@Suite("Trailers")
struct TrailerTests {
    /// What is kept of the trailers of a chunked body, as lines.
    private static func kept(_ section: String, keepsTrailers: Bool = true) throws -> [[String]?] {
        try cuttings(of: bytes("1\r\na\r\n0\r\n" + section + "\r\n")).map { pieces in
            var decoder = BodyDecoder(.chunked, keepsTrailers: keepsTrailers)
            for piece in pieces {
                var step = try decoder.next(piece.span, from: 0)
                while case .data(let range) = step {
                    step = try decoder.next(piece.span, from: range.upperBound)
                }
            }
            #expect(decoder.isComplete)
            return try decoder.trailers().map { trailers in
                trailers.entries.map {
                    trailers.nameText(of: $0) + "=" + trailers.valueText(of: $0)
                }
            }
        }
    }

    @Test func `what only reports is kept, in its order and spelling, however it is cut`() throws {
        for lines in try Self.kept("Server-Timing:  a;dur=1 \r\nx-md5: q\r\ngrpc-status: 0\r\n") {
            #expect(lines == ["Server-Timing=a;dur=1", "x-md5=q", "grpc-status=0"])
        }
    }

    @Test(
        "H10: what could change how the message is framed, routed, trusted or read is dropped",
        arguments: [
            "Content-Length: 5", "Transfer-Encoding: chunked", "Host: b", "Authorization: x",
            "X-User: y", "X_User: y", "Set-Cookie: a=b", "Cookie: a=b", "Content-Type: text/html",
            "Content-Encoding: gzip", "Content-Range: bytes 0-1/2", "Location: /", "Vary: a",
            "Cache-Control: no-store", "Expires: 0", "Age: 1", "Connection: close", "Trailer: a",
            "X-Forwarded-For: 1.1.1.1", "Access-Control-Allow-Origin: *", "WWW-Authenticate: a",
            "If-Match: a", "Range: a", "TE: a", "Upgrade: a", "Retry-After: 1", "Sec-Fetch-Mode: a",
        ])
    func dangerous(line: String) throws {
        #expect(try Self.kept(line + "\r\nx-a: 1\r\n").allSatisfy { $0 == ["x-a=1"] })
        #expect(try Self.kept(line + "\r\n").allSatisfy { $0 == nil })
    }

    @Test func `nothing is kept of none, or where nobody wants them`() throws {
        #expect(try Self.kept("").allSatisfy { $0 == nil })
        #expect(try Self.kept("x-a: 1\r\n", keepsTrailers: false).allSatisfy { $0 == nil })
    }

    @Test func `they end a body of chunks`() throws {
        var trailers = Fields()
        trailers.append("x-a", "1")
        trailers.append("x-b", "2")

        #expect(text(ChunkHeader.lastChunk(with: trailers)) == "0\r\nx-a: 1\r\nx-b: 2\r\n\r\n")
    }

    @Test(
        "A client of HTTP/1.1 gets them when it asks for them, of this hop",
        arguments: [
            ("TE: trailers\r\nConnection: TE", true),
            ("TE: gzip, Trailers\r\nConnection: te", true),
            ("TE: trailers", false), ("Connection: te", false),
            ("TE: gzip\r\nConnection: te", false),
        ])
    func wishes(fields: String, isAsked: Bool) throws {
        let head = try parseRequest("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n")
        #expect(head.takesTrailers == isAsked)
        let old = try parseRequest("GET / HTTP/1.0\r\nHost: a\r\n\(fields)\r\n\r\n")
        #expect(!old.takesTrailers)

        let forwarded = text(
            GatewayRequest(
                clientAddress: "192.0.2.7", scheme: "https", fallbackHost: "g",
                acceptsOnlyIdentity: false
            ).serialize(head))
        #expect(forwarded.contains("te: trailers\r\nconnection: te\r\n") == isAsked)
        #expect(forwarded.lowercased().contains("te: trailers") == isAsked)
    }
}

@Suite("Forwarded")
struct ForwardedTests {
    @Test(
        "The chain is told as RFC 7239 writes it",
        arguments: [
            ("192.0.2.7", #"for=192.0.2.7;host="a:8443";proto=https"#),
            ("2001:db8::7", #"for="[2001:db8::7]";host="a:8443";proto=https"#),
            (
                "192.0.2.7, 10.0.0.1",
                #"for=192.0.2.7;host="a:8443";proto=https, for=10.0.0.1"#
            ),
            ("unix:", #"for=unknown;host="a:8443";proto=https"#),
        ])
    func chain(forwardedFor: String, value: String) throws {
        let head = try parseRequest("GET / HTTP/1.1\r\nHost: a:8443\r\nForwarded: for=evil\r\n\r\n")
        let output = text(
            GatewayRequest(
                clientAddress: "x", scheme: "https", fallbackHost: "g", acceptsOnlyIdentity: false,
                forwardedFor: forwardedFor, addsForwarded: true
            ).serialize(head))
        #expect(output.contains("\r\nforwarded: \(value)\r\n"))
        #expect(!output.contains("evil"))
    }
}
