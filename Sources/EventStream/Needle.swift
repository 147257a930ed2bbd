/// A text to find in bytes that arrive in pieces, in linear time (Knuth, Morris, Pratt).
struct Needle: Sendable {
    private let bytes: [UInt8]
    /// For each prefix, how long its longest proper border is: where to go on after a mismatch.
    private let borders: [UInt16]

    /// The text has at most `Heartbeats.dataBytesMax` bytes.
    init(_ bytes: [UInt8]) {
        precondition(bytes.count <= Heartbeats.dataBytesMax)
        var borders = [UInt16](repeating: 0, count: bytes.count)
        var border = 0
        for index in bytes.indices.dropFirst() {
            while border > 0, bytes[index] != bytes[border] { border = Int(borders[border - 1]) }
            if bytes[index] == bytes[border] { border += 1 }
            borders[index] = UInt16(border)
        }
        self.bytes = bytes
        self.borders = borders
    }

    var count: Int { bytes.count }

    /// Goes on after a piece that ended with the first `matched` bytes of the needle. Answers the
    /// same for the end of `piece`, or `count` as soon as the needle was found.
    func match(after matched: Int, in piece: Span<UInt8>) -> Int {
        let bytes = bytes.span
        let borders = borders.span
        var matched = matched
        guard matched < bytes.count else { return matched }
        for index in piece.indices {
            let byte = piece[index]
            while matched > 0, byte != bytes[matched] { matched = Int(borders[matched - 1]) }
            guard byte == bytes[matched] else { continue }
            matched += 1
            if matched == bytes.count { return matched }
        }
        return matched
    }
}
