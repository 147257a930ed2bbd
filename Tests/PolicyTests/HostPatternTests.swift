import Testing

@testable import Policy

@Suite("Which hosts fit a pattern")
struct HostPatternTests {
    @Test(
        "fits",
        arguments: [
            ("example.com", "example.com", true),
            ("Example.COM", "example.com", true),
            ("example.com", "EXAMPLE.com", true),
            ("*.example.com", "a.example.com", true),
            ("*.example.com", "a.b.example.com", true),
            ("*.example.com", "A.Example.Com", true),
            ("localhost", "localhost", true),
            ("[::1]", "[::1]", true),
            ("*.example.com", "example.com", false),
            ("*.example.com", ".example.com", false),
            ("*.example.com", "badexample.com", false),
            ("example.com", "a.example.com", false),
            ("example.com", "", false),
            ("example.com", "example.com.evil", false),
        ])
    func fits(pattern: String, host: String, expected: Bool) throws {
        #expect(try HostPattern(pattern).fits(host) == expected)
    }

    @Test(
        "A text that is no host is refused",
        arguments: [
            ("example.com:8443", PatternError.port("example.com:8443")),
            ("a.*.com", .misplacedHostStar("a.*.com")),
            ("*", .misplacedHostStar("*")),
            ("*a.com", .misplacedHostStar("*a.com")),
            ("*.", .invalidHost("*.")),
            ("", .invalidHost("")),
            ("a..b", .invalidHost("a..b")),
            ("example.com.", .invalidHost("example.com.")),
            ("a b", .invalidHost("a b")),
            ("bücher.de", .invalidHost("bücher.de")),
            ("[]", .invalidHost("[]")),
            ("[a.b/c]", .invalidHost("[a.b/c]")),
            ("https://a", .port("https://a")),
        ])
    func refused(text: String, error: PatternError) {
        #expect(throws: error) { try HostPattern(text) }
    }

    @Test(
        "covers",
        arguments: [
            ("a.com", "A.com", true),
            ("*.com", "a.com", true),
            ("*.com", "*.a.com", true),
            ("*.a.com", "*.a.com", true),
            ("*.a.com", "*.com", false),
            ("*.a.com", "a.com", false),
            ("a.com", "*.a.com", false),
        ])
    func covers(pattern: String, other: String, expected: Bool) throws {
        #expect(try HostPattern(pattern).covers(HostPattern(other)) == expected)
    }
}
