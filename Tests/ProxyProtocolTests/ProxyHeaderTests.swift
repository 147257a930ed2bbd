import ProxyProtocol
import TestRandom
import Testing

@Suite("PROXY headers")
struct ProxyHeaderTests {
    // MARK: - Version 1

    @Test(
        "I11 a line of version 1 names the client",
        arguments: [
            ("PROXY TCP4 192.0.2.7 198.51.100.1 50112 443\r\n", "192.0.2.7", 50_112),
            ("PROXY TCP4 255.255.255.255 1.2.3.4 65535 65535\r\n", "255.255.255.255", 65_535),
            ("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", "0.0.0.0", 0),
            ("PROXY TCP6 2001:db8::7 ::1 1 2\r\n", "2001:db8::7", 1),
            ("PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2\r\n", "::ffff:192.0.2.7", 1),
        ] as [(String, String, UInt16)])
    func line(text: String, address: String, port: UInt16) {
        let bytes = Array(text.utf8)
        let wanted = ProxyHeader(
            source: .init(address: address, port: port), length: bytes.count)

        #expect(outcome(of: bytes + Array("GET / HTTP/1.1\r\n".utf8)) == .whole(wanted))
    }

    @Test(
        "I11 UNKNOWN names nobody, whatever follows",
        arguments: [
            "PROXY UNKNOWN\r\n", "PROXY UNKNOWN \r\n",
            "PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n",
        ])
    func unknown(text: String) {
        let bytes = Array(text.utf8)

        #expect(outcome(of: bytes) == .whole(ProxyHeader(source: nil, length: bytes.count)))
    }

    @Test(
        "I11 a line that is not exactly one is malformed",
        arguments: [
            ("GET / HTTP/1.1\r\n", .noHeader),
            ("\u{16}\u{03}\u{01}", .noHeader),
            ("PROXX", .noHeader), ("proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n", .noHeader),
            ("PROXY\tTCP4 1.2.3.4 1.2.3.4 1 2\r\n", .noHeader),
            ("PROXY \r\n", .badFamily), ("PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n", .badFamily),
            ("PROXY TCP4\r\n", .badLine), ("PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n", .badLine),
            ("PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n", .badLine),
            ("PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n", .badLine),
            ("PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n", .badLine),
            ("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n", .badLine),
            ("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\rX", .badLine),
            ("PROXY TCP4 01.2.3.4 1.2.3.4 1 2\r\n", .badLine),
            ("PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n", .badLine),
            ("PROXY TCP4 1.2.3.4 1.2.3.400 1 2\r\n", .badLine),
            ("PROXY TCP4 ::1 ::1 1 2\r\n", .badLine),
            ("PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n", .badLine),
            ("PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n", .badLine),
            ("PROXY TCP6 1:2:3:4:5:6:7:8:9 ::1 1 2\r\n", .badLine),
            ("PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n", .badLine),
            ("PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n", .badLine),
            ("PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n", .badLine),
            ("PROXY TCP4 1.2.3.4 1.2.3.4 1 -2\r\n", .badLine),
            ("PROXY TCP4 1.2.3.4\0 1.2.3.4 1 2\r\n", .badLine),
        ] as [(String, ProxyHeader.Fault)])
    func badLine(text: String, fault: ProxyHeader.Fault) {
        #expect(outcome(of: Array(text.utf8)) == .malformed(fault), "\(text.debugDescription)")
    }

    @Test func `I11 a line ends within 107 bytes`() {
        let start = "PROXY UNKNOWN "
        let longest = start + String(repeating: "x", count: 105 - start.count) + "\r\n"
        #expect(longest.utf8.count == 107)
        #expect(
            outcome(of: Array(longest.utf8)) == .whole(ProxyHeader(source: nil, length: 107)))

