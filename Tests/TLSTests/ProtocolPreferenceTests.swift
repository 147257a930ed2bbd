import TestRandom
import Testing

@testable import TLS

@Suite("How a protocol is picked from the client's list (RFC 7301)")
struct ProtocolPreferenceTests {
    @Test(
        "Our order decides, and a malformed list chooses nothing",
        arguments: [
            ([], nil), ([0], nil), ([0, 0, 0], nil), ([2, 104, 50], 1..<3), ([3, 104, 50], nil),
            ([2, 104], nil), ([255], nil), ([2, 104, 51, 2, 104, 50], 4..<6),
            ([1, 104, 2, 104, 50, 9], 3..<5),
        ] as [([UInt8], Range<Int>?)])
    func table(list: [UInt8], choice: Range<Int>?) throws {
        let preference = try ProtocolPreference(["h2"])

        let chosen = preference.choice(in: list.span)

        #expect(chosen == choice)
    }

    @Test func `a choice always is one of ours, whatever the bytes`() throws {
        let preference = try ProtocolPreference(["h2", "http/1.1"])
        var random = SeededRandom.forTest()

        for _ in 0..<20_000 {
            let count = Int.random(in: 0...12, using: &random)
            let list = (0..<count).map { _ in
                [0, 1, 2, 3, 8, 50, 104, 255].randomElement(using: &random) ?? 0 as UInt8
            }
            let choice = preference.choice(in: list.span)
            let chosen = choice.map { String(decoding: list[$0], as: UTF8.self) }
            #expect(chosen == nil || chosen == "h2")
        }
    }

    @Test("Names that ALPN cannot carry are refused", arguments: [0, 256])
    func lengths(length: Int) {
        #expect(throws: TLSSetupError.self) {
            try ProtocolPreference([String(repeating: "a", count: length)])
        }
    }
}
