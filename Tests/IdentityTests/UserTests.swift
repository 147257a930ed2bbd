import Identity
import Policy
import TLS
import Testing

@Suite("Whom a stream counts for")
struct UserTests {
    @Test(
        "The claim of a JSON Web Token is the user",
        arguments: [
            (#"{"sub":"2"}"#, "sub", "2"),
            (#"{"sub":2}"#, "sub", "2"),
            (#"{"user":{"id":-17}}"#, "user.id", "-17"),
            (#" { "a" : [ {"sub":"no"} , 1.5e3 ] , "sub" : "x" } "#, "sub", "x"),
            (#"{"sub":12345678901234567890}"#, "sub", "12345678901234567890"),
            (#"{"sub":"\u0061\/\ud83c\udf0a\u00fc"}"#, "sub", "a/🌊ü"),
            (#"{"s\u0075b":"x"}"#, "sub", "x"),
            (#"{"https://example.com/id":"x"}"#, "https://example.com/id", "x"),
            (#"{"sub":"__proto__"}"#, "sub", "__proto__"),
            (#"{"sub":"a:* ../'\""}"#, "sub", #"a:* ../'""#),
            (#"{"":{"sub":"victim"},"sub":"x"}"#, "sub", "x"),
        ])
    func claims(payload: String, claim: String, name: String) throws {
        #expect(try user(of: jsonWebToken(payload), claim: claim).0 == .claim(name))
    }

    @Test(
        "A4: a token without the claim counts for itself, whatever its third part looks like",
        arguments: [
            #"{}"#, #"{"sub":null}"#, #"{"user":{"sub":"2"}}"#, #"{"":{"sub":"2"}}"#,
            #"{"a":{"sub":"2"}}"#, #"{"a":[{"sub":"2"}]}"#,
        ])
    func missing(payload: String) throws {
        let token = jsonWebToken(payload)

        #expect(try user(of: token).0 == hashedAsSigned(token))
        for third in ["", "c2lh", "c2ln=", "c2l+", "c", "c2 n".replacing(" ", with: "!")] {
            let spelled = String(token.dropLast("c2ln".count)) + third
            #expect(try user(of: spelled).0 == hashedAsSigned(token))
        }
    }

    @Test(
        "A4, J07, I03: a claim that is there and is no name is no identity of any kind",
        arguments: [
            #"{"sub":""}"#, #"{"sub":2.0}"#, #"{"sub":1e3}"#, #"{"sub":1E3}"#, #"{"sub":2e0}"#,
            #"{"sub":-0}"#, #"{"sub":true}"#, #"{"sub":["2"]}"#, #"{"sub":{"id":2}}"#,
            #"{"sub":1e999999}"#, #"{"sub":123456789012345678901}"#, #"{"sub":"a\u0000b"}"#,
            #"{"sub":"a\r\nb"}"#, #"{"sub":"\u007f"}"#, #"{"sub":"\u0085"}"#,
            #"{"a":{"sub":"2"},"sub":{}}"#,
        ])
    func unusable(payload: String) throws {
        #expect(throws: IdentityError.doubtful(.claim)) { try user(of: jsonWebToken(payload)) }
    }

    @Test(
        "A4, J07: a payload that two readers may read differently is no identity of any kind",
        arguments: [
            #"{"sub":"a","sub":"b"}"#, #"{"sub":"a","s\u0075b":"b"}"#,
            #"{"sub":"a","x":{"y":1,"y":2}}"#,
            #"{"sub":"a","x":[{"y":1,"y":2}]}"#, #"{"sub":"a",}"#, #"{"sub":"a"}{"#,
            #"{"sub":"a"} x"#,
            #"{"sub":01}"#, #"{"sub":+1}"#, #"{"sub":NaN}"#,
            #"{"sub":Infinity}"#,
            #"{"sub":1.}"#, #"{"sub":.1}"#, #"{"sub":1e}"#, #"{"sub":-}"#, #"{"sub":"a""#,
            #"{"sub":"\ud800"}"#, #"{"sub":"\udc00\ud800"}"#, #"{"sub":"\ud800\u0061"}"#,
            #"{"sub":"\ud800x"}"#,
            #"{"sub":"\x"}"#, #"{"sub":"\u12"}"#, #"{"sub":"\u+123"}"#, #"{'sub':'a'}"#,
            #"{sub:"a"}"#,
            #"{"sub":"a",/**/"b":1}"#, #"{"sub":tru}"#, #"{"sub":True}"#, #"{"sub""a"}"#,
            #"{"sub":"a" "b":1}"#,
            #"{"sub":"a","b":[1,]}"#, #"{"sub":"a","b":[,1]}"#, #"{"sub":"a","b":[1 2]}"#,
            #"{,"sub":"a"}"#, "{\"sub\":\"a\nb\"}", "\u{FEFF}{\"sub\":\"a\"}", "{",
            "{\"sub\":\"a\\", "{\"sub\":\"a\"}\u{0}", "\u{0}{\"sub\":\"a\"}",
        ])
    func unreadable(payload: String) throws {
        #expect(throws: IdentityError.doubtful(.payload)) { try user(of: jsonWebToken(payload)) }
        // By token the payload is not asked.
        let token = jsonWebToken(payload)
        #expect(try user(of: token, claim: "token").0 == hashedAsSigned(token))
    }

    @Test(
        "A web token of something else than an object counts for itself",
        arguments: [#"["sub"]"#, #""sub""#, "2", "sub"])
    func otherPayload(payload: String) throws {
        let token = jsonWebToken(payload)

        #expect(try user(of: token).0 == hashedAsSigned(token))
        #expect(try user(of: token + "AA").0 == hashedAsSigned(token))
    }

    @Test(
        "J07: text that is not UTF-8 is not read",
        arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xC3], [0xF5, 0x80, 0x80, 0x80]]
            as [[UInt8]])
    func notUTF8(bytes: [UInt8]) throws {
        let token = jsonWebToken(Array(#"{"sub":"a","b":""#.utf8) + bytes + Array(#""}"#.utf8))

        #expect(throws: IdentityError.doubtful(.payload)) { try user(of: token) }
    }

    @Test(
        "J07: nesting has an end", arguments: [(30, true), (31, true), (32, false), (2000, false)])
    func depth(count: Int, isRead: Bool) throws {
        let open = String(repeating: "[", count: count)
        let close = String(repeating: "]", count: count)
        let token = jsonWebToken(#"{"sub":"a","x":\#(open)\#(close)}"#)
        let unclosed = jsonWebToken(#"{"sub":"a","x":\#(open)"#)

        let name = try? user(of: token).0
        #expect(name == (isRead ? .claim("a") : nil))
        #expect(throws: IdentityError.doubtful(.payload)) { try user(of: unclosed) }
    }

    @Test("A4, I03: a name of 256 bytes is one, a longer one is not", arguments: [256, 257])
    func length(count: Int) throws {
        let name = String(repeating: "n", count: count)
        let token = jsonWebToken(#"{"sub":"\#(name)"}"#)

        if count == 256 {
            #expect(try user(of: token).0 == .claim(name))
        } else {
            #expect(throws: IdentityError.doubtful(.claim)) { try user(of: token) }
        }
    }

    @Test func `A4: a path that leads to two claims leads to none`() throws {
        let token = jsonWebToken(#"{"a.b":"x","a":{"b":"y"},"sub":"z"}"#)

        #expect(throws: IdentityError.doubtful(.claim)) { try user(of: token, claim: "a.b") }
        #expect(try user(of: token).1.value(at: "a.b") == nil)
    }

    @Test func `I04: names that differ in case are two users`() throws {
        let lower = try user(of: jsonWebToken(#"{"sub":"ann"}"#)).0
        let upper = try user(of: jsonWebToken(#"{"sub":"Ann"}"#)).0

        #expect(lower != upper)
    }

    @Test(
        "A4: a token that is no JSON Web Token counts by its hash",
        arguments: [
            "opaque", "a.b", "a.b.c", "a.b.c.d.e", "..", "e30..", ".e30", "e30.ZTMx.c2ln",
            // Those of Flask, of Paseto, of Discord.
            "eyJ1c2VyIjoxfQ.ZkXYZQ.c2lnbmF0dXJl", "v4.public.eyJzdWIiOiIyIn0c2ln.eyJraWQiOjF9",
            "MTIzNDU2Nzg5.GabcdE.c2lnbmF0dXJl",
        ])
    func opaque(text: String) throws {
        #expect(try user(of: text).0 == hashed(text))
    }

    @Test(
        "A4: the payload names the user, however the other parts are spelled",
        arguments: [
            "c2ln", "c2lh", "c2ln=", "c2ln==", "c2l+", "c2l/", "c2l-", "c", "", "!!", "c2ln~d~",
            "\u{FC}",
        ], ["e30", "eyJhbGciOiJFZERTQSJ9", "eyJhbGciOiJFZERTQSJ9=", "e3", ""])
    func spellings(third: String, first: String) throws {
        #expect(try user(of: "\(first).eyJzdWIiOiIyIn0.\(third)").0 == .claim("2"))
    }

    @Test(
        "A4: a token whose payload stands elsewhere is nobody's",
        arguments: ["eyJhbGciOiJFZERTQSJ9..c2ln", "eyJhbGciOiJFZERTQSJ9.."])
    func detached(token: String) {
        for claim in ["sub", "token"] {
            #expect(throws: IdentityError.doubtful(.form)) { try user(of: token, claim: claim) }
        }
    }

    @Test(
        "A4: a payload in another spelling, or among other parts, is no identity of any kind",
        arguments: [
            ("e30.eyJzdWIiOiIyIn0=.c2ln", .payload), ("e30.eyJzdWIiOiIyIn1.c2ln", .payload),
            ("e30.eyJzdWIi!OiIyIn0.c2ln", .payload), ("e30.eyJzdWIiOiI/In0.c2ln", .payload),
            ("e30.!eyJzdWIiOiIyIn0.c2ln", .payload), ("e30.eyJzdWIiOiIyIn0A.c2ln", .payload),
            ("eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIyIn0", .form),
            ("eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIyIn0.c2ln.", .form),
            ("eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIyIn0.c2ln.x", .form),
            ("x.eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIyIn0.c2ln", .form),
            ("a.b.eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIyIn0.c2ln", .form),
            (".eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIyIn0=.c2ln", .form),
            (#"{"x":".eyJzdWIiOiIyIn0.","payload":"eyJzdWIiOiIzIn0","signature":"c2ln"}"#, .form),
            (#"{"x":".eyJzdWIiOiIyIn0.","t":"opaque"}"#, .form),
            (#"{"protected":"e30","payload":"eyJzdWIiOiIzIn0","signature":"c2ln"}"#, .form),
            (#"{"\u0070ayload":"eyJzdWIiOiIzIn0","signature":"c2ln"}"#, .form),
        ] as [(String, TokenDoubt)])
    func doubtful(text: String, doubt: TokenDoubt) throws {
        #expect(throws: IdentityError.doubtful(doubt)) { try user(of: text) }
        if doubt == .form {
            #expect(throws: IdentityError.doubtful(doubt)) { try user(of: text, claim: "token") }
        }
    }

    @Test("A4: an encrypted token is one user, however its parts are spelled")
    func encrypted() throws {
        let header = base64URL(Array(#"{"alg":"dir","enc":"A128GCM"}"#.utf8))
        let plain = "\(header)..AAAA.-_8A.AA"
        let (first, _) = try user(of: plain)

        guard case .token = first else {
            Issue.record("not by token")
            return
        }
        for other in ["..AAAA.+/8A.AA", "..AAAA.-_8A=.AB==", "..AA!AA.-_8A.AA"] {
            #expect(try user(of: header + other).0 == first)
        }
        #expect(try user(of: header + "..AAAA.-_8B.AA").0 != first)
    }

    @Test func `by token, every token counts for what is signed and keeps its claims`() throws {
        let token = jsonWebToken(#"{"sub":"2","plan":"premium"}"#)

        let (user, claims) = try user(of: token, claim: "token")

        #expect(user == hashedAsSigned(token))
        #expect(claims.value(at: "plan") == "premium")
    }

    @Test(
        "A5: several claims name a user together, and no two names run into each other",
        arguments: [
            (#"{"iss":"a|b","sub":"c"}"#, #"{"iss":"a","sub":"b|c"}"#),
            (#"{"iss":"a","sub":"b c"}"#, #"{"iss":"a b","sub":"c"}"#),
            (#"{"iss":"a","sub":"b\\ c"}"#, #"{"iss":"a b\\","sub":"c"}"#),
            (#"{"iss":"a","sub":"b"}"#, #"{"iss":"b","sub":"a"}"#),
            (#"{"iss":"a","sub":"x"}"#, #"{"iss":"b","sub":"x"}"#),
        ])
    func together(one: String, other: String) throws {
        let first = try user(of: jsonWebToken(one), claim: "iss", "sub").0
        let second = try user(of: jsonWebToken(other), claim: "iss", "sub").0

        #expect(first != second)
        #expect(first.text != second.text)
        #expect(try user(of: jsonWebToken(one + " "), claim: "iss", "sub").0 == first)
    }

    @Test func `A5: the log shows all names of a user`() throws {
        let payload = #"{"iss":"https://login.example","sub":"Ann Lee","n":7}"#

        let user = try user(of: jsonWebToken(payload), claim: "iss", "sub", "n").0

        #expect(user.text == #"https://login.example Ann\ Lee 7"#)
    }

    @Test(
        "A5: one claim that is missing leaves the token, one that is no name is a doubt",
        arguments: [
            (#"{"sub":"a"}"#, nil), (#"{"iss":"a"}"#, nil), (#"{"iss":null,"sub":"a"}"#, nil),
            (#"{"iss":1.5,"sub":"a"}"#, .claim), (#"{"iss":"a","sub":""}"#, .claim),
            (#"{"iss":"a","sub":"\u001f"}"#, .claim),
            (#"{"iss":"a","sub":"b","sub":"c"}"#, .payload),
        ] as [(String, TokenDoubt?)])
    func incomplete(payload: String, doubt: TokenDoubt?) throws {
        let token = jsonWebToken(payload)

        if let doubt {
            #expect(throws: IdentityError.doubtful(doubt)) {
                try user(of: token, claim: "iss", "sub")
            }
        } else {
            #expect(try user(of: token, claim: "iss", "sub").0 == hashedAsSigned(token))
        }
    }

    @Test func `a hash is 32 digits of the keyed hash`() throws {
        let (user, _) = try user(of: "opaque")
        let other = KeyedHash(key: Array("another key".utf8))
        let token = try IdentityRules("query:t").token(in: request(query: "t=opaque"))

        guard case .token(let digits) = user else {
            Issue.record("not by token")
            return
        }
        #expect(digits.utf8.count == 32)
        #expect(
            try IdentityRules("query:t").user(
                of: token.map(TokenReading.init), certificateName: nil, clientAddress: "",
                hash: other
            ).0 != user)
    }

    @Test(
        "I05: without a token the client's network counts",
        arguments: [
            ("192.0.2.1", "192.0.2.1"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:DB8::1", "2001:db8:0:0::/64"), ("2001:db8::", "2001:db8:0:0::/64"),
            ("2001:db8:1:2::", "2001:db8:1:2::/64"), ("::1", "0:0:0:0::/64"),
            ("::", "0:0:0:0::/64"),
            ("fe80::1%eth0", "fe80:0:0:0::/64"), ("::ffff:192.0.2.1", "192.0.2.1"),
            ("::ffff:c000:201", "192.0.2.1"), ("64:ff9b::192.0.2.1", "64:ff9b:0:0::/64"),
            ("1::2::3", "1::2::3"), ("1:2:3", "1:2:3"), ("12345::", "12345::"),
            ("::1.2.3", "::1.2.3"),
            ("1:2:3:4:5:6:7::8", "1:2:3:4:5:6:7::8"), (":::", ":::"), ("+1::", "+1::"), ("", ""),
            ("1.2.3.4::", "1.2.3.4::"), ("unix", "unix"),
        ])
    func addresses(address: String, text: String) throws {
        let (user, claims) = try IdentityRules().user(
            of: nil, certificateName: nil, clientAddress: address, hash: testHash)

        #expect(user == .address(text))
        #expect(claims.value(at: "sub") == nil)
    }

    @Test func `a certificate that was verified comes before any token, where it is asked for`()
        throws
    {
        let token = try IdentityRules("query:t").token(
            in: request(query: "t=" + jsonWebToken(#"{"sub":"mallory","plan":"free"}"#)))
        let rules = IdentityRules("query:t", "certificate")
        let (user, claims) = try rules.user(
            of: token.map(TokenReading.init), certificateName: "alice", clientAddress: "",
            hash: testHash)
        let (other, _) = try IdentityRules("query:t").user(
            of: token.map(TokenReading.init), certificateName: "alice", clientAddress: "",
            hash: testHash)
        let (none, _) = try rules.user(
            of: token.map(TokenReading.init), certificateName: nil, clientAddress: "",
            hash: testHash)

        #expect(user == .certificate("alice"))
        #expect(claims.value(at: "plan") == "free")
        #expect(other == .claim("mallory"))
        #expect(none == .claim("mallory"))
        #expect(user != .claim("alice"))
    }
}
