import Identity
import Policy
import TLS
import TestRandom
import Testing

@Suite("Tombstones")
struct TombstoneTests {
    private let seal = TombstoneSeal(key: KeyedHash(key: [UInt8](repeating: 7, count: 32)))
    private let alice = User.claim("alice")

    private func tombstone(
        _ id: String = "", stream: UInt64 = 9, round: UInt8 = 0,
        sharing: CrossOriginSharing = .none
    ) throws -> Tombstone {
        try #require(Tombstone(stream: stream, round: round, lastEventID: id, sharing: sharing))
    }

    @Test func `its user gets back what it holds`() throws {
        var random = SeededRandom.forTest()
        let letters = Array("abcXYZ059-_.:/ äöü€😀")
        for _ in 0..<1000 {
            let id = String(
                (0..<Int.random(in: 0...60, using: &random)).map { _ in
                    letters.randomElement(using: &random) ?? "x"
                })
            let made = try tombstone(
                id, stream: random.next(), round: .random(in: 0...255, using: &random))
            let text = seal.write(made, for: alice, expires: 1000)
            #expect(seal.read(text, from: alice, origin: nil, now: 999) == .tombstone(made))
        }
    }

    @Test func `it has at most 128 bytes while the id has at most 54`() throws {
        let id = String(repeating: "x", count: 54)
        let text = seal.write(
            try tombstone(id, stream: .max, round: .max), for: alice, expires: .max)
        #expect(text.utf8.count <= 128)
        #expect(text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
    }

    @Test func `an id that no field could carry is not wrapped`() {
        let long = String(repeating: "x", count: Tombstone.lastEventIDBytesMax + 1)
        for id in [long, "a\nb", "a\0b", "a\u{7F}"] {
            #expect(Tombstone(stream: 1, round: 0, lastEventID: id, sharing: .none) == nil)
        }
    }

    @Test func `another user gets the id and nothing else, however alike the names are`() throws {
        let text = seal.write(try tombstone("42"), for: alice, expires: 1000)
        for other in [User.claim("alicf"), .claim(""), .token("alice"), .address("alice")] {
            let reading = seal.read(text, from: other, origin: nil, now: 0)
            #expect(reading == .spent(lastEventID: "42"))
        }
        let token = seal.write(try tombstone("42"), for: .token("ab"), expires: 1000)
        let claim = seal.read(token, from: .claim("token:ab"), origin: nil, now: 0)
        #expect(claim == .spent(lastEventID: "42"))
    }

    @Test func `it expires`() throws {
        let text = seal.write(try tombstone("42"), for: alice, expires: 1000)
        #expect(seal.read(text, from: alice, origin: nil, now: 1000) == .spent(lastEventID: "42"))
    }

    @Test func `it holds for the origin that the gateway let in`() throws {
        let origin = "https://app.example"
        for sharing in [
            CrossOriginSharing.anyone, .origin(origin, withCredentials: true),
            .origin(origin, withCredentials: false),
        ] {
            let made = try tombstone("1", sharing: sharing)
            let text = seal.write(made, for: alice, expires: 1000)
            #expect(seal.read(text, from: alice, origin: origin, now: 0) == .tombstone(made))
            let elsewhere = seal.read(text, from: alice, origin: "https://evil.example", now: 0)
            #expect(elsewhere == (sharing == .anyone ? .tombstone(made) : .forged))
        }
    }

    @Test func `no change of a bit, no cut and no other key passes`() throws {
        let text = seal.write(try tombstone("42", sharing: .anyone), for: alice, expires: 1000)
        let bytes = Array(text.utf8)
        for index in bytes.indices.dropFirst(TombstoneSeal.prefix.utf8.count) {
            for bit in 0..<7 {
                var changed = bytes
                changed[index] ^= 1 << bit
                let forged = String(decoding: changed, as: UTF8.self)
                #expect(seal.read(forged, from: alice, origin: nil, now: 0) == .forged)
            }
            let cut = String(decoding: bytes[..<index], as: UTF8.self)
            #expect(seal.read(cut, from: alice, origin: nil, now: 0) == .forged)
        }
        let other = TombstoneSeal(key: KeyedHash(key: [UInt8](repeating: 8, count: 32)))
        #expect(other.read(text, from: alice, origin: nil, now: 0) == .forged)
    }

    @Test func `what does not begin like one is the gateway's`() {
        for text in ["", "42", "~s", "~s1", "~s2.AAAA", "x~s1.AAAA"] {
            #expect(seal.read(text, from: alice, origin: nil, now: 0) == .plain)
        }
        for text in ["~s1.", "~s1.!", "~s1.AAAA", "~s1." + String(repeating: "A", count: 100_000)] {
            #expect(seal.read(text, from: alice, origin: nil, now: 0) == .forged)
        }
    }

    @Test func `rounds are counted, and do not overflow`() throws {
        #expect(try tombstone(round: 3).renewed?.round == 4)
        #expect(try tombstone(round: .max).renewed?.round == .max)
    }

    @Test(
        arguments: [
            (nil, "*", nil, CrossOriginSharing.none),
            ("https://a", nil, nil, .none),
            ("https://a", "*", "true", .anyone),
            ("https://a", "https://a", "true", .origin("https://a", withCredentials: true)),
            ("https://a", "https://a", nil, .origin("https://a", withCredentials: false)),
            ("https://a", "https://b", "true", .none),
            ("null", "null", nil, .origin("null", withCredentials: false)),
        ] as [(String?, String?, String?, CrossOriginSharing)])
    func `what the gateway's fields let a page read`(
        origin: String?, allowOrigin: String?, allowCredentials: String?,
        expected: CrossOriginSharing
    ) {
        let sharing = CrossOriginSharing(
            origin: origin, allowOrigin: allowOrigin, allowCredentials: allowCredentials)
        #expect(sharing == expected)
    }
}