        let longer = start + String(repeating: "x", count: 106 - start.count) + "\r\n"
        #expect(outcome(of: Array(longer.utf8)) == .malformed(.tooLong))
    }

    // MARK: - Version 2

    @Test func `I11 version 2 names a client of either family`() {
        let ipv4 = Binary(family: 0x11, body: [192, 0, 2, 7, 198, 51, 100, 1, 0xC3, 0xC0, 1, 0xBB])
        #expect(
            outcome(of: ipv4.bytes + [0x16, 0x03])
                == .whole(
                    ProxyHeader(source: .init(address: "192.0.2.7", port: 50_112), length: 28)))

        let address: [UInt8] = [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [7]
        let ipv6 = Binary(family: 0x21, body: address + address + [0, 1, 0, 2])
        #expect(
            outcome(of: ipv6.bytes)
                == .whole(
                    ProxyHeader(source: .init(address: "2001:db8:0:0:0:0:0:7", port: 1), length: 52)
                ))
    }

    @Test(
        "I11 the balancer's own connections, and those without an address, name nobody",
        arguments: [
            Binary(command: 0x20, family: 0x00, body: []),
            Binary(command: 0x20, family: 0x11, body: [1, 2, 3]),
            Binary(command: 0x20, family: 0xFF, body: []),
            Binary(family: 0x00, body: []), Binary(family: 0x00, body: [9, 9, 9, 9]),
            Binary(family: 0x31, body: [UInt8](repeating: 0x41, count: 216)),
        ])
    func nobody(header: Binary) {
        #expect(
            outcome(of: header.bytes)
                == .whole(ProxyHeader(source: nil, length: header.bytes.count)))
    }

    @Test func `I11 extensions are skipped, however many bytes they have up to the limit`() {
        let addresses: [UInt8] = [192, 0, 2, 7, 198, 51, 100, 1, 0, 1, 0, 2]
        let room = ProxyHeader.bytesMax - 16 - addresses.count - 3
        let filler =
            [0x04, UInt8(room >> 8), UInt8(room & 0xFF)] + [UInt8](repeating: 0xFF, count: room)
        for body in [[0x02, 0, 0], [0xEA, 0, 2, 1, 2, 0x05, 0, 1, 9], filler] {
            let bytes = Binary(family: 0x11, body: addresses + body).bytes
            let wanted = ProxyHeader(
                source: .init(address: "192.0.2.7", port: 1), length: bytes.count)
            #expect(outcome(of: bytes + [0]) == .whole(wanted))
        }
    }

    @Test func `I11 what a header of version 2 must not be`() {
        let addresses: [UInt8] = [192, 0, 2, 7, 198, 51, 100, 1, 0, 1, 0, 2]
        let bad: [(Binary, ProxyHeader.Fault)] = [
            (Binary(command: 0x22, family: 0x11, body: addresses), .badCommand),
            (Binary(command: 0x11, family: 0x11, body: addresses), .badCommand),
            (Binary(command: 0x31, family: 0x11, body: addresses), .badCommand),
            (Binary(family: 0x12, body: addresses), .badFamily),
            (Binary(family: 0x10, body: addresses), .badFamily),
            (Binary(family: 0x01, body: addresses), .badFamily),
            (Binary(family: 0x41, body: addresses), .badFamily),
            (Binary(family: 0x11, body: addresses.dropLast()), .badLength),
            (Binary(family: 0x21, body: addresses), .badLength),
            (Binary(family: 0x31, body: addresses), .badLength),
            (Binary(family: 0x11, body: []), .badLength),
            (Binary(family: 0x11, body: addresses + [4]), .badExtension),
            (Binary(family: 0x11, body: addresses + [4, 0]), .badExtension),
            (Binary(family: 0x11, body: addresses + [4, 0, 1]), .badExtension),
            (Binary(family: 0x11, body: addresses + [4, 0xFF, 0xFF, 1]), .badExtension),
            (Binary(family: 0x11, body: addresses + [4, 0, 0, 4, 0, 2, 1]), .badExtension),
            (Binary(family: 0x11, body: [UInt8](repeating: 0, count: 4081)), .tooLong),
            (Binary(family: 0x11, length: 65_535, body: []), .tooLong),
        ]
        for (header, fault) in bad {
            #expect(outcome(of: header.bytes) == .malformed(fault), "\(header.bytes.prefix(20))")
        }
        for index in Binary.signature.indices.dropFirst() {
            var bytes = Binary(family: 0x11, body: addresses).bytes
            bytes[index] ^= 1
            #expect(outcome(of: bytes) == .malformed(.noHeader))
        }
    }

    // MARK: - Both

    @Test func `I11 no bytes at all may still become a header`() {
        #expect(ProxyHeader.read([UInt8]().span) == .needsMore)
    }

    @Test func `I11 any bytes get an answer, the same however they come`() {
        var random = SeededRandom.forTest()
        let addresses: [UInt8] = [192, 0, 2, 7, 198, 51, 100, 1, 0, 1, 0, 2]
        let good = [
            Array("PROXY TCP4 192.0.2.7 198.51.100.1 50112 443\r\n".utf8),
            Array("PROXY TCP6 2001:db8::7 ::1 1 2\r\n".utf8),
            Binary(family: 0x11, body: addresses + [4, 0, 1, 7]).bytes,
            Binary(family: 0x21, body: addresses + addresses + addresses + [4, 0, 1, 7]).bytes,
        ]
        for _ in 0..<20_000 {
            var bytes = good[Int.random(in: 0..<good.count, using: &random)]
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 2: bytes.insert(bytes[index], at: index)
                default: bytes.remove(at: index)
                }
            }
            let answer = outcome(of: bytes)
            if case .whole(let header) = answer {
                #expect(header.length <= bytes.count, "seed \(random.seed): \(bytes)")
                #expect(
                    outcome(of: Array(bytes.prefix(header.length))) == answer,
                    "seed \(random.seed): \(bytes)")
            }
        }
    }

    /// The answer to `bytes`, byte after byte; it stays once it has been given.
    private func outcome(
        of bytes: [UInt8], _ location: SourceLocation = #_sourceLocation
    ) -> ProxyHeader.Progress {
        let whole = ProxyHeader.read(bytes.span)
        var first: ProxyHeader.Progress?
        for count in 1...max(1, min(bytes.count, 600)) where first == nil {
            let progress = ProxyHeader.read(bytes.span.extracting(0..<min(count, bytes.count)))
            if progress != .needsMore { first = progress }
        }
        if bytes.count <= 600 {
            #expect(first ?? .needsMore == whole, "\(bytes)", sourceLocation: location)
        }
        return whole
    }
}

/// A header of version 2, right or wrong.
struct Binary: Sendable, CustomTestStringConvertible {
    let bytes: [UInt8]

    static let signature: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]

    init(command: UInt8 = 0x21, family: UInt8, length: Int? = nil, body: some Sequence<UInt8>) {
        let body = Array(body)
        let length = length ?? body.count
        bytes =
            Self.signature + [command, family, UInt8(length >> 8), UInt8(length & 0xFF)] + body
    }

    var testDescription: String { "\(bytes.dropFirst(12).prefix(8))" }
}
