import TestRandom
import Testing

@testable import Policy

@Suite("Which paths fit a pattern")
struct PathPatternTests {
    @Test(
        "fits",
        arguments: [
            ("/events", "/events"),
            ("/", "/"),
            ("/events/", "/events/"),
            ("/*", "/events"),
            ("/*", "/"),
            ("/chats/*/events", "/chats/42/events"),
            ("/v*/events", "/v1/events"),
            ("/v*/events", "/v/events"),
            ("/a*b*c", "/abbc"),
            ("/a*b*c", "/axbxbxc"),
            ("/*.json", "/a.json.json"),
            ("/**", "/"),
            ("/**", "/a/b/c"),
            ("/events/**", "/events"),
            ("/events/**", "/events/"),
            ("/events/**", "/events/a/b"),
            ("/v*/**", "/v1"),
            ("/v*/**", "/v1/a/b"),
            ("/*/events/**", "/x/events/y"),
            ("/a%2Fb", "/a%2Fb"),
            ("/*ab*ab/x", "/abab/x"),
            ("/*aab/x", "/aaaab/x"),
            ("/*aab/*aab", "/aab/aaaab"),
            ("/*abab*", "/abaabab"),
        ])
    func fits(pattern: String, path: String) throws {
        #expect(try PathPattern(pattern).fits(path))
    }

    @Test(
        "does not fit",
        arguments: [
            ("/events", "/events/"),
            ("/events", "/event"),
            ("/events", "/eventsx"),
            ("/events", "/Events"),
            ("/events/", "/events"),
            ("/*", "/a/b"),
            ("/chats/*/events", "/chats/events"),
            ("/chats/*/events", "/chats/1/2/events"),
            ("/a*b*c", "/ac"),
            ("/a*b", "/a/b"),
            ("/events/**", "/eventsx"),
            ("/events/**", "/event"),
            ("/events/**", "/"),
            ("/v*/**", "/x/v1"),
            ("/**", "*"),
            ("/*ab*ab", "/ab"),
            ("/*aab", "/aabb"),
            ("/a*/**", "/b/a"),
            ("/events", ""),
        ])
    func doesNotFit(pattern: String, path: String) throws {
        #expect(try !PathPattern(pattern).fits(path))
    }

    @Test(
        "A pattern that no path could fit is refused",
        arguments: [
            ("events", PatternError.noLeadingSlash("events")),
            ("", .noLeadingSlash("")),
            ("**", .noLeadingSlash("**")),
            ("/a/**/b", .misplacedDoubleStar("/a/**/b")),
            ("/a**", .misplacedDoubleStar("/a**")),
            ("/**/**", .misplacedDoubleStar("/**/**")),
            ("/***", .misplacedDoubleStar("/***")),
            ("/a?b=c", .query("/a?b=c")),
            ("/a#b", .query("/a#b")),
            ("/a b", .unescaped("/a b")),
            ("/ä", .unescaped("/ä")),
            ("/a\u{0}", .unescaped("/a\u{0}")),
            ("/a/../b", .dotSegment("/a/../b")),
            ("/.", .dotSegment("/.")),
            ("/a\\b", .unescaped("/a\\b")),
            ("/%2e%2E/a", .dotSegment("/%2e%2E/a")),
            ("/%61*/b", .notNormalized("/%61*/b", normalized: "/a*/b")),
            ("/a%2fb/**", .notNormalized("/a%2fb/**", normalized: "/a%2Fb/**")),
            ("/%7e%C3%a9", .notNormalized("/%7e%C3%a9", normalized: "/~%C3%A9")),
            ("/a%", .badEscape("/a%")),
            ("/a%2", .badEscape("/a%2")),
            ("/%2*", .badEscape("/%2*")),
            ("/%zz", .badEscape("/%zz")),
            ("/%00", .badEscape("/%00")),
        ])
    func refused(text: String, error: PatternError) {
        #expect(throws: error) { try PathPattern(text) }
    }

