import Foundation
import TestSupport
import Testing

/// A request that holds a token of the test's own and one of the victim's.
struct DoubtfulRequest: Sendable, CustomTestStringConvertible {
    let place: String
    let query: String
    let lines: [String]

    /// `F` stands for a forged token of the victim, `M` for a valid one of the sender.
    init(_ place: String, query: String = "", _ lines: String...) {
        (self.place, self.query, self.lines) = (place, query, lines)
    }

    var testDescription: String { "\(place) \(query) \(lines)" }

    /// The bytes of the head; each character is one byte.
    func head(_ method: String, _ path: String, accept: String) -> [UInt8] {
        let target = query.isEmpty ? path : "\(path)?\(query)"
        let text = (["\(method) \(target) HTTP/1.1", "host: a", "accept: \(accept)"] + lines)
            .joined(separator: "\r\n")
        return Self.filled(text + "\r\n\r\n").unicodeScalars.map {
            UInt8(truncatingIfNeeded: $0.value)
        }
    }

    static func filled(_ text: String) -> String {
        text.replacing(/\bF\b/, with: Tokens.forged(sub: "victim"))
            .replacing(/\bM\b/, with: Tokens.jwt(sub: "mallory"))
    }

    static let cookies = [
        "session=F; a=b session=M", "session=F; \u{A0}session=M", "session=M; session=F",
        "session=F; Session=M", "session=F; a=\"x; session=M\"", "a=\"session=M\"; session=F",
        "session=F, session=M", "session=F;\tsession\t=M", "session=F; se%73sion=M",
        "session=F; session[]=M", "session=F; session[a]=M", "session=F; _session=M",
        "session=F; $session=M", "session=F; \u{C5}\u{BF}ession=M", "session=F session=M",
        "session=\"F\"; session=M", "session=F%; x=y", "session=F\\; x=y", "session=F x",
        "session=; session=M", "session=F\u{E9}", "session=F; a={\"b\": session=M}",
        "session=F; a=1%3Bsession%3DM", "session=F; a=b]session=M", "session=F; a={session=M",
        "a=%253B%2520session%253DM; session=F",
    ].map { DoubtfulRequest("cookie:session", "Cookie: \($0)") }

    static let queries = [
        "access_token=F&access[token=M", "access_token=F&%20access_token=M",
        "access_token=F&access_token=M", "access_token=F&access.token=M",
        "access_token=F&access+token=M", "access_token=F&Access_Token=M",
        "access_token=F&access_token[]=M", "access_token=F&access_token%00x=M",
        "access_token=F&access_token[a]=M", "access_token=F&.access_token=M",
        "access_token=F&a[access_token]=M", "access_token=F&access%255Ftoken=M",
        "access_token=F&%25252561ccess_token=M", "access_token=F&%u0061ccess_token=M",
        "access_token=F&acce%C5%BF%C5%BF_token=M", "access_token=F&access_to%E2%84%AAen=M",
        "access_token=F&%EF%BD%81ccess_token=M", "access_token=F&%C1%A1ccess_token=M",
        "access_token=F;access_token=M", "a=b;access_token=M&access_token=F",
        "access_token=F&amp;access_token=M", "access_token=F&?access_token=M",
        "access_token=F&access_token", "access_token=F%26x", "access_token=F%3Bx",
        "access_token=F%zz", "access_token=F%4", "access_token=F+x", "access_token=F%20",
        "access_token=F%2500", "access_token=F%C3%A9", "access_token=F%00",
        "access_token=F&a=%26access_token=M", "a=%253Baccess_token%253DM&access_token=F",
    ].map { DoubtfulRequest("query:access_token", query: $0) }

    /// The query is read in the letters of the body.
    static let letters = [
        DoubtfulRequest(
            "query:access_token", query: "access_token=F&+AGE-ccess_token=M",
            "Content-Type: text/plain; charset=utf-7"),
        DoubtfulRequest(
            "query:access_token", query: "access_token=F&%C1ccess_token=M",
            "Content-Type: text/plain; charset=cp037"),
    ]

