import Identity
import Policy
import TestRandom
import Testing

@Suite("The claims that policies match on")
struct ClaimTests {
    @Test func `scalars are claims, by dotted path`() throws {
        let payload = #"""
            {"plan":"premium","level":3,"beta":true,"old":false,"ratio":0.5,"none":null,
             "user":{"id":7,"org":{"name":"x"}},"roles":["a"],"empty":""}
            """#

        let claims = try user(of: jsonWebToken(payload)).1

        #expect(claims.value(at: "plan") == "premium")
        #expect(claims.value(at: "level") == "3")
        #expect(claims.value(at: "beta") == "true")
        #expect(claims.value(at: "old") == "false")
        #expect(claims.value(at: "user.id") == "7")
        #expect(claims.value(at: "user.org.name") == "x")
        #expect(claims.value(at: "empty") == "")
        for path in ["ratio", "none", "user", "roles", "name", "id", ""] {
            #expect(claims.value(at: path) == nil)
        }
    }

    @Test func `there are at most 64, but the user may stand behind them`() throws {
        let members = (0..<100).map { #""c\#($0)":\#($0)"# }.joined(separator: ",")

        let (user, claims) = try user(of: jsonWebToken(#"{\#(members),"sub":"x"}"#))

        #expect(user == .claim("x"))
        #expect(claims.value(at: "c63") == "63")
        #expect(claims.value(at: "c64") == nil)
    }

    @Test func `they have at most 4 KiB in all`() throws {
        let long = String(repeating: "v", count: 2000)
        let payload = #"{"a":"\#(long)","b":"\#(long)","c":"\#(long)","sub":"x"}"#

        let (user, claims) = try user(of: jsonWebToken(payload))

        #expect(user == .claim("x"))
        #expect(claims.value(at: "b") == long)
        #expect(claims.value(at: "c") == nil)
    }

    @Test func `a path that is too long is no claim`() throws {
        let long = String(repeating: "p", count: 200)
        let payload = #"{"\#(long)":{"a":1,"\#(long)":{"b":2}},"sub":"x"}"#

        let (user, claims) = try user(of: jsonWebToken(payload))

        #expect(user == .claim("x"))
        #expect(claims.value(at: "\(long).a") == "1")
        #expect(claims.value(at: "\(long).\(long).b") == nil)
    }

    @Test("J07: random bytes and random damage never do worse than count by hash")
    func damage() throws {
        var random = SeededRandom.forTest()
        let payload = Array(
            #"{"sub":"a","n":[1,-2.5e3,{"x":"\u00fc\n"}],"o":{"p":true,"q":null}}"#.utf8)
        for _ in 0..<20_000 {
            var damaged = payload
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let index = damaged.indices.randomElement(using: &random) ?? 0
                switch Int.random(in: 0..<3, using: &random) {
                case 0: damaged[index] = UInt8.random(in: .min ... .max, using: &random)
                case 1: damaged.remove(at: index)
                default: damaged.insert(payload.randomElement(using: &random) ?? 0, at: index)
                }
            }
            let token = jsonWebToken(damaged)

            let (user, _) = try user(of: token)

            let isClaim = if case .claim = user { true } else { false }
            #expect(isClaim || user == hashed(token))
        }
    }
}
