import HTTP1
import HTTPModel
import Testing

@Suite("Where a request comes from")
struct ClientOriginTests {
    /// 10.x and unix sockets are trusted.
    private func origin(_ fields: String, peer: String = "10.0.0.1") throws -> ClientOrigin {
        let request = try parseRequest(utf8: "GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
        return ClientOrigin(request, peer: peer, scheme: "http") {
            $0.hasPrefix("10.") || $0.hasPrefix("unix:") || $0.hasPrefix("fd00:")
        }
    }

    @Test(
        "I02 a peer that nobody trusts is the client, whatever it says",
        arguments: [
            "X-Forwarded-For: 192.0.2.7\r\n", "Forwarded: for=192.0.2.7\r\n",
            "X-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\n",
        ])
    func untrusted(fields: String) throws {
        #expect(
            try origin(fields, peer: "198.51.100.9")
                == ClientOrigin(peer: "198.51.100.9", scheme: "http"))
    }

    @Test(
        "I02 behind trusted proxies the client is the last address that is none of them",
        arguments: [
            ("X-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7", "192.0.2.7, 10.0.0.1"),
            ("X-Forwarded-For: 1.1.1.1, 192.0.2.7\r\n", "192.0.2.7", "192.0.2.7, 10.0.0.1"),
            (
                "X-Forwarded-For: bad, 192.0.2.7 ,10.0.0.2\r\n", "192.0.2.7",
                "192.0.2.7, 10.0.0.2, 10.0.0.1"
            ),
            (
                "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-For: 10.0.0.2\r\n", "192.0.2.7",
                "192.0.2.7, 10.0.0.2, 10.0.0.1"
            ),
            ("X-Forwarded-For: 10.0.0.3, 10.0.0.2\r\n", "10.0.0.3", "10.0.0.3, 10.0.0.2, 10.0.0.1"),
            ("X-Forwarded-For: 192.0.2.7:5011\r\n", "192.0.2.7", "192.0.2.7, 10.0.0.1"),
            ("X-Forwarded-For: [2001:DB8::7]:80\r\n", "2001:db8::7", "2001:db8::7, 10.0.0.1"),
            ("X-Forwarded-For: ::ffff:192.0.2.7\r\n", "192.0.2.7", "192.0.2.7, 10.0.0.1"),
            ("Forwarded: for=1.1.1.1, for=192.0.2.7;by=_x\r\n", "192.0.2.7", "192.0.2.7, 10.0.0.1"),
            (
                "Forwarded: for=\"[2001:db8::7]:80\", for=10.0.0.2\r\n", "2001:db8::7",
                "2001:db8::7, 10.0.0.2, 10.0.0.1"
            ),
            (
                "X-Forwarded-For: 192.0.2.7\r\nForwarded: for=1.1.1.1, for=192.0.2.7\r\n",
                "192.0.2.7", "192.0.2.7, 10.0.0.1"
            ),
        ])
    func trusted(fields: String, address: String, chain: String) throws {
        let origin = try origin(fields)
        #expect(origin.address == address)
        #expect(origin.forwardedFor == chain)
    }

    @Test(
        "I02 an end that cannot be read leaves the peer",
        arguments: [
            "X-Forwarded-For: \r\n", "X-Forwarded-For: unknown\r\n",
            "X-Forwarded-For: 192.0.2.7, \r\n", "X-Forwarded-For: 192.0.2.7, x\r\n",
            "X-Forwarded-For: 192.0.2.7:x\r\n", "X-Forwarded-For: [192.0.2.7]\r\n",
            "X-Forwarded-For: 1.2.3.4%eth0\r\n", "X-Forwarded-For: 01.2.3.4\r\n",
            "X-Forwarded-For: 192.0.2.7\u{600}\r\n", "X-Forwarded-For: \u{661}.2.3.4\r\n",
            "Forwarded: for=unknown\r\n", "Forwarded: for=_hidden\r\n", "Forwarded: by=1.1.1.1\r\n",
            "Forwarded: for=\"192.0.2.7\r\n", "Forwarded: for=192.0.2.7;for=1.1.1.1\r\n",
            "Forwarded: 192.0.2.7\r\n", "Forwarded: \r\n", "Forwarded: for=192.0.2.7\"\r\n",
            "Forwarded: for=192.0.2.7;FOR=1.1.1.1\r\n", "",
        ])
    func unreadable(fields: String) throws {
        let origin = try origin(fields)
        #expect(origin.address == "10.0.0.1")
        #expect(origin.forwardedFor == "10.0.0.1")
    }

