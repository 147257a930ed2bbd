import EventStream
import EventStreamReference
import Testing

/// A stream, and what a client makes of it.
struct Sample: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    let events: Int
    var comments = 0
    var id: String?
    var position = EventScanner.Position.boundary

    var testDescription: String { name }

    init(
        _ name: String, _ bytes: [UInt8], events: Int, comments: Int = 0, id: String? = nil,
        position: EventScanner.Position = .boundary
    ) {
        (self.name, self.bytes, self.events) = (name, bytes, events)
        (self.comments, self.id, self.position) = (comments, id, position)
    }

    init(
        _ name: String, _ text: String, events: Int, comments: Int = 0, id: String? = nil,
        position: EventScanner.Position = .boundary
    ) {
        self.init(
            name, Array(text.utf8), events: events, comments: comments, id: id, position: position)
    }
}

let samples = [
    Sample("three data lines", "data: YHOO\ndata: +2\ndata: 10\n\n", events: 1),
    Sample(
        "comment, id, reset id, two spaces",
        ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
        events: 3, comments: 1, id: ""),
    Sample("lines without a colon", "data\n\ndata\ndata\n\ndata:", events: 2, position: .midLine),
    Sample("an optional space", "data:test\n\ndata: test\n\n", events: 2),
    Sample(
        "named events", "event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\n", events: 2),
    Sample("data before the name", "data: {\"type\":\"x\"}\nevent: Generic\n\n", events: 1),
    Sample("no data, no event", "event: x\n\nretry: 10\n\n: c\n\n\n\n", events: 0, comments: 1),
    Sample("an id without data counts", "id: 7\n\n", events: 0, id: "7"),
    Sample(
        "an unfinished id does not", "id: 1\ndata\n\nid: 2\n", events: 1, id: "1",
        position: .lineStart),
    Sample("an id with NUL is ignored", "id: 1\nid: 2\u{0}\ndata\n\n", events: 1, id: "1"),
    Sample("an id of nothing but NUL", "id: \u{0}\ndata\n\n", events: 1),
    Sample("an id keeps its second space", "id:  a \ndata\n\n", events: 1, id: " a "),
    Sample("an id stays for later events", "id: 1\ndata\n\ndata\n\n", events: 2, id: "1"),
    Sample(
        "an id too long to keep", "id: \(String(repeating: "i", count: 1025))\ndata\n\n", events: 1),
    Sample(
        "the longest id", "id: \(String(repeating: "i", count: 1024))\ndata\n\n", events: 1,
        id: String(repeating: "i", count: 1024)),
    Sample("unlike names", "Data: x\n data: x\ndatax\ndat\n\ndata : x\n\n", events: 0),
    Sample("a NUL before a name", "\u{0}data: x\n\n", events: 0),
    Sample("a mark at the start", "\u{FEFF}data: x\n\n", events: 1),
    Sample("a mark, then nothing", "\u{FEFF}", events: 0),
    Sample("a mark, then a line end", "\u{FEFF}\ndata\n\n", events: 1),
    Sample("two marks", "\u{FEFF}\u{FEFF}data: x\n\n", events: 0),
    Sample("a mark later on", "data: x\n\n\u{FEFF}data: x\n\n", events: 1),
    Sample("a comment is no place for a mark", ":\n\u{FEFF}data: x\n\n", events: 0, comments: 1),
    Sample("half a mark", [0xEF, 0xBB], events: 0, position: .midLine),
    Sample("no mark after all", [0xEF, 0xBB, 0x0A, 0x0A], events: 0),
    Sample("carriage returns", "data: a\r\rdata: b\r\r", events: 2),
    Sample("CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", events: 2),
    Sample("all line ends", "data: a\r\n\rdata: b\r\n\ndata: c\n\r\n", events: 3),
    Sample("LF then CR is two ends", "data: a\n\r", events: 1),
    Sample(
        "comments between and within", ": a\ndata: x\n: b\n\n:\n: c", events: 1, comments: 3,
        position: .midLine),
    Sample("a comment alone is a boundary", ": ping\n", events: 0, comments: 1),
    Sample(
        "a comment within an event is none", "data\n:\n", events: 0, comments: 1,
        position: .lineStart),
    Sample(
        "S03: NULs, no UTF-8, a huge retry",
        Array("retry: \(String(repeating: "9", count: 400))\ndata: \u{0}".utf8) + [
            0xFF, 0xC3, 0x28, 0x80,
        ] + Array("\n\n".utf8), events: 1),
    Sample("multi-byte letters", "data: Grüße, \u{1F30A}\nid: ü\n\n", events: 1, id: "ü"),
    Sample("a line of 100 bytes", "data: \(String(repeating: "x", count: 94))\n\n", events: 1),
]

@Suite("What the scanner sees (WHATWG HTML, section 9.2.6)")
struct EventScannerTests {
    @Test(
        "S01, S03: each stream means the same whole, byte by byte and cut anywhere",
        arguments: samples)
    func cuts(sample: Sample) {
        let whole = summary(of: sample.bytes)

        #expect(whole.events == sample.events)
        #expect(whole.comments == sample.comments)
        #expect(whole.lastEventID == sample.id)
        #expect(whole.position == sample.position)
        #expect(summary(of: sample.bytes, cutAt: Array(sample.bytes.indices)) == whole)
        for cut in sample.bytes.indices {
            #expect(summary(of: sample.bytes, cutAt: [cut]) == whole)
        }
    }

    @Test("S01: each prefix of each stream means what the standard says", arguments: samples)
    func prefixes(sample: Sample) {
        var scanner = EventScanner(heartbeats: [])

        for index in sample.bytes.indices {
            scanner.scan(sample.bytes[index...index])

            let prefix = Array(sample.bytes[...index])
            #expect(scanner.summary == ReferenceParser(prefix).summary)
        }
    }

