/// Finds the word that someone meant.
enum NearMiss {
    /// The candidate nearest to `word`, `nil` when none is near enough to be worth a question.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        let folded = fold(word)
        guard (2...lengthMax).contains(folded.count) else { return nil }
        let rated = candidates.map { ($0, distance(folded, fold($0))) }
        let allowance = max(1, folded.count / 3)
        if let best = rated.min(by: { $0.1 < $1.1 }), best.1 <= allowance { return best.0 }
        return folded.count < 4 ? nil : candidates.first { fold($0).starts(with: folded) }
    }

    /// Longer ones are no typing errors, and the distance takes quadratic time.
    private static let lengthMax = 64

    /// `maxStreams`, `max-streams` and `MAX_STREAMS` are nearly `max_streams`.
    private static func fold(_ word: String) -> [UInt8] {
        word.lowercased().utf8.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : $0 }
    }

    /// How many letters must be inserted, removed, replaced or swapped with their neighbour to
    /// turn one word into the other.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        guard !right.isEmpty else { return left.count }
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in left.indices {
            var current = [row + 1]
            for column in right.indices {
                let isSame = left[row] == right[column]
                var best = min(
                    current[column] + 1, last[column + 1] + 1, last[column] + (isSame ? 0 : 1))
                if row > 0, column > 0, left[row] == right[column - 1],
                    left[row - 1] == right[column]
                {
                    best = min(best, beforeLast[column - 1] + 1)
                }
                current.append(best)
            }
            (beforeLast, last) = (last, current)
        }
        return last[right.count]
    }
}
