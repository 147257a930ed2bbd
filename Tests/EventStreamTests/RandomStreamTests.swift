import EventStream
import EventStreamReference
import TestRandom
import Testing

@Suite("Random streams against a plain reading of the standard")
struct RandomStreamTests {
    private static let patterns = [
        HeartbeatPattern(event: "Generic", dataContains: #""type":"heartbeat""#),
        HeartbeatPattern(event: "ping", dataContains: nil),
        HeartbeatPattern(event: nil, dataContains: "aab"),
        HeartbeatPattern(event: "message", dataContains: "keep"),
    ]

    @Test func `S01, S03: 100,000 events, in reads of any size`() {
        var random = SeededRandom.forTest()
        var eventCount = 0
        while eventCount < 100_000 {
            let bytes = Self.stream(using: &random)
            let reference = ReferenceParser(bytes, heartbeats: Self.patterns)
            let cuts = randomCuts(of: bytes.count, using: &random)

            #expect(summary(of: bytes, cutAt: cuts, heartbeats: Self.patterns) == reference.summary)
            Self.compareAtPrefix(of: bytes, using: &random)
            Self.compareBoundaries(of: bytes, with: reference)
            eventCount += reference.summary.events
        }
    }

    /// Cut off anywhere, the scanner must know where it stands.
    private static func compareAtPrefix(of bytes: [UInt8], using random: inout SeededRandom) {
        let prefix = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
        let isHalfMark = prefix == [0xEF] || prefix == [0xEF, 0xBB]
        var scanner = EventScanner(heartbeats: patterns)

        scanner.scan(prefix)

        let reference = ReferenceParser(prefix, heartbeats: patterns)
        #expect(isHalfMark || scanner.summary == reference.summary)
        if let name = reference.dispatchedName, scanner.position == .boundary {
            #expect(scanner.lastEventName == String(decoding: name.utf8.prefix(64), as: UTF8.self))
        }
    }

    private static func compareBoundaries(of bytes: [UInt8], with reference: ReferenceParser) {
        var scanner = EventScanner(heartbeats: patterns)
        var found: [Int] = []
        var start = 0
        while start < bytes.count {
            let rest = bytes.span.extracting(start..<min(start + 300, bytes.count))
            if let count = scanner.scanToBoundary(rest) {
                start += count
                found.append(start)
            } else {
                start += rest.count
            }
        }
        // A read that ends between CR and LF finds the boundary one byte earlier.
        let isSame = zip(found, reference.boundaries).allSatisfy { $0 == $1 || $0 + 1 == $1 }
        #expect(isSame && found.count == reference.boundaries.count)
        #expect(scanner.summary == reference.summary)
    }

    private static func stream(using random: inout SeededRandom) -> [UInt8] {
        var bytes: [UInt8] = Int.random(in: 0..<8, using: &random) == 0 ? [0xEF, 0xBB, 0xBF] : []
        let ends: [[UInt8]] = [[10], [13], [13, 10]]
        let fixedEnd = Bool.random(using: &random) ? ends.randomElement(using: &random) : nil
        for _ in 0..<Int.random(in: 1...120, using: &random) {
            bytes += line(using: &random)
            bytes += fixedEnd ?? ends.randomElement(using: &random) ?? [10]
        }
        if Bool.random(using: &random) { bytes += line(using: &random) }
        return bytes
    }

    private static func line(using random: inout SeededRandom) -> [UInt8] {
        let number = Int.random(in: 0..<50, using: &random)
        return switch number {
        case 0..<14: []
        case 14..<24: Array("data: \(Int.random(in: 0...9_999_999, using: &random))".utf8)
        case 24: Array("data".utf8)
        case 25: Array("data:".utf8)
        case 26: Array(#"data: {"type":"heartbeat"}"#.utf8)
        case 27: Array("data:\(randomText(of: "ab", using: &random))".utf8)
        case 28: Array("data: keep \u{1F30A}".utf8)
        case 29, 30: Array("event: Generic".utf8)
        case 31: Array("event:ping".utf8)
        case 32: Array("event: message".utf8)
        case 33: Array("event".utf8)
        case 34: Array("event: \(randomText(of: "xyz", using: &random))".utf8)
        case 35, 36: Array("id: \(Int.random(in: 0...999, using: &random))".utf8)
        case 37: Array("id".utf8)
        case 38: Array("id: a\u{0}b".utf8)
        case 39:
            Array(
                "id: \(String(repeating: "i", count: Int.random(in: 1020...1030, using: &random)))"
                    .utf8)
        case 40, 41: Array(": ping".utf8)
        case 42: Array(":".utf8)
        case 43: Array("retry: 3000".utf8)
        case 44: Array("\u{FEFF}data: no".utf8)
        case 45: Array(" data: no".utf8)
        case 46: Array("datum: no".utf8)
        case 47: Array("data: \(String(repeating: "long ", count: 40))".utf8)
        default:
            (0..<Int.random(in: 1...20, using: &random)).map { _ in
                UInt8.random(in: .min ... .max, using: &random)
            }
        }
    }

    private static func randomText(of letters: String, using random: inout SeededRandom) -> String {
        String(
            (0..<Int.random(in: 1...90, using: &random)).compactMap { _ in
                letters.randomElement(using: &random)
            })
    }
}
