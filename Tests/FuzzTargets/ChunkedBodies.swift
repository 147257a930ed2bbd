import HTTP1
import HTTPModel

/// A body in chunks with its trailers, from the sender's framing to ours.
enum ChunkedBodies {
    private struct Body: Equatable {
        var payload: [UInt8] = []
        var rest: [UInt8] = []
        var isEnded = false
        var trailers: [[UInt8]] = []
        var error: HTTP1Error?
    }

    static func check(_ bytes: [UInt8]) throws(BrokenProperty) {
        let cuttings = Cuttings(bytes)
        let plain = try cuttings.agree(on: "a body is read the same in any pieces") {
            decode($0, BodyDecoder(.chunked)).0
        }
        let body = try cuttings.agree(on: "trailers are read the same in any pieces") {
            decode($0, BodyDecoder(.chunked, keepsTrailers: true)).0
        }
        try require(
            plain.payload == body.payload && plain.rest == body.rest && plain.error == body.error,
            "keeping trailers changes nothing else")
        try checkPlainReading(of: bytes, against: body)
        guard body.isEnded, body.error == nil else { return }
        try checkReframed(bytes, body)
    }

    private static func decode(
        _ pieces: [[UInt8]], _ decoder: BodyDecoder
    ) -> (Body, Fields?) {
        var (decoder, body) = (decoder, Body())
        do throws(HTTP1Error) {
            for piece in pieces {
                if body.isEnded {
                    body.rest += piece
                } else {
                    try decode(piece, &decoder, into: &body)
                }
            }
            guard body.isEnded, let trailers = try decoder.trailers() else { return (body, nil) }
            body.trailers = Heads.lines(of: trailers)
            return (body, trailers)
        } catch {
            body.error = error
            return (body, nil)
        }
    }

    private static func decode(
        _ piece: [UInt8], _ decoder: inout BodyDecoder, into body: inout Body
    ) throws(HTTP1Error) {
        var start = 0
        while true {
            switch try decoder.next(piece.span, from: start) {
            case .data(let range):
                body.payload += piece[range]
                start = range.upperBound
            case .needMore:
                return
            case .end(let offset):
                body.isEnded = true
                body.rest += piece[offset...]
                return
            }
        }
    }

    /// The grammar read as it is written (RFC 9112, section 7.1), without a limit: what the decoder
    /// takes for a whole body, everybody does.
    private static func checkPlainReading(
        of bytes: [UInt8], against body: Body
    ) throws(BrokenProperty) {
        guard body.isEnded else { return }
        var (rest, payload) = (bytes[...], [UInt8]())
        while let line = takeLine(&rest) {
            let digits = line.prefix { $0 != UInt8(ascii: ";") }
            guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16) else { break }
            if size == 0 {
                while let trailer = takeLine(&rest), !trailer.isEmpty {}
                break
            }
            payload += rest.prefix(size)
            rest = rest.dropFirst(size)
            guard takeLine(&rest) == [] else { break }
        }
        try require(
            payload == body.payload && rest.elementsEqual(body.rest),
            "a body ends where the grammar ends it")
    }

    private static func takeLine(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let end = rest.firstIndex(of: 13), end + 1 < rest.endIndex, rest[end + 1] == 10
        else { return nil }
        defer { rest = rest[(end + 2)...] }
        return rest[..<end]
    }

    /// The body as we would frame it for the next hop is read as the same body.
    private static func checkReframed(_ bytes: [UInt8], _ body: Body) throws(BrokenProperty) {
        let trailers = decode([bytes], BodyDecoder(.chunked, keepsTrailers: true)).1
        var framed: [UInt8] = []
        if !body.payload.isEmpty {
            ChunkHeader(size: body.payload.count).append(to: &framed)
            framed += body.payload + ChunkHeader.lineEnd
        }
        framed += trailers.map { ChunkHeader.lastChunk(with: $0) } ?? ChunkHeader.lastChunk
        var wanted = body
        wanted.rest = []
        let again = decode([framed], BodyDecoder(.chunked, keepsTrailers: true)).0
        try require(again == wanted, "a body that goes on stays as it is", "\(again)")
    }
}
