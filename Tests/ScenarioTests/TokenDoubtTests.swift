import Foundation
import Reactor
import TestSupport
import Testing

extension Scenarios {
    /// A4: one person must not be many users, however the one token is spelled.
    @Suite("Tokens that could be read in two ways")
    struct TokenDoubtTests {
        private static let header = "eyJhbGciOiJIUzI1NiJ9"
        private static let eventually = [("accept", "*/*")]

        /// A gateway that reads tokens as leniently as any: all are the same person's to it.
        private static func gateway() throws -> RawGateway {
            try RawGateway { peer in
                guard peer.readHead() != nil else { return }
                peer.send(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
                        + "transfer-encoding: chunked\r\n\r\n9\r\ndata: a\n\n\r\n")
                // Stays until it is left.
                _ = peer.readHead()
            }
        }

        private static func sluice(
            _ gateway: RawGateway, userClaim: String = "sub"
        ) async throws -> SluiceProcess {
            try await SluiceProcess(
                gateway: gateway.address,
                options: SluiceOptions {
                    $0.tokenPlaces = ["header:x-token"]
                    $0.policies = ["default.yaml": SluiceOptions.cap(1, "eviction_budget: off")]
                    $0.set("identity", "user_claim: \(userClaim)")
                })
        }

        private static func ask(
            _ sluice: SluiceProcess, _ token: String, _ looks: [(String, String)] = Looks.native
        ) -> TestClient {
            let client = sluice.client()
            client.request("GET", "/events", fields: looks + [("x-token", token)])
            return client
        }

        private static func token(_ payload: String, third: String = "c2ln") -> String {
            "\(header).\(base64URL(payload)).\(third)"
        }

