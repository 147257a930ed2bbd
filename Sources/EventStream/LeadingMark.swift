/// Takes the byte order mark off a stream that Sluice itself has begun: a mark is one only at the
/// very beginning (WHATWG HTML, section 9.2.5), and behind words of ours it would spoil the first
/// field of the gateway's.
///
/// Nothing is delayed but the first bytes of a mark that is not whole yet.
package struct LeadingMark: Sendable {
    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// How much of a mark has come.
    private var matched = 0
    private var isOver = false

    package init() {}

    /// Looks at the next bytes.
    ///
    /// - Returns: how many of `bytes` to leave out; and what was left out before and turned out to be
    ///   no mark, which goes first.
    package mutating func pass(_ bytes: Span<UInt8>) -> (dropped: Int, owed: [UInt8]) {
        guard !isOver else { return (0, []) }
        let before = matched
        var dropped = 0
        while matched < Self.mark.count, dropped < bytes.count {
            guard bytes[dropped] == Self.mark[matched] else {
                isOver = true
                return (0, Array(Self.mark.prefix(before)))
            }
            matched += 1
            dropped += 1
        }
        isOver = matched == Self.mark.count
        return (dropped, [])
    }
}
