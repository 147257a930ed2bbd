import Identity
import TLS
import Testing

@Suite("I07: secrets do not print")
struct RedactionTests {
    @Test func `a token prints as redacted in every way`() throws {
        let rules = IdentityRules("header:x-token")
        let token = try #require(try rules.token(in: request([("X-Token", "hunter2")])))

        let texts = everyText(of: token) + everyText(of: Optional(token)) + everyText(of: [token])

        #expect(!texts.contains { $0.contains("hunter2") || $0.contains("104") })
        #expect("\(token)" == "[redacted]")
        #expect(String(reflecting: token) == "[redacted]")
    }

    @Test func `a key prints as redacted in every way`() {
        let hash = KeyedHash(key: Array("hunter2".utf8))

        let texts = everyText(of: hash) + everyText(of: Optional(hash)) + everyText(of: [hash])

        #expect(!texts.contains { $0.contains("hunter2") || $0.contains("104") })
        #expect("\(hash)" == "[redacted]")
        #expect(String(reflecting: hash) == "[redacted]")
    }

    @Test func `an error does not carry the token`() {
        let rules = IdentityRules("query:t")

        let error = #expect(throws: IdentityError.self) {
            try rules.token(in: request(query: "t=hunter2&t=hunter3"))
        }

        #expect(error.map { everyText(of: $0).contains { $0.contains("hunter") } } == false)
    }

    /// What printing, reflecting and dumping make of a value; 104 is the first byte of the secret.
    private func everyText(of value: some Any) -> [String] {
        var dumped = ""
        dump(value, to: &dumped)
        let children = Mirror(reflecting: value).children.map { String(reflecting: $0.value) }
        return ["\(value)", String(describing: value), String(reflecting: value), dumped] + children
    }
}
