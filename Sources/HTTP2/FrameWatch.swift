/// Follows the boundaries of frames in what comes in (RFC 9113, section 4.1), so that each is judged
/// before anything is done about it, whatever its type.
struct FrameWatch {
    /// What is left of the connection preface.
    private var preface = 24
    private var header = InlineArray<9, UInt8>(repeating: 0)
    private var headerCount = 0
    /// What is left of the payload of the frame in progress.
    private var payload = 0
    /// Whether the next byte tells how much of that is padding.
    private var awaitsPadding = false

    private static let padded: UInt8 = 0x8

    /// Looks for the next frame in `bytes`, from `start` on.
    ///
    /// - Returns: the frame whose header is whole now, and where in `bytes` that header ends; `nil`
    ///   when no other begins in them.
    mutating func next(in bytes: Span<UInt8>, from start: Int) -> (frame: Frame, end: Int)? {
        var index = start
        skip(&preface, in: bytes, &index)
        while index < bytes.count {
            if awaitsPadding {
                awaitsPadding = false
                payload -= 1
                let padding = Int(bytes[index])
                return (frame(content: max(0, payload - padding)), index + 1)
            }
            skip(&payload, in: bytes, &index)
            guard index < bytes.count else { return nil }
            header[headerCount] = bytes[index]
            headerCount += 1
            index += 1
            guard headerCount == 9 else { continue }
            headerCount = 0
            payload = Int(header[0]) << 16 | Int(header[1]) << 8 | Int(header[2])
            awaitsPadding =
                FrameKind(header[3]) == .data && header[4] & Self.padded != 0 && payload > 0
            if !awaitsPadding { return (frame(content: payload), index) }
        }
        return nil
    }

    private func skip(_ rest: inout Int, in bytes: Span<UInt8>, _ index: inout Int) {
        let step = min(rest, bytes.count - index)
        rest -= step
        index += step
    }

    private func frame(content: Int) -> Frame {
        let stream = (5..<9).reduce(UInt32(0)) { $0 << 8 | UInt32(header[$1]) }
        return Frame(
            kind: FrameKind(header[3]), flags: header[4],
            stream: Int32(truncatingIfNeeded: stream & 0x7FFF_FFFF), length: content)
    }
}

/// What the header of a frame says.
struct Frame {
    let kind: FrameKind
    let flags: UInt8
    let stream: Int32
    /// Of the payload; of a DATA frame without its padding: what is thrown away is worth nothing.
    let length: Int

    /// Whether the client ends its side of the stream with it.
    var endsStream: Bool { (kind == .data || kind == .headers) && flags & 0x1 != 0 }
    /// Whether a field section ends with it.
    var endsHeaders: Bool { flags & 0x4 != 0 }
}
