import HTTPModel
import Identity
import Testing

@Suite("Where tokens stand")
struct TokenPlaceTests {
    @Test(
        "A place is written and read back",
        arguments: [
            "bearer", "query:access_token", "cookie:session", "header:x-token", "query:a:b",
        ])
    func places(text: String) throws {
        let place = try #require(TokenPlace(text))

        #expect(place.text == text)
    }

    @Test(
        "What is no place is refused",
        arguments: [
            "", "Bearer", "bearer:", "bearer:x", "query", "query:", "query:a b", "query:a\nb",
            "cookie:",
            "cookie:a=b", "cookie:a;b", "header:", "header:x y", "header:x:y", "body:x",
        ])
    func notPlaces(text: String) {
        #expect(TokenPlace(text) == nil)
    }

    @Test func `a field's name has no case`() {
        #expect(TokenPlace("header:X-Token") == TokenPlace("header:x-token"))
    }

    @Test(
        "Bearer credentials (RFC 6750, section 2.1)",
        arguments: [
            ("Bearer abc", "abc"), ("bearer abc", "abc"), ("BEARER   abc", "abc"),
            ("Bearer\tabc", "abc"),
            (" Bearer abc ", "abc"), ("Basic abc", nil), ("Bearerabc", nil), ("Bearer", nil),
            ("", nil),
            ("abc", nil), ("Bearer: abc", nil),
        ] as [(String, String?)])
    func bearer(value: String, token: String?) throws {
        let head = request([("Authorization", value)])

        #expect(try IdentityRules("bearer").token(in: head)?.secret == token)
    }

    @Test(
        "A query parameter, decoded as the gateway decodes it",
        arguments: [
            ("access_token=abc", "abc"), ("a=b&access_token=abc&c=d", "abc"),
            ("access%5Ftoken=abc", "abc"),
            ("%61ccess_token=%61b%63", "abc"), ("access_token=a+b", "a b"),
            ("access_token=a%2Bb", "a+b"),
            ("access_token=a%20b", "a b"), ("access_token=a%", "a%"), ("access_token=a%4", "a%4"),
            ("access_token=a%zz", "a%zz"), ("access_token=a=b", "a=b"),
            ("access_token=abc&access_token=ab%63", "abc"),
            ("access_token=%C3%BC", "ü"), ("&&access_token=abc&", "abc"), ("access_token", nil),
            ("access_token=", nil), ("Access_token=abc", nil), ("xaccess_token=abc", nil),
            ("", nil), ("access_token=a;b=c", "a;b=c"),
            ("access_token%3Dabc", nil), ("x=access_token=abc", nil), ("access+token=abc", nil),
        ] as [(String, String?)])
    func query(query: String, token: String?) throws {
        let head = request(query: query)

        #expect(try IdentityRules("query:access_token").token(in: head)?.secret == token)
    }

    @Test func `a parameter's own name may have a plus for a space`() throws {
        let rules = IdentityRules(places: [.query("access token")], userClaim: .token)

        #expect(try rules.token(in: request(query: "access+token=abc"))?.secret == "abc")
    }

    @Test(
        "A cookie (RFC 6265)",
        arguments: [
            (["session=abc"], "abc"), (["a=b; session=abc; c=d"], "abc"),
            (["a=b;session=abc"], "abc"),
            (["a=b", "session=abc"], "abc"), (["session=\"abc\""], "abc"),
            (["session = abc"], "abc"),
            (["session=a=b"], "a=b"), (["session=\"abc"], "\"abc"), (["session=\""], "\""),
            (["session=abc; session=abc"], "abc"), (["session=abc", "session=\"abc\""], "abc"),
            (["session=\"\""], nil), (["session="], nil), (["session"], nil),
            (["Session=abc"], nil),
            (["xsession=abc"], nil), ([""], nil), ([";;="], nil),
        ] as [([String], String?)])
    func cookie(lines: [String], token: String?) throws {
        let head = request(lines.map { ("Cookie", $0) })

        #expect(try IdentityRules("cookie:session").token(in: head)?.secret == token)
    }

    @Test(
        "A field's whole value",
        arguments: [
            ("X-Token", "abc", "abc"), ("x-token", " abc ", "abc"), ("X-TOKEN", "a, b", "a, b"),
            ("X-Token", "", nil), ("X-Tokens", "abc", nil), ("X_Token", "abc", nil),
        ] as [(String, String, String?)])
    func header(name: String, value: String, token: String?) throws {
        let head = request([(name, value)])

        #expect(try IdentityRules("header:x-token").token(in: head)?.secret == token)
    }

    @Test func `only configured places are looked at`() throws {
        let head = request(
            query: "access_token=a", [("Cookie", "session=b"), ("Authorization", "Bearer c")])

        #expect(try IdentityRules("header:x-token").token(in: head) == nil)
        #expect(try IdentityRules().token(in: head) == nil)
        #expect(try IdentityRules("cookie:session").token(in: head)?.secret == "b")
    }
}
