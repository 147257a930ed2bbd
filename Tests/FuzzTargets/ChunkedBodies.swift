import HTTP1
import HTTP1Reading
import HTTPModel

/// A body in chunks with its trailers, from the sender's framing to ours.
enum ChunkedBodies {
    private struct Body: Equatable {
        var read: DecodedBody
        var trailers: [[UInt8]] = []
    }

    static func check(_ bytes: [UInt8]) throws(BrokenProperty) {
        let cuttings = Cuttings(bytes)
        let plain = try cuttings.agree(on: "a body is read the same in any pieces") {
            decode($0).0.read
        }
        let body = try cuttings.agree(on: "trailers are read the same in any pieces") {
            decode($0, keepsTrailers: true).0
        }
        try require(plain == body.read, "keeping trailers changes nothing else")
        try checkPlainReading(of: bytes, against: body.read)
        guard body.read.isEnded, body.read.error == nil else { return }
        try checkReframed(bytes, body)
    }

    private static func decode(
        _ pieces: [[UInt8]], keepsTrailers: Bool = false
    ) -> (Body, Fields?) {
        var decoder = BodyDecoder(.chunked, keepsTrailers: keepsTrailers)
        var body = Body(read: DecodedBody(of: pieces, read: &decoder))
        do throws(HTTP1Error) {
            guard body.read.isEnded, let trailers = try decoder.trailers() else {
                return (body, nil)
            }
            body.trailers = Heads.lines(of: trailers)
            return (body, trailers)
        } catch {
            body.read.error = error
            return (body, nil)
        }
    }

    /// The grammar read as it is written (RFC 9112, section 7.1), without a limit: what the decoder
    /// takes for a whole body, everybody does.
    private static func checkPlainReading(
        of bytes: [UInt8], against body: DecodedBody
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
        let trailers = decode([bytes], keepsTrailers: true).1
        let payload = body.read.payload
        var framed: [UInt8] = []
        if !payload.isEmpty {
            ChunkHeader(size: payload.count).append(to: &framed)
            framed += payload + ChunkHeader.lineEnd
        }
        framed += trailers.map { ChunkHeader.lastChunk(with: $0) } ?? ChunkHeader.lastChunk
        var wanted = body
        wanted.read.rest = []
        let again = decode([framed], keepsTrailers: true).0
        try require(again == wanted, "a body that goes on stays as it is", "\(again)")
    }
}
