import HTTPModel
import Identity
import Testing

@Suite("Where tokens stand")
struct TokenPlaceTests {
    @Test(
        "A place is written and read back",
        arguments: [
            "bearer", "query:access_token", "cookie:session", "header:x-token", "query:a:b",
            "cookie:__Host-s", "query:auth[token]",
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
            "query:_", "cookie:--", "header:.",
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
            (" Bearer abc ", "abc"), ("Basic abc", nil), ("Bearer", nil), ("Basic", nil),
            ("", nil),
            ("abc", nil), ("Forbearer abc", nil),
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
            ("%61ccess_token=%61b%63", "abc"), ("access_token=a%2Bb%2f%3D", "a+b/="),
            ("access_token=a=b", "a=b"), ("access_token=12%7Cab", "12|ab"),
            ("access_token=abc&access_token=ab%63", "abc"),
            ("&&access_token=abc&", "abc"), ("access_token", nil),
            ("access_token=", nil), ("xaccess_token=abc", nil), ("accesstokens=abc", nil),
            ("", nil), ("access_token%3Dabc", nil), ("x=access_token=abc", nil),
            ("a[b]=c&access_token=abc&d%5Be%5D=f;g", "abc"),
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
            (["session=a=b"], "a=b"), (["session=s%3Aab.c%2Fd%3D"], "s:ab.c/d="),
            (["a=\"b c\"; session=abc; d={\"e\": [1, 2]}; ü=é"], "abc"),
            (["_ga=GA1.2.3; __Host-session=x; mysession=y; session=abc"], "abc"),
            (["session=abc; session=abc"], "abc"), (["session=abc", "session=\"abc\""], "abc"),
            (["session=\"\""], nil), (["session="], nil), (["session"], nil),
            (["xsession=abc"], nil), ([""], nil), ([";;="], nil),
        ] as [([String], String?)])
    func cookie(lines: [String], token: String?) throws {
        let head = request(lines.map { ("Cookie", $0) })

        #expect(try IdentityRules("cookie:session").token(in: head)?.secret == token)
    }

    @Test(
        "A field's whole value",
        arguments: [
            ("X-Token", "abc", "abc"), ("x-token", " abc ", "abc"), ("X-TOKEN", "a%20b", "a%20b"),
            ("X-Token", "", nil), ("X-Tokens", "abc", nil), ("X-Token", "Bearer abc", "abc"),
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
