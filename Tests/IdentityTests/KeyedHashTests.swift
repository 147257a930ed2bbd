import TLS
import Testing

@Suite("HMAC-SHA-256")
struct KeyedHashTests {
    @Test(
        "RFC 4231, section 4",
        arguments: [
            (
                [UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8),
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                [UInt8](repeating: 0xAA, count: 131),
                Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
            ([], [], "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
        ] as [([UInt8], [UInt8], String)])
    func vectors(key: [UInt8], message: [UInt8], hex: String) {
        #expect(KeyedHash(key: key).hex(of: message.span) == hex)
        #expect(KeyedHash(key: key).digest(of: message.span).count == 32)
    }

    @Test func `random keys are 32 bytes, and differ`() throws {
        let keys = [try KeyedHash.randomKey(), try KeyedHash.randomKey()]

        #expect(keys.map(\.count) == [32, 32])
        #expect(keys[0] != keys[1])
    }

    @Test(
        "J18: hashes are compared whole",
        arguments: [
            ([1, 2, 3], [1, 2, 3], true), ([1, 2, 3], [1, 2, 4], false),
            ([1, 2, 3], [1, 2], false),
            ([], [], true), ([], [0], false),
        ] as [([UInt8], [UInt8], Bool)])
    func comparing(left: [UInt8], right: [UInt8], isEqual: Bool) {
        #expect(KeyedHash.equalInConstantTime(left.span, right.span) == isEqual)
    }
}
