/// A path pattern made ready to be walked along a path, byte by byte, in linear time.
///
/// The stars are taken out. Between two of them stands a piece of a segment, and the first place
/// where it is found is as good as any, for what the piece leaves over the next star swallows. So
/// each piece is searched for by its borders (Knuth, Morris, Pratt), and the last one of a segment
/// goes on being searched for until it stands at the segment's end.
struct SegmentWalk: Sendable, Hashable {
    /// The pattern without its stars.
    private var literals: [UInt8] = []
    /// For each position among the literals, where to go on when its byte is not the next one: at
    /// a shorter beginning of the piece; at the same position when a star stands there and
    /// swallows the byte; nowhere (`nil`) when the segment has no star so far.
    private var retreats: [Int?] = []

    /// `pattern` has no two stars in a row.
    init(_ pattern: some Sequence<UInt8>) {
        var star: Int?
        for byte in pattern {
            if byte == .star {
                star = literals.count
            } else {
                retreats.append(retreat(behind: star))
                literals.append(byte)
                if byte == .slash { star = nil }
            }
        }
        retreats.append(retreat(behind: star))
    }

    /// The position at which the pattern is through.
    var end: Int { literals.count }

    /// Where the walk stands after `byte`, `nil` when no path that goes on like this can fit.
    func next(from start: Int, over byte: UInt8) -> Int? {
        var position = start
        while position == end || literals[position] != byte {
            // No star reaches beyond its segment.
            guard byte != .slash, let earlier = retreats[position] else { return nil }
            if earlier == position { return position }
            position = earlier
        }
        return position + 1
    }

    /// Where to retreat from the end of the literals so far: their last byte is added to the
    /// longest beginning of the piece that it can follow.
    private func retreat(behind star: Int?) -> Int? {
        guard let star, let last = literals.last, end > star + 1 else {
            return star
        }
        return next(from: retreats[end - 1] ?? star, over: last)
    }
}

extension UInt8 {
    static let slash = UInt8(ascii: "/")
    static let star = UInt8(ascii: "*")
}