    @Test("S01: each line end ends lines in the same way", arguments: samples)
    func lineEnds(sample: Sample) {
        guard !sample.bytes.contains(13) else { return }
        let plain = summary(of: sample.bytes)

        for lineEnd in [[13], [13, 10]] as [[UInt8]] {
            let bytes = sample.bytes.flatMap { $0 == 10 ? lineEnd : [$0] }
            var other = summary(of: bytes, cutAt: Array(bytes.indices))
            other.bytesInProgress = plain.bytesInProgress  // Counts the line ends too.
            #expect(other == plain)
        }
    }

    @Test("The boundary is found, and nothing behind it is scanned", arguments: samples)
    func boundaries(sample: Sample) {
        var scanner = EventScanner(heartbeats: [])
        var found: [Int] = []
        var start = 0
        while start < sample.bytes.count {
            let rest = Array(sample.bytes[start...])
            guard let count = scanner.scanToBoundary(rest.span) else { break }
            start += count
            found.append(start)
            #expect(scanner.position == .boundary)
            #expect(scanner.summary == summary(of: Array(sample.bytes[..<start])))
        }

        #expect(found == ReferenceParser(sample.bytes).boundaries)
        #expect(scanner.summary == summary(of: sample.bytes))
    }

    @Test func `a late LF of a CRLF is no blank line and no boundary`() {
        var scanner = EventScanner(heartbeats: [])

        scanner.scan("data: x\r".utf8)
        #expect(scanner.position == .lineStart)
        #expect(scanner.scanToBoundary([10].span) == nil)
        #expect(scanner.position == .lineStart)
        #expect(scanner.bytesInProgress == 9)
        #expect(scanner.scanToBoundary([13].span) == 1)
        #expect(scanner.scanToBoundary([10].span) == nil)
        #expect(scanner.position == .boundary)
        #expect(scanner.events == 1)
    }

    @Test func `an empty read is nothing, not even between CR and LF`() {
        var scanner = EventScanner(heartbeats: [])
        scanner.scan("data\r".utf8)

        let seen = scanner.scan([])
        scanner.scan([10])

        #expect(!seen.anyByte)
        #expect(scanner.events == 0)
    }

    @Test(
        "Each clock is reset by what it counts",
        arguments: [
            ("", "", false, false, false),
            ("", ": ping\n", true, false, false),
            ("", "\n\n", true, false, false),
            ("", "retry: 1\n", true, true, false),
            ("", "data: x\n\n", true, true, true),
            ("", "data: beat\n\n", true, true, false),
            ("data: beat\n", "\n", true, true, false),
            ("data: beat\n", ": ping\n", true, false, false),
            ("data: x\n", "\n", true, true, true),
            ("data: x", "y", true, true, false),
            (": pi", "ng", true, false, false),
            ("event: x\n", "\n", true, false, false),
            ("", "data: x\n\ndata: beat\n\n: c\n", true, true, true),
        ])
    func clocks(before: String, read: String, byte: Bool, frame: Bool, event: Bool) {
        var scanner = EventScanner(heartbeats: [HeartbeatPattern(event: nil, dataContains: "beat")])
        scanner.scan(before.utf8)

        let seen = scanner.scan(read.utf8)

        #expect(seen.anyByte == byte)
        #expect(seen.anyFrame == frame)
        #expect(seen.anyEvent == event)
    }

    @Test(
        "The newest event's name is known",
        arguments: [
            ("", "message"), ("data\n\n", "message"), ("event: a\ndata\n\n", "a"),
            ("event: a\ndata\n\ndata\n\n", "message"), ("event: a\nevent: b\ndata\n\n", "b"),
            ("event: a\nevent\ndata\n\n", "message"),
            (
                "event: \(String(repeating: "n", count: 70))\ndata\n\n",
                String(repeating: "n", count: 64)
            ),
        ])
    func names(text: String, name: String) {
        var scanner = EventScanner(heartbeats: [])

        for byte in text.utf8 { scanner.scan([byte]) }

        #expect(scanner.lastEventName == name)
    }

    @Test func `the scanner is small and patterns are shared`() {
        #expect(MemoryLayout<EventScanner>.size < 200)
    }

    @Test(
        "S02: a line of 10 MB costs linear time, and is counted, not kept", .timeLimit(.minutes(1)))
    func longLine() {
        let needle = String(repeating: "a", count: 500) + "b"
        var scanner = EventScanner(heartbeats: [HeartbeatPattern(event: nil, dataContains: needle)])
        let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 16_384)

        scanner.scan("data: ".utf8)
        for _ in 0..<640 { _ = scanner.scan(piece.span) }

        #expect(scanner.bytesInProgress == 6 + 640 * 16_384)
        #expect(scanner.position == .midLine)

        scanner.scan("b\n\n".utf8)

        #expect(scanner.heartbeats == 1)
        #expect(scanner.bytesInProgress == 0)
    }

    @Test(
        "S02: long names, comments and ids are passed over as well", .timeLimit(.minutes(1)),
        arguments: [": ", "x", "id: ", "event: ", "data:"])
    func otherLongLines(start: String) {
        var scanner = EventScanner(heartbeats: [])
        let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 16_384)

        scanner.scan(start.utf8)
        for _ in 0..<64 { _ = scanner.scan(piece.span) }
        scanner.scan("\n\ndata\n\n".utf8)

        #expect(scanner.position == .boundary)
        #expect(scanner.lastEventID == nil)
    }
}
