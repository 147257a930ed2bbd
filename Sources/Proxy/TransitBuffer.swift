import HTTP1
import HTTPModel
import Reactor

/// The worker's one buffer, laid out for bytes on their way through: a read goes into the middle,
/// and the frame of the next hop is written around its payload where it stands, so that an event is
/// copied by nobody but TLS.
///
///     |-- head room --|---- one read (16 KiB) ----|-- tail room --|
final class TransitBuffer {
    let bytes: IOBuffer

    /// Room for the longest chunk-size line.
    private static let headRoom = 16
    /// Room for the line end of a chunk and for the last chunk.
    private static let tailRoom = 16
    /// One TLS record in all, so that a full read still leaves in one write.
    private static let readBytes = 16_384 - headRoom - tailRoom

    /// Where a read goes.
    let readRange: Range<Int>

    init() {
        bytes = IOBuffer(capacity: Self.headRoom + Self.readBytes + Self.tailRoom)
        readRange = Self.headRoom..<Self.headRoom + Self.readBytes
    }

    /// Undoes one framing: moves the pieces of payload in `range` together, in place.
    ///
    /// - Returns: the payload; whether the body is over; and how many bytes stand behind it.
    func unframe(
        _ range: Range<Int>, with decoder: inout BodyDecoder
    ) throws(HTTP1Error) -> (payload: Range<Int>, isLast: Bool, surplus: Int) {
        var payload = range.lowerBound..<range.lowerBound
        var position = range.lowerBound
        let buffer = bytes
        while true {
            let span = buffer.bytes(0..<range.upperBound)
            switch try decoder.next(span, from: position) {
            case .data(let piece):
                if payload.isEmpty {
                    payload = piece
                } else {
                    buffer.move(piece, to: payload.upperBound)
                    payload = payload.lowerBound..<payload.upperBound + piece.count
                }
                position = piece.upperBound
            case .needMore: return (payload, false, 0)
            case .end(let offset): return (payload, true, range.upperBound - offset)
            }
        }
    }

    /// Writes the frame of `framing` around `payload`, in place, and says what is to be sent.
    func frame(_ payload: Range<Int>, isLast: Bool, as framing: BodyFraming) -> Range<Int> {
        guard framing == .chunked else { return payload }
        var (start, end) = (payload.lowerBound, payload.upperBound)
        if !payload.isEmpty {
            let header = ChunkHeader(size: payload.count)
            let line = header.bytes
            start -= header.count
            bytes.copy(line.span.extracting(0..<header.count), to: start)
            end += append(ChunkHeader.lineEnd, at: end)
        }
        if isLast { end += append(ChunkHeader.lastChunk, at: end) }
        return start..<end
    }

    private func append(_ more: [UInt8], at offset: Int) -> Int {
        bytes.copy(more.span, to: offset)
        return more.count
    }
}
