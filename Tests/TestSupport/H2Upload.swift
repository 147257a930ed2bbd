import DemoGateway

/// What is left to send of a body: bytes of a test's own, or a piece of the pattern that nobody keeps
/// in memory.
struct H2Upload: Sendable {
    private var left: ArraySlice<UInt8>
    private var pattern: Range<Int>
    let endStream: Bool

    init(left: ArraySlice<UInt8>, pattern: Range<Int>, endStream: Bool) {
        self.left = left
        self.pattern = pattern
        self.endStream = endStream
    }

    var isOver: Bool { left.isEmpty && pattern.isEmpty }

    /// Takes off the next bytes, so many at most.
    mutating func take(_ limit: Int) -> [UInt8] {
        guard limit > 0 else { return [] }
        guard left.isEmpty else {
            defer { left = left.dropFirst(limit) }
            return Array(left.prefix(limit))
        }
        let start = pattern.lowerBound % DemoPattern.period
        let count = min(limit, pattern.count, DemoPattern.period - start)
        pattern = pattern.lowerBound + count..<pattern.upperBound
        return Array(DemoPattern.block[start..<start + count])
    }
}