    static let fields = [
        DoubtfulRequest("bearer", "Authorization: Bearer F", "Authorization: Bearer M"),
        DoubtfulRequest("bearer", "Authorization: Basic eDp5", "Authorization: Bearer M"),
        DoubtfulRequest("bearer", "Authorization: Bearer F, Bearer M"),
        DoubtfulRequest("bearer", "Authorization: Basic eDp5, Bearer M"),
        DoubtfulRequest("bearer", "Authorization: Bearer F M"),
        DoubtfulRequest("bearer", "Authorization: Bearer\u{A0}M"),
        DoubtfulRequest("bearer", "Authorization: Bearer \"M\""),
        DoubtfulRequest("bearer", "Authorization: Bearer F;M"),
        DoubtfulRequest("bearer", "Authorization: Bearer: M"),
        DoubtfulRequest("header:x-token", "X-Token: F", "X-Token: M"),
        DoubtfulRequest("header:x-token", "X-Token: F", "X_Token: M"),
        DoubtfulRequest("header:x-token", "X-Token: F", "X.Token: M"),
        DoubtfulRequest("header:x-token", "X-Token: F, M"),
        DoubtfulRequest("header:x-token", "X-Token: M F"),
        DoubtfulRequest("header:x-token", "X-Token: F", "x-token:"),
    ]

    static let all = cookies + queries + letters + fields
}

extension Scenarios {
    @Suite("I05: a request that may hold a second token opens no stream")
    struct SecondTokenTests {
        /// Answers everything but a page with an event stream, whatever it was asked for.
        private static func gateway() throws -> RawGateway {
            try RawGateway { peer in
                while let head = peer.readHead() {
                    if head.contains(" /page") {
                        peer.send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\npage")
                        continue
                    }
                    peer.send(
                        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: x\n\n")
                    return peer.note(peer.readsEnd() ? "closed" : "reset")
                }
            }
        }

        private static func sluice(
            _ gateway: RawGateway, _ place: String,
            _ change: (inout SluiceOptions) -> Void = { _ in }
        ) async throws -> SluiceProcess {
            try await SluiceProcess(
                gateway: gateway.address,
                options: SluiceOptions {
                    $0.tokenPlaces = [place]
                    $0.workers = 1
                    change(&$0)
                })
        }

        /// The victim's own stream, with its token spelled plainly.
        private static func victim(_ sluice: SluiceProcess, _ place: String) async throws
            -> TestClient
        {
            let token = Tokens.jwt(sub: "victim")
            let (query, line) =
                switch place {
                case "bearer": ("", "authorization: Bearer \(token)")
                case "cookie:session": ("", "cookie: session=\(token)")
                case "header:x-token": ("", "x-token: \(token)")
                default: ("?access_token=\(token)", "x: y")
                }
            let client = sluice.client(name: "the victim")
            client.send(
                "GET /events\(query) HTTP/1.1\r\nhost: a\r\naccept: text/event-stream\r\n\(line)"
                    + "\r\n\r\n", answering: "GET")
            #expect(try await client.head().status == 200)
            return client
        }

        @Test("I05: it is refused before the gateway hears of it", arguments: DoubtfulRequest.all)
        func refused(request: DoubtfulRequest) async throws {
            let gateway = try Self.gateway()
            let sluice = try await Self.sluice(gateway, request.place)
            let victim = try await Self.victim(sluice, request.place)

            let client = sluice.client()
            client.send(
                request.head("GET", "/events", accept: "text/event-stream"), answering: "GET")

            let status = try await client.head().status
            try #require(status == 400)
            let line = try await sluice.log("error")
            #expect(line["reason"]?.hasPrefix("token_") == true)
            #expect(line["fault"] == "client")
            #expect(gateway.heads.count == 1)
            #expect(victim.isOpen)
            #expect(sluice.count("evict") == 0)
            victim.leave(.reset)
            try await sluice.expectSoundEnd()
        }

        @Test(
            "I05: a page with the same tokens passes as it came, and an answer that is a stream is refused"
        )
        func pages() async throws {
            for place in ["cookie:session", "query:access_token", "bearer", "header:x-token"] {
                let gateway = try Self.gateway()
                let sluice = try await Self.sluice(gateway, place)
                let victim = try await Self.victim(sluice, place)
                let requests = DoubtfulRequest.all.filter { $0.place == place }
                let client = sluice.client()

                for (number, request) in requests.enumerated() {
                    client.send(
                        request.head("GET", "/page", accept: "text/html"), answering: "GET")
                    let page = try await client.whole(number)
                    #expect(page.text == "page", "\(request)")
                    let head = try #require(gateway.heads.last)
                    for line in request.lines + (request.query.isEmpty ? [] : [request.query]) {
                        let sent = DoubtfulRequest.filled(line).unicodeScalars.map {
                            UInt8(truncatingIfNeeded: $0.value)
                        }
                        #expect(
                            head.contains(
                                String(decoding: sent, as: UTF8.self)
                                    .trimmingCharacters(in: .whitespaces)), "\(request)")
                    }
                }
                #expect(sluice.count("error") == 0)

                let request = try #require(requests.first)
                let other = sluice.client()
                other.send(request.head("GET", "/events", accept: "*/*"), answering: "GET")
                #expect(try await other.head().status == 400)
                try await gateway.heads(requests.count + 3)
                #expect(gateway.heads.last == "closed")
                try await sluice.log("error")
                #expect(sluice.count("stream_opened") == 1)
                #expect(victim.isOpen)
                victim.leave(.reset)
                try await sluice.expectSoundEnd()
            }
        }

