/// The size line of one chunk, written in place: nothing is allocated for an event.
package struct ChunkHeader: Sendable {
    /// The line; only the first ``count`` bytes mean anything.
    package let bytes: InlineArray<10, UInt8>
    package let count: Int

    /// The bytes after each chunk's payload.
    package static let lineEnd: [UInt8] = [0x0D, 0x0A]
    /// The empty chunk that ends a body, without trailers.
    package static let lastChunk: [UInt8] = [0x30, 0x0D, 0x0A, 0x0D, 0x0A]

    /// The line for a chunk of `size` bytes. An empty one would end the body.
    package init(size: Int) {
        precondition(size > 0 && size <= Int(UInt32.max), "A chunk is at most one buffer.")
        var line = InlineArray<10, UInt8>(repeating: 0)
        let digits = (size.bitWidth - size.leadingZeroBitCount + 3) / 4
        for index in 0..<digits {
            let value = UInt8(truncatingIfNeeded: size >> (4 * (digits - 1 - index))) & 0xF
            line[index] = value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
        }
        line[digits] = ASCII.carriageReturn
        line[digits + 1] = ASCII.lineFeed
        bytes = line
        count = digits + 2
    }

    /// Adds the line to `output`.
    package func append(to output: inout [UInt8]) {
        for index in 0..<count { output.append(bytes[index]) }
    }
}