    @Test(
        "A6: what a client writes ahead of a proxy changes nothing of what the proxy writes",
        arguments: [
            "1.1.1.1", "1.1.1.1\u{600}", "\u{600}", "\u{301}", "1.1.1.1\u{200D}", "x", "\"",
            "\"1.1.1.1",
            ",", "", "\\", "\"\\", "unknown", "1.1.1.1,\u{600}", "\u{1F1E6}", "\u{110BD}",
            "10.0.0.9\u{600}", "[", "for=1.1.1.1", "for=\"", "for=\"\\\"", "for=\"1.1.1.1\u{600}",
            "for=1.1.1.1;proto=\"", "for=\"a, for=b\"x", ";", "=",
        ])
    func client(word: String) throws {
        for (field, mine) in [
            ("X-Forwarded-For", "192.0.2.7"), ("Forwarded", "for=192.0.2.7"),
            ("Forwarded", #"for="192.0.2.7:80";by=_a"#),
            ("Forwarded", #"by="\"a, b";for=192.0.2.7"#),
        ] {
            let next = mine.replacing("192.0.2.7", with: "10.0.0.2")
            for list in ["\(word), \(mine)", "\(word),\(mine)", "\(word), \(mine), \(next)"] {
                #expect(try origin("\(field): \(list)\r\n").address == "192.0.2.7", "\(list)")
            }
            let lines = "\(field): \(word)\r\n\(field): \(mine)\r\n"
            #expect(try origin(lines).address == "192.0.2.7", "\(lines)")
        }
    }

    @Test(
        "A6: what cannot be read ends the walk at the last proxy that could",
        arguments: [
            ("X-Forwarded-For: 192.0.2.7, x, 10.0.0.2\r\n", "10.0.0.2", "10.0.0.2, 10.0.0.1"),
            (
                "X-Forwarded-For: unknown, 10.0.0.3, 10.0.0.2\r\n", "10.0.0.3",
                "10.0.0.3, 10.0.0.2, 10.0.0.1"
            ),
            ("Forwarded: for=\", for=10.0.0.2\r\n", "10.0.0.2", "10.0.0.2, 10.0.0.1"),
            ("Forwarded: for=_x, for=10.0.0.2\r\n", "10.0.0.2", "10.0.0.2, 10.0.0.1"),
        ])
    func end(fields: String, address: String, chain: String) throws {
        let origin = try origin(fields)
        #expect(origin.address == address)
        #expect(origin.forwardedFor == chain)
    }

    @Test(
        "A6: of two fields that name two clients, neither is believed",
        arguments: [
            ("192.0.2.7", "for=1.1.1.1"), ("1.1.1.1", "for=192.0.2.7"), ("1.1.1.1", "for=unknown"),
            ("1.1.1.1", "for=_hidden"), ("unknown", "for=1.1.1.1"), ("10.0.0.2", "for=1.1.1.1"),
            ("1.1.1.1, 10.0.0.2", "for=192.0.2.7, for=10.0.0.2"),
        ])
    func disagreement(list: String, told: String) throws {
        let fields = "X-Forwarded-For: \(list)\r\nForwarded: \(told)\r\n"
        #expect(try origin(fields) == ClientOrigin(peer: "10.0.0.1", scheme: "http"))
    }

    @Test(
        "A6: a field whose end cannot be read is no proxy's, and takes nothing from the other",
        arguments: [
            "Forwarded: for=\"x\r\nX-Forwarded-For: 192.0.2.7\r\n",
            "Forwarded: for=x\r\nX-Forwarded-For: 192.0.2.7\r\n",
            "Forwarded: for=1.1.1\r\nX-Forwarded-For: 192.0.2.7\r\n",
            "Forwarded: for=\"\"\r\nX-Forwarded-For: 192.0.2.7\r\n",
            "Forwarded: \r\nX-Forwarded-For: 192.0.2.7\r\n",
            "X-Forwarded-For: x\r\nForwarded: for=192.0.2.7\r\n",
            "X-Forwarded-For: \r\nForwarded: for=192.0.2.7\r\n",
        ])
    func unreadableOther(fields: String) throws {
        #expect(try origin(fields).address == "192.0.2.7")
    }

    @Test func `A6: a row of proxies has an end`() throws {
        let list = Array(repeating: "10.0.0.2", count: 800).joined(separator: ",")
        let origin = try origin("X-Forwarded-For: 192.0.2.7,\(list)\r\n")
        #expect(origin.address == "10.0.0.2")
        #expect(origin.forwardedFor.utf8.count < 400)
    }

    @Test(
        "I02 a scheme and a host are taken from a trusted proxy if they are ones",
        arguments: [
            (
                "X-Forwarded-Proto: https\r\nX-Forwarded-Host: Shop.example:8443\r\n", "https",
                "Shop.example:8443"
            ),
            ("X-Forwarded-Proto: HTTP\r\n", "http", nil),
            ("X-Forwarded-Proto: ftp\r\nX-Forwarded-Host: a/b\r\n", "http", nil),
            ("X-Forwarded-Proto: https, http\r\nX-Forwarded-Host: a, b\r\n", "http", nil),
            ("X-Forwarded-Host: a\r\nX-Forwarded-Host: b\r\n", "http", nil),
            ("Forwarded: for=192.0.2.7;proto=https;host=\"a:80\"\r\n", "https", "a:80"),
            ("Forwarded: for=1.1.1.1;proto=https, for=192.0.2.7\r\n", "http", nil),
            ("Forwarded: for=192.0.2.7\r\nX-Forwarded-Proto: https\r\n", "http", nil),
            ("Forwarded: for=192.0.2.7\r\nX-Forwarded-Host: evil\r\n", "http", nil),
            ("X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n", "https", nil),
        ] as [(String, String, String?)])
    func place(fields: String, scheme: String, host: String?) throws {
        let origin = try origin(fields)
        #expect(origin.scheme == scheme)
        #expect(origin.host == host)
    }

    @Test func `the gateway is told what is believed`() throws {
        let request = try parseRequest(
            "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.1.1.1, 192.0.2.7\r\n\r\n")
        let head = text(
            GatewayRequest(
                clientAddress: "10.0.0.1", scheme: "https", fallbackHost: "g",
                acceptsOnlyIdentity: false, forwardedFor: "192.0.2.7, 10.0.0.1",
                forwardedHost: "shop"
            ).serialize(request))
        #expect(head.contains("x-forwarded-for: 192.0.2.7, 10.0.0.1\r\n"))
        #expect(head.contains("x-forwarded-host: shop\r\n"))
        #expect(!head.contains("1.1.1.1"))
    }
}

@Suite("Redirects")
struct SecureRedirectTests {
    @Test(
        "a request is sent to the same place over TLS",
        arguments: [
            ("GET /a?b=c HTTP/1.1\r\nHost: x.example:80\r\n\r\n", 443, "https://x.example/a?b=c"),
            ("POST /a HTTP/1.1\r\nHost: X\r\n\r\n", 8443, "https://x:8443/a"),
            ("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 443, "https://[::1]/"),
            ("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 443, "https://x/"),
            ("GET / HTTP/1.0\r\n\r\n", 443, nil),
        ] as [(String, UInt16, String?)])
    func place(head: String, port: UInt16, location: String?) throws {
        let answer = SecureRedirect.answer(try parseRequest(head), port: port)
        #expect(answer?.status == location.map { _ in 308 })
        #expect(answer?.fields.first { $0.0 == .location }?.1 == location)
    }
}
