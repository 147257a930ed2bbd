import Foundation
import TestSupport
import Testing

extension RealSoftware {
    /// Spellings that the software really takes for its sender's own token: each is asked directly
    /// first, so that none of these tests can pass for want of an attack.
    @Suite("I05: real software finds no token that Sluice does not")
    struct TokenReaderTests {
        /// What a request shows: `F` is a forged token of the victim, `M` a valid one of the sender.
        struct Shown: Sendable, CustomTestStringConvertible {
            let software: TokenGateway.Software
            let text: String

            var isQuery: Bool { text.hasPrefix("?") }
            var path: String { isQuery ? "/query" : "/cookie" }
            var testDescription: String { "\(software) \(text)" }

            /// The bytes of a request; each character is one byte.
            func head(_ accept: String = "text/event-stream") -> [UInt8] {
                let filled = text.replacing(/\bF\b/, with: Tokens.forged(sub: "victim"))
                    .replacing(/\bM\b/, with: Tokens.jwt(sub: "mallory"))
                let target = isQuery ? path + filled : path
                let cookie = isQuery ? "" : "cookie: \(filled)\r\n"
                return "GET \(target) HTTP/1.1\r\nhost: a\r\naccept: \(accept)\r\n\(cookie)\r\n"
                    .unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
            }

            static func all(_ texts: [TokenGateway.Software: [String]]) -> [Shown] {
                TokenGateway.Software.allCases.flatMap { software in
                    (texts[software] ?? []).map { Shown(software: software, text: $0) }
                }
            }
        }

        private static let attacks = Shown.all([
            .aiohttp: [
                "session=F; a=b session=M", "session=F, session=M", "session=F session=M",
                "session=F;\tsession\t=M", "session=F; session=M", "?access_token=M&access_token=F",
            ],
            .starlette: [
                "session=F; \u{A0}session=M", "session=F; \u{85}session=M",
                "session=F;\tsession\t=M", "session=F; session=\"M\"",
                "?access_token=F&access_token=M",
            ],
            .node: ["session=M; session=F", "a=\"; session=M; b\"; session=F"],
            .php: [
                "session=M; session=F", "a=\"; session=M; b\"; session=F",
                "?access_token=F&access[token=M", "?access_token=F&%20access_token=M",
                "?access_token=F&access_token%00x=M", "?access_token=F&access%5Btoken=M",
            ],
        ])

        /// What must be accepted, as all software accepts it.
        private static let lenient = [
            "session=M", "session =M", "session=\"M\"", "a=b; session=M", "a={\"b\": 1}; session=M",
            "a=b c; session=M", "a=\"b c\"; session=M; d=\"e\"", "a=\u{E9}; session=M",
            "a;session=M",
            "session=M;", "?access_token=M", "?access%5Ftoken=M", "?a=b&access_token=M&c[d]=e",
            "?access_token=M&access_tokens=F",
        ]

        private static func sluice(_ gateway: TokenGateway, _ shown: Shown) async throws
            -> SluiceProcess
        {
            try await SluiceProcess(
                gateway: gateway.address,
                options: SluiceOptions {
                    $0.tokenPlaces = [shown.isQuery ? "query:access_token" : "cookie:session"]
                })
        }

        @Test("I05: what it takes for another token than Sluice evicts nobody", arguments: attacks)
        func attack(shown: Shown) async throws {
            let gateway = try await TokenGateway(shown.software)
            let sluice = try await Self.sluice(gateway, shown)

            let direct = TestClient(to: gateway.address, security: .none)
            direct.send(shown.head(), answering: "GET")
            #expect(try await direct.head().status == 200)
            try await gateway.opened("mallory", count: 1)
            direct.leave(.reset)

            let victim = sluice.client()
            let token = Tokens.jwt(sub: "victim")
            victim.request(
                "GET", shown.isQuery ? "/query?access_token=\(token)" : "/cookie",
                fields: [("accept", "text/event-stream")]
                    + (shown.isQuery ? [] : [("cookie", "session=\(token)")]))
            #expect(try await victim.head().status == 200)
            try await gateway.opened("victim", count: 2)

            for accept in ["text/event-stream", "*/*"] {
                let client = sluice.client()
                client.send(shown.head(accept), answering: "GET")
                #expect(try await client.head().status == 400)
            }

            // The first of them was not even heard of.
            try await gateway.opened("mallory", count: 3)
            try await sluice.log("error")
            #expect(sluice.count("stream_opened") == 1)
            #expect(sluice.count("evict") == 0)
            #expect(victim.isOpen)
            victim.leave(.reset)
            try await sluice.expectSoundEnd()
        }

        @Test(
            "I05: what is no attack counts for the one whom it takes it for",
            arguments: TokenGateway.Software.allCases)
        func lenient(software: TokenGateway.Software) async throws {
            let gateway = try await TokenGateway(software)
            for text in Self.lenient {
                let shown = Shown(software: software, text: text)
                let sluice = try await Self.sluice(gateway, shown)
                let before = gateway.users.count

                let client = sluice.client()
                client.send(shown.head(), answering: "GET")

                #expect(try await client.head().status == 200, "\(shown.testDescription)")
                _ = try await client.event { $0.data == "x" }
                try await gateway.opened("mallory", count: before + 1)
                #expect(try await sluice.log("stream_opened")["user"] == "mallory")
                client.leave(.reset)
                try await sluice.expectSoundEnd()
            }
        }
    }
}