        @Test("A4: spellings of the third part are one user", arguments: ["sub", "token", "none"])
        func thirdPart(userClaim: String) async throws {
            let gateway = try Self.gateway()
            let sluice = try await Self.sluice(gateway, userClaim: userClaim)
            let thirds = [
                "c2ln", "c2lh", "c2lo", "c2ln=", "c2ln==", "c2l-", "c2l+", "c2l_", "c2l/", "c", "",
                "c2!ln",
            ]

            var clients: [TestClient] = []
            for third in thirds {
                let client = Self.ask(sluice, Self.token(#"{"sub":"ann"}"#, third: third))
                #expect(try await client.head().status == 200)
                clients.append(client)
            }

            for client in clients.dropLast() { #expect(try await client.end() == .closeNotify) }
            #expect(clients.last?.isOpen == true)
            try await sluice.log("stream_opened", count: thirds.count)
            #expect(Set(sluice.lines("stream_opened").map { $0["user"] }).count == 1)
            #expect(sluice.count("evict") == thirds.count - 1)
            try await sluice.expectSoundEnd()
        }

        /// Each of them another spelling of what some gateway takes for Ann's token.
        static let doubtful: [(String, String)] = [
            ("a name of 257 bytes", token(#"{"sub":"\#(String(repeating: "n", count: 257))"}"#)),
            ("a member twice", token(#"{"sub":"bob","sub":"ann"}"#)),
            ("a member twice, elsewhere", token(#"{"sub":"ann","x":{"y":1,"y":2}}"#)),
            ("a control character", token(#"{"sub":"a\u0000nn"}"#)),
            ("a line break", token(#"{"sub":"a\nnn"}"#)),
            ("no text", token(#"{"sub":""}"#)), ("a fraction", token(#"{"sub":2.0}"#)),
            ("an exponent", token(#"{"sub":2e0}"#)), ("a list", token(#"{"sub":["ann"]}"#)),
            ("an object", token(#"{"sub":{"id":"ann"}}"#)),
            ("text behind it", token(#"{"sub":"ann"}{}"#)),
            ("half a surrogate pair", token(#"{"sub":"\ud800"}"#)),
            ("padding", "\(header).\(base64URL(#"{"sub":"ann" }"#))=.c2ln"),
            ("unused bits", "\(header).eyJzdWIiOiIyIn1.c2ln"),
            ("another alphabet", "\(header).eyJzdWIiOiI/In0.c2ln"),
            ("a byte of no alphabet", "\(header).eyJzdWIi!OiIyIn0.c2ln"),
            (
                "deep nesting",
                token(
                    #"{"sub":"ann","x":"# + String(repeating: "[", count: 40)
                        + String(repeating: "]", count: 40) + "}")
            ),
            ("a fourth part", token(#"{"sub":"ann"}"#) + ".x"),
            ("a part before it", "x." + token(#"{"sub":"ann"}"#)),
        ]

        @Test("A4: a token that may be read in two ways opens no stream", arguments: doubtful)
        func refused(what: String, token: String) async throws {
            let gateway = try Self.gateway()
            let sluice = try await Self.sluice(gateway)
            let ann = Self.ask(sluice, Self.token(#"{"sub":"ann"}"#))
            #expect(try await ann.head().status == 200)

            // Known beforehand, and known only by the gateway's answer.
            let early = Self.ask(sluice, token)
            #expect(try await early.whole().status == 400)
            let posted = sluice.client()
            posted.request(
                "POST", "/events",
                fields: [
                    ("accept", "application/json, text/event-stream"), ("x-token", token),
                ], body: [])
            #expect(try await posted.whole().status == 400)
            #expect(gateway.heads.count == 1)
            let late = Self.ask(sluice, token, Self.eventually)
            #expect(try await late.whole().status == 400)
            #expect(gateway.heads.count == 2)

            #expect(early.response?.text.contains("token_doubtful") == true)
            #expect(late.response?.text.contains("token_doubtful") == true)
            try await sluice.log("error") { $0["reason"] == "token_doubtful" }
            #expect(ann.isOpen)
            #expect(sluice.count("stream_opened") == 1)
            #expect(sluice.count("evict") == 0)
            try await sluice.expectSoundEnd()
            #expect(!sluice.lines.contains { $0.text.contains(Self.header) })
        }

        @Test func `A4: a policy finds a claim behind a large one and behind many`() async throws {
            let gateway = try Self.gateway()
            let sluice = try await SluiceProcess(
                gateway: gateway.address,
                options: SluiceOptions {
                    $0.tokenPlaces = ["header:x-token"]
                    $0.policies = [
                        "a.yaml": """
                        version: 1
                        policies:
                          - name: premium
                            match: { claims: { plan: premium } }
                          - name: default
                            max_streams_per_user: 1
                        """
                    ]
                })
            let large = String(repeating: "v", count: 5000)
            let many = (0..<100).map { #""c\#($0)":\#($0)"# }.joined(separator: ",")

            for other in [#""a":"\#(large)""#, many] {
                for _ in 0..<2 {
                    let client = Self.ask(
                        sluice, Self.token(#"{\#(other),"plan":"premium","sub":"ann"}"#))
                    #expect(try await client.head().status == 200)
                }
            }

            try await sluice.log("stream_opened", count: 4)
            #expect(sluice.lines("stream_opened").allSatisfy { $0["policy"] == "premium" })
            #expect(sluice.lines("stream_opened").allSatisfy { $0["user"] == "ann" })
            try await sluice.expectSoundEnd()
        }

        @Test(
            "A4: a time with a fraction or an exponent is a time",
            arguments: ["fraction", "exponent"])
        func expiry(form: String) async throws {
            let gateway = try Self.gateway()
            let sluice = try await SluiceProcess(
                gateway: gateway.address,
                options: SluiceOptions {
                    $0.tokenPlaces = ["header:x-token"]
                    $0.policies = ["a.yaml": SluiceOptions.cap(5, "until: token_expiry")]
                })
            let soon = Clock.timeOfDay().seconds + 2
            let text =
                form == "fraction"
                ? "\(soon).25" : "\(soon / 1_000_000_000).\(soon % 1_000_000_000)e9"
            let client = Self.ask(sluice, Self.token(#"{"sub":"ann","exp":\#(text)}"#))

            #expect(try await client.whole().isComplete)
            try await sluice.log("stream_closed") { $0["reason"] == "token_expired" }
            try await sluice.expectSoundEnd()
        }

        @Test func `A5: several claims are one user together`() async throws {
            let gateway = try Self.gateway()
            let sluice = try await Self.sluice(gateway, userClaim: "[iss, sub]")
            let first = Self.ask(sluice, Self.token(#"{"iss":"https://a.example","sub":"ann"}"#))
            _ = try await first.head()
            let other = Self.ask(sluice, Self.token(#"{"iss":"https://b.example","sub":"ann"}"#))
            _ = try await other.head()
            let second = Self.ask(
                sluice, Self.token(#"{"sub":"ann","x":1,"iss":"https://a.example"}"#))
            _ = try await second.head()

            // Only the first is the second's.
            #expect(try await first.end() == .closeNotify)
            #expect(other.isOpen && second.isOpen)
            let tombstone = try await first.tombstone()
            try await sluice.log("stream_opened", count: 3)
            #expect(
                sluice.lines("stream_opened").map { $0["user"] } == [
                    "https://a.example ann", "https://b.example ann", "https://a.example ann",
                ])

            // A tombstone is bound to all of them.
            let stranger = Self.ask(
                sluice, Self.token(#"{"iss":"https://c.example","sub":"ann"}"#),
                Looks.native + [("last-event-id", tombstone)])
            #expect(try await stranger.head().status == 200)
            #expect(gateway.heads.count == 4)
            #expect(other.isOpen && second.isOpen)
            try await sluice.expectSoundEnd()
        }
    }
}

private func base64URL(_ text: String) -> String {
    Data(text.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
        .replacing("=", with: "")
}
