import Testing

@testable import Policy

@Suite("Errors of patterns")
struct PatternErrorTests {
    @Test(
        "each one quotes the text and says how to mend it",
        arguments: [
            PatternError.noLeadingSlash("x"), .misplacedDoubleStar("x"), .query("x"),
            .unescaped("x"), .badEscape("x"), .dotSegment("x"),
            .notNormalized("x", normalized: "y"), .misplacedHostStar("x"), .port("x"),
            .invalidHost("x"),
        ])
    func message(error: PatternError) {
        #expect(error.message.contains("\"x\""))
        #expect(error.message.contains("write") || error.message.contains("leave out"))
    }
}
