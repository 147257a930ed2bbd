/// Follows the boundaries of frames in what comes in (RFC 9113, section 4.1), so that each is counted
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

    /// Calls `body` with each frame that begins in `bytes`, until it answers false. Its length is
    /// that of the payload, of a DATA frame without the padding: what is thrown away is worth
    /// nothing.
    mutating func scan(
        _ bytes: Span<UInt8>, _ body: (_ type: UInt8, _ flags: UInt8, _ length: Int) -> Bool
    ) -> Bool {
        var index = min(preface, bytes.count)
        preface -= index
        while index < bytes.count {
            if awaitsPadding {
                awaitsPadding = false
                payload -= 1
                let content = payload - Int(bytes[index])
                index += 1
                guard body(header[3], header[4], max(0, content)) else { return false }
                continue
            }
            if payload > 0 {
                let step = min(payload, bytes.count - index)
                payload -= step
                index += step
                continue
            }
            header[headerCount] = bytes[index]
            headerCount += 1
            index += 1
            guard headerCount == 9 else { continue }
            headerCount = 0
            payload = Int(header[0]) << 16 | Int(header[1]) << 8 | Int(header[2])
            awaitsPadding =
                FrameKind(header[3]) == .data && header[4] & Self.padded != 0 && payload > 0
            guard awaitsPadding || body(header[3], header[4], payload) else { return false }
        }
        return true
    }
}
