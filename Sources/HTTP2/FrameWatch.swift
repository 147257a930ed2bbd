/// Follows the boundaries of frames in what comes in (RFC 9113, section 4.1), so that each is counted
/// before anything is done about it, whatever its type.
struct FrameWatch {
    /// What is left of the connection preface.
    private var preface = 24
    private var header = InlineArray<9, UInt8>(repeating: 0)
    private var headerCount = 0
    /// What is left of the payload of the frame in progress.
    private var payload = 0

    /// Calls `body` with each frame that begins in `bytes`, until it answers false.
    mutating func scan(
        _ bytes: Span<UInt8>, _ body: (_ type: UInt8, _ flags: UInt8, _ length: Int) -> Bool
    ) -> Bool {
        var index = min(preface, bytes.count)
        preface -= index
        while index < bytes.count {
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
            guard body(header[3], header[4], payload) else { return false }
        }
        return true
    }
}
