import Testing

@testable import Policy

@Suite("Claims of a stream")
struct ClaimsTests {
    @Test("A claim is found by its whole path, and empty values are values")
    func found() {
        var claims = Claims()
        claims.append(path: "a", value: "")
        claims.append(path: "a.b", value: "1")

        #expect(claims.value(at: "a") == "")
        #expect(claims.value(at: "a.b") == "1")
        #expect(claims.value(at: "b") == nil)
        #expect(claims.value(at: "1") == nil)
        #expect(claims.value(at: "") == nil)
    }

    @Test("A claim with a NUL is left out, so it cannot pose as two")
    func nul() {
        var claims = Claims()
        claims.append(path: "a", value: "1\u{0}plan\u{0}premium")
        claims.append(path: "b\u{0}", value: "1")

        #expect(claims.value(at: "plan") == nil)
        #expect(claims.value(at: "a") == nil)
        #expect(claims.value(at: "b") == nil)
    }

    @Test("A user without a token is not a person, and no kind of user poses as another")
    func users() {
        #expect(User.claim("2").isIdentified)
        #expect(User.token("2").isIdentified)
        #expect(!User.address("2").isIdentified)
        #expect(User.claim("2") != User.token("2"))
        #expect(User.claim("2").text == "2")
        #expect(User.token("2").text == "token:2")
        #expect(User.address("2").text == "address:2")
    }
}