        @Test("I05: whatever the method, a request that asks for a stream is refused")
        func methods() async throws {
            let gateway = try Self.gateway()
            let sluice = try await Self.sluice(gateway, "cookie:session")
            let request = DoubtfulRequest.cookies[0]

            for method in ["POST", "PUT", "QUERY"] {
                let client = sluice.client()
                client.send(
                    request.head(method, "/page", accept: "application/json, text/event-stream"),
                    answering: method)
                #expect(try await client.head().status == 400)
            }

            #expect(gateway.heads.isEmpty)
            try await sluice.expectSoundEnd()
        }

        @Test("I05: without Accept a GET may be for a stream, unless it is about cookies")
        func withoutAccept() async throws {
            let gateway = try Self.gateway()
            for (request, status, count) in [
                (DoubtfulRequest.queries[0], 400, 0), (DoubtfulRequest.cookies[0], 200, 1),
            ] {
                let sluice = try await Self.sluice(gateway, request.place)
                let client = sluice.client()
                let head = request.head("GET", "/page", accept: "-")
                let text = String(decoding: head, as: UTF8.self)

                client.send(
                    Array(text.replacing("accept: -\r\n", with: "").utf8), answering: "GET")

                #expect(try await client.head().status == status)
                #expect(gateway.heads.count == count)
                try await sluice.expectSoundEnd()
            }
        }

        @Test("I05: a browser with two cookies of the name can log out")
        func logout() async throws {
            let gateway = try Self.gateway()
            let sluice = try await Self.sluice(gateway, "cookie:session")
            let client = sluice.client()

            client.send(
                DoubtfulRequest.filled(
                    "POST /page HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n"
                        + "cookie: session=F; session=M\r\n\r\n"), answering: "POST")

            #expect(try await client.whole().text == "page")
            #expect(sluice.count("error") == 0)
            try await sluice.expectSoundEnd()
        }

        @Test("I05: it is logged once per client and minute, and what was left out is counted")
        func once() async throws {
            let gateway = try Self.gateway()
            let sluice = try await Self.sluice(gateway, "cookie:session") {
                $0.set("trusted_proxies", "- 127.0.0.0/8")
                $0.workers = 3
            }

            for address in ["192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.1", "192.0.2.2"] {
                let client = sluice.client()
                client.send(
                    DoubtfulRequest(
                        "", "cookie: session=F; session=M", "x-forwarded-for: \(address)"
                    )
                    .head("GET", "/events", accept: "text/event-stream"), answering: "GET")
                #expect(try await client.head().status == 400)
            }

            #expect(sluice.count("error") == 2)
            #expect(sluice.lines("error").allSatisfy { $0["reason"] == "token_conflict" })
            #expect(gateway.heads.isEmpty)
            try await sluice.expectSoundEnd()
            let details = sluice.lines("error").compactMap { $0["detail"] }
            #expect(details.contains { $0.hasPrefix("2 more") })
            #expect(details.contains { $0.hasPrefix("1 more") })
        }
    }
}
