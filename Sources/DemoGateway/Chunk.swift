import HTTP1

/// A chunk of a body (RFC 9112, section 7.1).
enum Chunk {
    static func framed(_ payload: [UInt8]) -> [UInt8] {
        guard !payload.isEmpty else { return [] }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(payload.count + 16)
        ChunkHeader(size: payload.count).append(to: &bytes)
        return bytes + payload + ChunkHeader.lineEnd
    }

    static let last = ChunkHeader.lastChunk
}
