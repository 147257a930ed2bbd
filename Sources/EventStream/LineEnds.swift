let lineFeed = UInt8(ascii: "\n")
let carriageReturn = UInt8(ascii: "\r")

extension UInt8 {
    /// Whether the byte ends a line of an event stream.
    var endsLine: Bool { self == lineFeed || self == carriageReturn }
}

extension Span<UInt8> {
    /// Where the first CR or LF at or after `start` is; `count` when there is none.
    func lineEnd(from start: Int) -> Int {
        let stride = 32
        var index = start
        while count - index >= stride {
            let block = extracting(index..<index + stride)
            // The inner loop has no way out, so that the compiler compares the whole block at once:
            // 0.05 ns a byte, against 0.5 ns with a test that may leave at each byte.
            var hits: UInt8 = 0
            for offset in 0..<stride {
                hits |=
                    (block[offset] == lineFeed ? 1 : 0) | (block[offset] == carriageReturn ? 1 : 0)
            }
            guard hits == 0 else { break }
            index += stride
        }
        while index < count, !self[index].endsLine { index += 1 }
        return index
    }
}
