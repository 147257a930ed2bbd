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
        "J07, I03: a claim that cannot be used leaves the token's hash",
        arguments: [
            #"{}"#, #"{"sub":""}"#, #"{"sub":2.0}"#, #"{"sub":1e3}"#, #"{"sub":1E3}"#,
            #"{"sub":true}"#,
            #"{"sub":null}"#, #"{"sub":["2"]}"#, #"{"sub":{"id":2}}"#, #"{"sub":1e999999}"#,
            #"{"sub":123456789012345678901}"#, #"{"sub":"a\u0000b"}"#, #"{"sub":"a\r\nb"}"#,
            #"{"sub":"\u007f"}"#, #"{"sub":"\u0085"}"#, #"{"user":{"sub":"2"}}"#,
            #"{"":{"sub":"2"}}"#,
            #"{"a":{"sub":"2"},"sub":{}}"#,
        ])
    func unusable(payload: String) throws {
        let token = jsonWebToken(payload)

        #expect(try user(of: token).0 == hashed(token))
    }

    @Test(
        "J07: a payload that two readers may read differently is not read",
        arguments: [
            #"{"sub":"a","sub":"b"}"#, #"{"sub":"a","s\u0075b":"b"}"#,
            #"{"sub":"a","x":{"y":1,"y":2}}"#,
            #"{"sub":"a","x":[{"y":1,"y":2}]}"#, #"{"sub":"a",}"#, #"{"sub":"a"}{"#,
            #"{"sub":"a"} x"#,
            #"["sub"]"#, #""sub""#, #"{"sub":01}"#, #"{"sub":+1}"#, #"{"sub":NaN}"#,
            #"{"sub":Infinity}"#,
            #"{"sub":1.}"#, #"{"sub":.1}"#, #"{"sub":1e}"#, #"{"sub":-}"#, #"{"sub":"a""#,
            #"{"sub":"a}"#,
            #"{"sub":"\ud800"}"#, #"{"sub":"\udc00\ud800"}"#, #"{"sub":"\ud800\u0061"}"#,
            #"{"sub":"\ud800x"}"#,
            #"{"sub":"\x"}"#, #"{"sub":"\u12"}"#, #"{"sub":"\u+123"}"#, #"{'sub':'a'}"#,
            #"{sub:"a"}"#,
            #"{"sub":"a",/**/"b":1}"#, #"{"sub":tru}"#, #"{"sub":True}"#, #"{"sub""a"}"#,
            #"{"sub":"a" "b":1}"#,
            #"{"sub":"a","b":[1,]}"#, #"{"sub":"a","b":[,1]}"#, #"{"sub":"a","b":[1 2]}"#,
            #"{,"sub":"a"}"#,
            "{\"sub\":\"a\nb\"}", "\u{FEFF}{\"sub\":\"a\"}", "", "{", "{\"sub\":\"a\\",
            "{\"sub\":\"a\"}\u{0}",
        ])
    func unreadable(payload: String) throws {
        let token = jsonWebToken(payload)

        let (user, claims) = try user(of: token)

        #expect(user == hashed(token))
        #expect(claims.value(at: "sub") == nil)
    }

    @Test(
        "J07: text that is not UTF-8 is not read",
        arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xC3], [0xF5, 0x80, 0x80, 0x80]]
            as [[UInt8]])
    func notUTF8(bytes: [UInt8]) throws {
        let token = jsonWebToken(Array(#"{"sub":"a","b":""#.utf8) + bytes + Array(#""}"#.utf8))

        #expect(try user(of: token).0 == hashed(token))
    }

    @Test(
        "J07: nesting has an end", arguments: [(30, true), (31, true), (32, false), (2000, false)])
    func depth(count: Int, isRead: Bool) throws {
        let open = String(repeating: "[", count: count)
        let close = String(repeating: "]", count: count)
        let token = jsonWebToken(#"{"sub":"a","x":\#(open)\#(close)}"#)
        let unclosed = jsonWebToken(#"{"sub":"a","x":\#(open)"#)

        #expect(try user(of: token).0 == (isRead ? .claim("a") : hashed(token)))
        #expect(try user(of: unclosed).0 == hashed(unclosed))
    }

    @Test("I03: a name of 256 bytes is one, a longer one is not", arguments: [256, 257])
    func length(count: Int) throws {
        let name = String(repeating: "n", count: count)
        let token = jsonWebToken(#"{"sub":"\#(name)"}"#)

        #expect(try user(of: token).0 == (count == 256 ? .claim(name) : hashed(token)))
    }

    @Test func `a path that leads to two claims leads to none`() throws {
        let token = jsonWebToken(#"{"a.b":"x","a":{"b":"y"}}"#)

        let (user, claims) = try user(of: token, claim: "a.b")

        #expect(user == hashed(token))
        #expect(claims.value(at: "a.b") == nil)
    }

    @Test func `I04: names that differ in case are two users`() throws {
        let lower = try user(of: jsonWebToken(#"{"sub":"ann"}"#)).0
        let upper = try user(of: jsonWebToken(#"{"sub":"Ann"}"#)).0

        #expect(lower != upper)
    }

    @Test(
        "A token that is no JSON Web Token counts by its hash",
        arguments: [
            "opaque", "a.b", "a.b.c.d.e", "..", "e30..", ".e30.", "e30.eyJzdWIiOiIyIn0=.c2ln",
            "e30.eyJzdWIiOiIyIn0.c2l+", "e3.eyJzdWIiOiIyIn0.c2ln", "e30.eyJzdWIiOiIyIn0.c",
            "e30.eyJzdWIiOiIyIn1.c2ln", " e30.eyJzdWIi OiIyIn0.c2ln", "e30.eyJzdWIiOiIyIn0.c2ln.",
        ])
    func opaque(text: String) throws {
        let trimmed = text.hasPrefix(" ") ? String(text.dropFirst()) : text

        #expect(try user(of: text).0 == hashed(trimmed))
    }

    @Test func `the same in the right form counts by its claim`() throws {
        #expect(try user(of: "e30.eyJzdWIiOiIyIn0.c2ln").0 == .claim("2"))
        #expect(try user(of: "e30.eyJzdWIiOiIyIn0.").0 == .claim("2"))
    }

    @Test func `by token, every token counts for itself and keeps its claims`() throws {
        let token = jsonWebToken(#"{"sub":"2","plan":"premium"}"#)

        let (user, claims) = try user(of: token, claim: "token")

        #expect(user == hashed(token))
        #expect(claims.value(at: "plan") == "premium")
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
            IdentityRules("query:t").user(
                of: token, certificateName: nil, clientAddress: "", hash: other
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
    func addresses(address: String, text: String) {
        let (user, claims) = IdentityRules().user(
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
        let (user, claims) = rules.user(
            of: token, certificateName: "alice", clientAddress: "", hash: testHash)
        let (other, _) = IdentityRules("query:t").user(
            of: token, certificateName: "alice", clientAddress: "", hash: testHash)
        let (none, _) = rules.user(
            of: token, certificateName: nil, clientAddress: "", hash: testHash)

        #expect(user == .certificate("alice"))
        #expect(claims.value(at: "plan") == "free")
        #expect(other == .claim("mallory"))
        #expect(none == .claim("mallory"))
        #expect(user != .claim("alice"))
    }
}
