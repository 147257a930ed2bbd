import EventStream
import EventStreamReference
import TestRandom

/// The bytes of an event stream on their way to a client, against a plain reading of the standard.
enum EventStreams {
    private static let patterns = [
        HeartbeatPattern(event: "Generic", dataContains: #""type":"heartbeat""#),
        HeartbeatPattern(event: "ping", dataContains: nil),
        HeartbeatPattern(event: nil, dataContains: "aab"),
        HeartbeatPattern(event: "message", dataContains: "keep"),
    ]
    private static let heartbeats = Heartbeats(patterns)

    static func check(_ bytes: [UInt8]) throws(BrokenProperty) {
        let summary = try Cuttings(bytes).agree(on: "a stream is seen the same in any pieces") {
            var scanner = EventScanner(heartbeats: heartbeats)
            for piece in $0 { _ = scanner.scan(piece.span) }
            return scanner.summary
        }
        // Half of a byte order mark is no line yet, and the plain reading cannot wait for the rest.
        guard bytes != [0xEF], bytes != [0xEF, 0xBB] else { return }
        let reference = ReferenceParser(bytes, heartbeats: patterns)
        try require(
            summary == reference.summary, "a stream is seen as the standard says",
            "\(summary), not \(reference.summary)")
        try checkBoundaries(bytes, reference)
        try checkWords(bytes, reference)
    }

    private static func checkBoundaries(
        _ bytes: [UInt8], _ reference: ReferenceParser
    ) throws(BrokenProperty) {
        var scanner = EventScanner(heartbeats: heartbeats)
        var found: [Int] = []
        var start = 0
        while start < bytes.count {
            let end = min(start + 300, bytes.count)
            if let count = scanner.scanToBoundary(bytes.span.extracting(start..<end)) {
                start += count
                found.append(start)
            } else {
                start = end
            }
        }
        // A read that ends between CR and LF finds the boundary one byte earlier.
        let isSame = zip(found, reference.boundaries).allSatisfy { $0 == $1 || $0 + 1 == $1 }
        try require(
            isSame && found.count == reference.boundaries.count, "all boundaries are found",
            "\(found), not \(reference.boundaries)")
        try require(scanner.summary == reference.summary, "looking for boundaries loses nothing")
        // Where the name is no text, the plain reading repairs it before it is cut.
        if let name = reference.dispatchedName, !name.unicodeScalars.contains("\u{FFFD}"),
            scanner.position == .boundary
        {
            try require(
                scanner.lastEventName == String(decoding: name.utf8.prefix(64), as: UTF8.self),
                "the newest event has its name")
        }
    }

    /// What Sluice itself says at a boundary changes nothing of what the gateway said.
    private static func checkWords(
        _ bytes: [UInt8], _ reference: ReferenceParser
    ) throws(BrokenProperty) {
        var random = SeededRandom(inputs: bytes)
        guard let place = reference.boundaries.randomElement(using: &random) else { return }
        for words in [Injection.keepAlive, Injection.padding(40)] {
            let told = ReferenceParser(
                bytes[..<place] + words + bytes[place...], heartbeats: patterns)
            var wanted = reference.summary
            wanted.comments += 1
            try require(
                told.summary == wanted, "a comment between two events changes neither",
                "at \(place): \(told.summary), not \(wanted)")
        }
    }
}
