import HTTPModel
import Identity
import Testing

@Suite("I05: two tokens are never settled by taking the first")
struct TokenConflictTests {
    private static let rules = IdentityRules(
        "bearer", "query:access_token", "cookie:session", "header:x-token")

    @Test(
        "Places or values that disagree are refused",
        arguments: [
            ("access_token=a", [("Authorization", "Bearer b")]),
            ("access_token=a", [("Cookie", "session=b")]),
            ("access_token=a", [("X-Token", "b")]),
            (nil, [("Authorization", "Bearer a"), ("Cookie", "session=b")]),
            (nil, [("Authorization", "Bearer a"), ("X-Token", "b")]),
            ("access_token=a&access_token=b", []),
            ("access_token=a&acces%73_token=b", []),
            ("access_token=&access_token=b", []),
            ("access_token&access_token=b", []),
            (nil, [("Authorization", "Bearer a"), ("Authorization", "Bearer b")]),
            (nil, [("Authorization", "Basic a"), ("Authorization", "Bearer b")]),
            (nil, [("Authorization", "Bearer b"), ("Authorization", "Basic a")]),
            (nil, [("Cookie", "session=a; session=b")]),
            (nil, [("Cookie", "session=a"), ("Cookie", "session=b")]),
            (nil, [("Cookie", "session=; session=b")]),
            (nil, [("X-Token", "a"), ("x-token", "b")]),
        ] as [(String?, [(String, String)])])
    func conflicts(query: String?, fields: [(String, String)]) {
        #expect(throws: IdentityError.conflict) {
            try Self.rules.token(in: request(query: query, fields))
        }
    }

    @Test(
        "I05: what some gateway would read as a token too makes it doubtful, alone as well",
        arguments: [
            ("access_token=a&Access_Token=b", []), ("access_token=a&ACCESS%5fTOKEN=b", []),
            ("access_token=a&x=1;access_token=b", []), ("access_token=a&;access_token=b", []),
            ("access_token=a;access_token=b", []), ("access_token=a&access.token=b", []),
            ("access_token=a&Access_Token=a", []), ("Access_token=a", []), ("access+token=a", []),
            ("x=1;access_token=b", []), ("access%255Ftoken=a", []), ("access_token;x=a", []),
            (nil, [("Cookie", "session=a; Session=b")]), (nil, [("Cookie", "Session=d")]),
            (nil, [("Cookie", "a=b session=c")]),
            (nil, [("X-Token", "a"), ("X_Token", "b")]), (nil, [("X_Token", "a")]),
            (nil, [("X-Token", "a"), ("X.Token", "a")]),
            (nil, [("Authorization", "Bearerabc")]), (nil, [("Authorization", "Bearer: abc")]),
            (nil, [("Authorization", "Basic a, bearer b")]),
        ] as [(String?, [(String, String)])])
    func lookalikes(query: String?, fields: [(String, String)]) {
        #expect(throws: IdentityError.ambiguous) {
            try Self.rules.token(in: request(query: query, fields))
        }
    }

    @Test(
        "A4: a name and a password have one spelling in Base64",
        arguments: [
            ("Basic dTpwcA==", true), ("basic dTpw", true), ("Basic dTo/Pj8=", true),
            ("Basic dTpwcB==", false), ("Basic dTpwcA", false), ("Basic dTpwcA=", false),
            ("Basic dTpwcA===", false), ("Basic dTpw.cA==", false), ("BASIC dTo_Pj8=", false),
            ("Token dTpwcA", true),
        ])
    func basic(value: String, isPlain: Bool) throws {
        let rules = IdentityRules("header:authorization")
        let head = request([("Authorization", value)])
        if isPlain {
            #expect(try rules.token(in: head) != nil)
        } else {
            #expect(throws: IdentityError.malformed) { try rules.token(in: head) }
        }
    }

    @Test(
        "I05: a form in the body may hold a second one",
        arguments: [
            ("application/x-www-form-urlencoded", 7, true), ("Multipart/Form-Data; x=y", 7, true),
            ("application/json", 7, false), ("application/x-www-form-urlencoded", 0, false),
            ("", 7, true), ("", 0, false), ("multipart/mixed; boundary=x", 7, true),
            ("text/plain;charset=UTF-8", 7, false), ("application/x-url-encoded", 7, true),
            ("text/plain, application/x-www-form-urlencoded", 7, true),
        ] as [(String, Int64, Bool)])
    func forms(type: String, length: Int64, isDoubtful: Bool) throws {
        let plain = request(query: "access_token=a", [("Content-Type", type)])
        let head = RequestHead(
            method: .post, target: plain.target, version: .http11, authority: "example.com",
            fields: plain.fields, framing: .length(length), wantsKeepAlive: true)

        if isDoubtful {
            #expect(throws: IdentityError.ambiguous) { try Self.rules.token(in: head) }
        } else {
            #expect(try Self.rules.token(in: head)?.secret == "a")
        }
    }

    @Test func `I05: the body of a GET without a type is no form`() throws {
        let plain = request(query: "access_token=a")
        let head = RequestHead(
            method: .get, target: plain.target, version: .http11, authority: "example.com",
            fields: plain.fields, framing: .length(7), wantsKeepAlive: true)
        #expect(try Self.rules.token(in: head)?.secret == "a")
    }

    @Test(
        "I05: letters in which a framework may read the query in another way",
        arguments: [
            ("text/plain; charset=utf-7", true), ("x/y;CHARSET=\"UTF-16\"", true),
            ("x/y; charset=\"utf-\\7\"", true), ("x/y; charset*=utf-8''utf-7", true),
            ("x/y; charset*0=utf-; charset*1=7", true), ("x/y; charset=unicode_escape", true),
            ("x/y; charset=utf-8; charset=cp037", true), ("application/json; charset=utf-8", false),
            ("text/plain;charset=UTF-8", false), ("x/y; charset=\"ISO-8859-1\"", false),
            ("application/json", false), ("", false),
        ])
    func letters(type: String, isDoubtful: Bool) throws {
        let head = request(query: "access_token=a", [("Content-Type", type)])
        if isDoubtful {
            #expect(throws: IdentityError.ambiguous) { try Self.rules.token(in: head) }
        } else {
            #expect(try Self.rules.token(in: head)?.secret == "a")
        }
    }

    @Test(
        "I05: parameters and cookies that appear when all is decoded first",
        arguments: [
            ("access_token=a&x=%26access_token=b", nil, true),
            ("x=%3Baccess%5Ftoken%3Db&access_token=a", nil, true),
            ("x=%253Faccess_token%253Db&access_token=a", nil, true),
            ("access_token=a&x=%26b=access_token", nil, false),
            ("access_token=a&x=%2F%3Fa%3Db%26c%3Dd", nil, false),
            (nil, "session=a; x=1%3Bsession%3Db", true),
            (nil, "x=1%2C%20session%3Db; session=a", true),
            (nil, "session=a; x=%253B%2520session%253Db", true),
            (nil, "session=a; x=%2Fy%3Fsession%3Db%3B", false),
            (nil, "session=a%3D; x=%7B%22session%22%3A1%7D", false),
        ] as [(String?, String?, Bool)])
    func decodedFirst(query: String?, cookie: String?, isDoubtful: Bool) throws {
        let rules = IdentityRules("query:access_token", "cookie:session")
        let head = request(query: query, cookie.map { [("Cookie", $0)] } ?? [])
        if isDoubtful {
            #expect(throws: IdentityError.ambiguous) { try rules.token(in: head) }
        } else {
            #expect(try rules.token(in: head)?.secret.hasPrefix("a") == true)
        }
    }

    @Test("I05: what stands behind so much that a gateway may ignore it", arguments: [256, 257])
    func behindMany(count: Int) throws {
        let query = String(repeating: "a&", count: count) + "access_token=b"
        if count > 256 {
            #expect(throws: IdentityError.ambiguous) {
                try Self.rules.token(in: request(query: query))
            }
        } else {
            #expect(try Self.rules.token(in: request(query: query))?.secret == "b")
        }

        var head = request([("Cookie", String(repeating: "a=b; ", count: count) + "session=c")])
        #expect(Self.rules.read(&head) == .token(try Token(Array("c".utf8))))
        #expect(head.fields.first(.cookie)?.hasPrefix("session=c; a=b; ") == true)
    }

    @Test(
        "The same token more than once is one token",
        arguments: [
            ("access_token=a%62", [("Authorization", "Bearer ab"), ("Cookie", "session=\"ab\"")]),
            ("access_token=ab&access_token=%61b", [("X-Token", "ab"), ("X-Token", "ab")]),
            ("access_token=", [("Authorization", "Bearer ab")]),
            ("access_token=ab", [("Authorization", "Basic xy"), ("Cookie", "session=")]),
        ] as [(String?, [(String, String)])])
    func agreement(query: String?, fields: [(String, String)]) throws {
        #expect(try Self.rules.token(in: request(query: query, fields))?.secret == "ab")
    }

    @Test func `no token anywhere is none`() throws {
        #expect(try Self.rules.token(in: request(query: "a=b", [("Cookie", "c=d")])) == nil)
    }

    @Test(
        "I03: what cannot be a token is refused",
        arguments: [
            ("access_token=a%00b", []), ("access_token=a%0D%0Ab", []), ("access_token=%7F", []),
            ("access_token=a%1fb", []), (nil, [("X-Token", "a\tb")]),
            (nil, [("Authorization", "Bearer a b")]),
            (nil, [("Authorization", "Bearer a, Bearer b")]),
            (nil, [("Authorization", "Bearer \"a\"")]),
            ("access_token=a+b", []), ("access_token=a%20b", []), ("access_token=a%", []),
            ("access_token=a%4", []), ("access_token=a%zz", []), ("access_token=%C3%BC", []),
            ("access_token=a;b=c", []), ("access_token=a%2561", []), ("access_token=a%26b", []),
            (nil, [("X-Token", "a, b")]), (nil, [("X-Token", "a b")]), (nil, [("X-Token", "ü")]),
            (nil, [("Cookie", "session=\"abc")]), (nil, [("Cookie", "session=\"")]),
            (nil, [("Cookie", "session=a,b")]), (nil, [("Cookie", "session=a%2")]),
            (nil, [("Cookie", "session=\"a\\073b\"")]), (nil, [("Cookie", "session={a}")]),
            ("access_token=\(String(repeating: "a", count: 16_385))", []),
        ] as [(String?, [(String, String)])])
    func malformed(query: String?, fields: [(String, String)]) {
        #expect(throws: IdentityError.malformed) {
            try Self.rules.token(in: request(query: query, fields))
        }
    }

    @Test func `the longest token is one`() throws {
        let longest = String(repeating: "%61", count: Token.bytesMax)

        let token = try Self.rules.token(in: request(query: "access_token=\(longest)"))

        #expect(token?.secret.utf8.count == Token.bytesMax)
    }

    @Test func `reasons are stable`() {
        #expect(IdentityError.conflict.reason == "token_conflict")
        #expect(IdentityError.malformed.reason == "token_malformed")
        #expect(IdentityError.ambiguous.reason == "token_ambiguous")
    }
}
