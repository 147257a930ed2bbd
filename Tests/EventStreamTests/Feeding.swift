import EventStream
import EventStreamReference
import TestRandom

extension EventScanner {
    @discardableResult
    mutating func scan(_ bytes: some Collection<UInt8>) -> Seen {
        let array = Array(bytes)
        return scan(array.span)
    }
}

/// What a scanner knows after `bytes` in reads that end at `cuts`.
func summary(
    of bytes: [UInt8], cutAt cuts: [Int] = [], heartbeats: [HeartbeatPattern] = []
) -> Summary {
    var scanner = EventScanner(heartbeats: heartbeats)
    var start = 0
    for cut in cuts + [bytes.count] {
        _ = scanner.scan(bytes.span.extracting(start..<cut))
        start = cut
    }
    return scanner.summary
}

/// Where reads end when they come in random sizes.
func randomCuts(of count: Int, using random: inout SeededRandom) -> [Int] {
    var cuts: [Int] = []
    var position = 0
    while true {
        position += Bool.random(using: &random) ? 1 : Int.random(in: 1...40, using: &random)
        guard position < count else { return cuts }
        cuts.append(position)
    }
}