    @Test("P11: neither stars upon stars nor a piece that nearly fits cost more than the path")
    func pathological() throws {
        let path = "/" + String(repeating: "a", count: 64 * 1024)
        let halves = String(repeating: "a", count: 128)
        let clock = ContinuousClock()
        let plain = try PathPattern("/*")
        let patterns = try [
            "/" + String(repeating: "a*", count: 127) + "b", "/*\(halves)b", "/*\(halves)b*c",
        ].map { try PathPattern($0) }

        let least = clock.measure { _ = plain.fits(path) }
        for pattern in patterns {
            let time = clock.measure { #expect(!pattern.fits(path)) }
            // It would be 128 times as long; the rest is for a machine that has other work.
            #expect(time < least * 20 + .milliseconds(100))
        }
        #expect(patterns[0].fits(path + "b") && patterns[1].fits(path + "b"))
    }

    @Test(
        "covers",
        arguments: [
            ("/events", "/events", true),
            ("/**", "/events/**", true),
            ("/**", "/**", true),
            ("/**", "/*/x", true),
            ("/events/**", "/events", true),
            ("/events/**", "/events/*/x", true),
            ("/events/**", "/events*", false),
            ("/*", "/a*b*", true),
            ("/a*", "/ab*", true),
            ("/ab*", "/a*", false),
            ("/*", "/**", false),
            ("/events/**", "/**", false),
            ("/*/**", "/a/**", true),
            ("/a*b", "/a*c*b", true),
        ])
    func covers(pattern: String, other: String, expected: Bool) throws {
        #expect(try PathPattern(pattern).covers(PathPattern(other)) == expected)
    }

    @Test("Random patterns agree with a definition, and what is covered fits")
    func agreesWithDefinition() throws {
        var random = SeededRandom.forTest()
        for _ in 0..<20_000 {
            let one = Self.pattern(using: &random)
            let other = Self.pattern(using: &random)
            let path = Self.path(using: &random)

            let (pattern, otherPattern) = try (PathPattern(one), PathPattern(other))

            #expect(pattern.fits(path) == Self.fitsByDefinition(one, path), "\(one) \(path)")
            if pattern.covers(otherPattern), otherPattern.fits(path) {
                #expect(pattern.fits(path), "\(one) covers \(other), which fits \(path)")
            }
        }
    }

    private static func path(using random: inout SeededRandom) -> String {
        "/" + text("ab/", length: 0...9, using: &random)
    }

    private static func pattern(using random: inout SeededRandom) -> String {
        let segments = (0..<Int.random(in: 1...3, using: &random)).map { _ in
            var segment = text("ab*", length: 0...5, using: &random)
            while segment.contains("**") { segment.replace("**", with: "*") }
            return segment
        }
        let end = Int.random(in: 0..<3, using: &random) == 0 ? "/**" : ""
        return "/" + segments.joined(separator: "/") + end
    }

    private static func text(
        _ letters: String, length: ClosedRange<Int>, using random: inout SeededRandom
    ) -> String {
        String(
            (0..<Int.random(in: length, using: &random)).compactMap { _ in
                letters.randomElement(using: &random)
            })
    }

    /// The pattern as a person would explain it: segment by segment, every star tried everywhere.
    private static func fitsByDefinition(_ pattern: String, _ path: String) -> Bool {
        var expected = pattern.split(separator: "/", omittingEmptySubsequences: false)[...]
        var given = path.split(separator: "/", omittingEmptySubsequences: false)[...]
        if expected.last == "**" {
            expected.removeLast()
            given = given.prefix(expected.count)
        }
        return expected.count == given.count
            && zip(expected, given).allSatisfy { fitsSegment($0, $1) }
    }

    private static func fitsSegment(_ pattern: Substring, _ text: Substring) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        if first == "*" {
            return text.indices.contains { fitsSegment(pattern.dropFirst(), text[$0...]) }
                || fitsSegment(pattern.dropFirst(), "")
        }
        return text.first == first && fitsSegment(pattern.dropFirst(), text.dropFirst())
    }
}
