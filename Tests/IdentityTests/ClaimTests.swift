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

    @Test("A4: a claim is found behind thousands of others", arguments: [63, 64, 65, 800])
    func many(count: Int) throws {
        let members = (0..<count).map { #""c\#($0)":\#($0)"# }.joined(separator: ",")

        let (user, claims) = try user(
            of: jsonWebToken(#"{\#(members),"sub":"x","plan":"premium"}"#))

        #expect(user == .claim("x"))
        #expect(claims.value(at: "c\(count - 1)") == "\(count - 1)")
        #expect(claims.value(at: "plan") == "premium")
    }

    @Test("A4: a claim is found behind one of many kilobytes", arguments: [4000, 4100, 11_000])
    func large(size: Int) throws {
        let long = String(repeating: "v", count: size)
        let payload =
            #"{"a":"\#(long)","o":{"b":"\#(long.prefix(300))","plan":"premium"},"sub":"x"}"#

        let (user, claims) = try user(of: jsonWebToken(payload))

        #expect(user == .claim("x"))
        #expect(claims.value(at: "o.plan") == "premium")
        // No policy can ask for a value of so many bytes.
        #expect(claims.value(at: "a") == nil)
    }

    @Test func `the longest name and value that a policy can ask for are claims`() throws {
        let text = String(repeating: "p", count: 256)
        let payload = #"{"\#(text)":"\#(text)","\#(text)q":"1","q":"\#(text)q","sub":"x"}"#

        let (user, claims) = try user(of: jsonWebToken(payload))

        #expect(user == .claim("x"))
        #expect(claims.value(at: text) == text)
        #expect(claims.value(at: text + "q") == nil)
        #expect(claims.value(at: "q") == nil)
    }

    @Test func `members of an object that no path can name are no claims`() throws {
        let payload =
            #"{"a\u0000b":{"c":1},"\#(String(repeating: "p", count: 257))":{"c":1},"c":2}"#

        let claims = try user(of: jsonWebToken(payload)).1

        #expect(claims.value(at: "c") == "2")
        #expect(claims.value(at: ".c") == nil)
    }

    @Test("A4, J07: random bytes and random damage make a doubt, and never a hash of all of it")
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

            let name: User?
            do {
                name = try user(of: token).0
            } catch IdentityError.doubtful {
                name = nil
            }

            let isClaim = if case .claim? = name { true } else { false }
            #expect(isClaim || name == nil || name == hashedAsSigned(token))
        }
    }
}
