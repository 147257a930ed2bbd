import EventStream
import TestRandom
import Testing

@Suite("What Sluice says on a stream")
struct InjectionTests {
    @Test func `no injection leaves a boundary, counts as an event of its own, or spoils the next`()
    {
        for injection in [Injection.keepAlive, Injection.padding(0), Injection.padding(2048)] {
            var scanner = EventScanner(heartbeats: [])
            scanner.scan(injection[...])
            #expect(scanner.position == .boundary)
            #expect(scanner.events == 0)
            scanner.scan(Array("data: x\n\n".utf8)[...])
            #expect(scanner.events == 1)
        }
    }

    @Test func `a resumed client has its real id again`() {
        for id in ["", "42", "ä:b"] {
            var scanner = EventScanner(heartbeats: .none, lastEventID: "~s1.tombstone")
            scanner.scan(Injection.resumed(stream: "s-1f", lastEventID: id)[...])
            #expect(scanner.resumeID == id)
            #expect(scanner.lastEventName == "sluice-resumed")
            #expect(scanner.position == .boundary)
        }
    }

    @Test func `an id cannot break out of its line`() {
        var scanner = EventScanner(heartbeats: [])
        let injection = Injection.resumed(stream: "s-1", lastEventID: "a\ndata: evil\n\n\r\0b")
        scanner.scan(injection[...])
        #expect(scanner.events == 1)
        #expect(scanner.resumeID == "adata: evilb")
    }

    @Test func `where a client would go on is what it came with until the stream says more`() {
        var scanner = EventScanner(heartbeats: .none, lastEventID: "7")
        #expect(scanner.resumeID == "7")
        #expect(!scanner.hasIDs)
        scanner.scan(Array("id: 8\ndata: x\n".utf8)[...])
        #expect(scanner.resumeID == "7")
        scanner.scan(Array("\n".utf8)[...])
        #expect(scanner.resumeID == "8")
        scanner.scan(Array("id: \(String(repeating: "x", count: 2000))\n\n".utf8)[...])
        #expect(scanner.resumeID == nil)
        scanner.scan(Array("id\n\n".utf8)[...])
        #expect(scanner.resumeID == "")
    }
}

@Suite("A byte order mark behind words of ours")
struct LeadingMarkTests {
    /// What comes out when `bytes` come in pieces.
    private func passed(_ pieces: [[UInt8]]) -> [UInt8] {
        var mark = LeadingMark()
        return pieces.flatMap { piece in
            let (dropped, owed) = mark.pass(piece.span)
            return owed + piece.dropFirst(dropped)
        }
    }

    @Test func `S01: it is taken off, and only it, however the bytes are cut`() {
        var random = SeededRandom.forTest()
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let starts: [[UInt8]] = [
            mark, mark + mark, [0xEF, 0xBB, 0x41], [0xEF, 0x41], [0x41], [0xEF, 0xEF, 0xBB, 0xBF],
        ]
        for _ in 0..<2000 {
            let start = starts.randomElement(using: &random) ?? []
            let bytes = start + Array("data: x\n\n".utf8)
            var pieces: [[UInt8]] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Int.random(in: 0...min(4, rest.count), using: &random)
                pieces.append(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            let expected = bytes.starts(with: mark) ? Array(bytes.dropFirst(3)) : bytes
            #expect(passed(pieces) == expected, "seed \(random.seed), \(pieces)")
        }
    }
}
