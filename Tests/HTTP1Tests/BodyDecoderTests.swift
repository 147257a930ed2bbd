import HTTP1
import HTTP1Reading
import HTTPModel
import TestRandom
import Testing

@Suite("Bodies, told apart from what follows them")
struct BodyDecoderTests {
    private static let chunked = bytes(
        "5\r\nhello\r\n00A;name=value;q=\"a b\"\r\n, worlds! \r\nf\r\n123456789abcdef\r\n"
            + "0;last\r\nExpires: never\r\nX:\r\n\r\n")
    private static let payload = bytes("hello, worlds! 123456789abcdef")

    @Test func `chunks are decoded the same at every pair of cuts`() {
        let input = Self.chunked + bytes("GET /")
        let expected = DecodedBody(
            payload: Self.payload, isEnded: true, rest: bytes("GET /"), endsProperlyAtEOF: true)

        for first in 0...input.count {
            for second in first...input.count {
                let pieces = [input[..<first], input[first..<second], input[second...]]
                #expect(decode(.chunked, pieces.map(Array.init)) == expected)
            }
        }
    }

    @Test func `a chunked body that is cut off never ends properly`() {
        for count in 0..<Self.chunked.count {
            let body = decode(.chunked, [Array(Self.chunked.prefix(count))])
            #expect(!body.isEnded)
            #expect(!body.endsProperlyAtEOF)
            #expect(body.error == nil)
        }
    }

    @Test(
        "A body of a known length takes exactly its bytes",
        arguments: [(0, "", "abc"), (2, "ab", "c"), (3, "abc", "")])
    func length(count: Int64, payload: String, rest: String) {
        for pieces in cuttings(of: bytes("abc")) {
            let expected = DecodedBody(
                payload: bytes(payload), isEnded: true, rest: bytes(rest),
                endsProperlyAtEOF: true)
            #expect(decode(.length(count), pieces) == expected)
        }
    }

    @Test func `a length is complete with its last byte and short before it`() throws {
        let decoder = BodyDecoder(.length(4))
        var whole = BodyDecoder(.length(3))

        _ = try whole.next(bytes("abc").span, from: 0)

        #expect(!decoder.isComplete && !decoder.endsProperlyAtEOF)
        #expect(whole.isComplete && whole.endsProperlyAtEOF)
        #expect(try whole.next(bytes("").span, from: 0) == .end(0))
    }

    @Test func `without a body all bytes belong to the next message`() {
        #expect(decode(.none, [bytes("abc")]).rest == bytes("abc"))
        #expect(BodyDecoder(.none).isComplete)
    }

    @Test func `a body until the end of the connection takes everything`() {
        let body = decode(.untilClose, [bytes("ab"), bytes(""), bytes("c")])

        #expect(body.payload == bytes("abc"))
        #expect(!body.isEnded)
        #expect(body.endsProperlyAtEOF)
    }

    @Test(
        "H06 H08 H09: chunks that could be read in two ways are refused at every cut",
        arguments: [
            "0x1\r\n", "+1\r\n", "-1\r\n", "1_0\r\n", " 1\r\n", "1 \r\n", "\t1\r\n", "\r\n",
            ";a\r\n",
            "g\r\n", "1;a=\ra\r\n", "1;a\n", "1\n", "1\rx", "1;a\0", "1;a\u{7F}",
            "00000000000000001\r\n", "10000000000000000\r\n", "ffffffffffffffff\r\n",
            "8000000000000000\r\n", "1\r\nab\r\n", "1\r\na\n", "1\r\na\rb", "1\r\na0\r\n",
            "1\r\n\r\n\r\n1",
        ])
    func refused(input: String) {
        for pieces in cuttings(of: bytes(input)) {
            #expect(decode(.chunked, pieces).error == .badChunk)
        }
    }

    @Test func `the largest size that a number holds is taken`() {
        let body = decode(.chunked, [bytes("7fffffffffffffff\r\nabc")])

        #expect(body.payload == bytes("abc"))
        #expect(body.error == nil)
    }

    @Test func `H08: extensions have a limit over all chunks that payload does not pay for`() {
        let long = bytes("1;" + String(repeating: "a", count: 1 << 20))
        let many = bytes(String(repeating: "1;aaaaaaaaaa\r\nx\r\n", count: 500))
        let paid = bytes(String(repeating: "c;aaaaaaaaaa\r\n123456789012\r\n", count: 5000))

        for (input, error) in [
            (long, HTTP1Error.chunkExtensionTooLong), (many, .chunkExtensionTooLong), (paid, nil),
        ] {
            for pieces in cuttings(of: input) {
                #expect(decode(.chunked, pieces).error == error)
            }
        }
    }

    @Test func `H09: what follows the last chunk is not of this body`() {
        let body = decode(.chunked, [bytes("0\r\n\r\nGPOST / HTTP/1.1\r\n")])

        #expect(body.isEnded)
        #expect(body.rest == bytes("GPOST / HTTP/1.1\r\n"))
    }

    @Test func `H10: trailers are dropped whatever they are called`() {
        let input = bytes(
            "1\r\na\r\n0\r\nContent-Length: 5\r\nAuthorization: x\r\nX-User: y\r\n\r\n")

        for pieces in cuttings(of: input) {
            let body = decode(.chunked, pieces)
            #expect(body.payload == bytes("a"))
            #expect(body.isEnded && body.rest.isEmpty)
        }
    }

    @Test(
        "H06 H07: trailers are held to the grammar of fields",
        arguments: [
            "\n", "a\r\n", "a b: c\r\n", " a: b\r\n", "a: b\r\n c", ": x", "a: \0", "a: b\n", "\rX",
        ])
    func badTrailers(trailers: String) {
        for pieces in cuttings(of: bytes("0\r\n\(trailers)\r\n\r\n")) {
            #expect(decode(.chunked, pieces).error == .badTrailer)
        }
    }

    @Test(
        "Trailers are limited in number and in size",
        arguments: [("a:\r\n", 65), ("a", 8193), ("a: bbbbbbbb\r\n", 700)])
    func longTrailers(part: String, count: Int) {
        let input = bytes("0\r\n" + String(repeating: part, count: count))

        for pieces in cuttings(of: input) {
            #expect(decode(.chunked, pieces).error == .trailerTooLong)
        }
    }

    @Test func `any bytes give the same answer however they are cut`() {
        var random = SeededRandom.forTest()
        let alphabet = bytes("012aF;\r\n\r\n\r\n:x \0\u{FF}")

        for _ in 0..<3000 {
            var input = Self.chunked
            for _ in 0..<Int.random(in: 0..<4, using: &random) {
                let place = Int.random(in: 0..<input.count, using: &random)
                input[place] = alphabet.randomElement(using: &random) ?? 0
            }
            let answers = cuttings(of: input).map {
                decode(.chunked, $0)
            }
            #expect(answers.allSatisfy { $0 == answers.first }, "\(text(input))")
        }
    }
}
