import EventStream
import Testing

@Suite("Last words")
struct LastWordsTests {
    private func words(retry: Int = 60_000, reason: String = "superseded", id: String? = nil)
        -> LastWords
    {
        LastWords(
            retryMilliseconds: retry, reason: reason, policy: "default", stream: "s-1", id: id)
    }

    @Test func `at a boundary the whole frame is sent`() {
        let text = String(decoding: words(id: "~s1.abc").bytes(at: .boundary), as: UTF8.self)

        #expect(
            text == """
                retry: 60000
                event: sluice-evicted
                id: ~s1.abc
                data: {"reason":"superseded","policy":"default","stream":"s-1"}


                """)
    }

    @Test func `without an id there is no id line`() {
        let text = String(decoding: words().bytes(at: .boundary), as: UTF8.self)

        #expect(!text.contains("id:"))
    }

    @Test func `S05: inside an event only the retry line is sent, and in a line nothing`() {
        #expect(words(id: "x").bytes(at: .lineStart) == Array("retry: 60000\n".utf8))
        #expect(words(id: "x").bytes(at: .midLine).isEmpty)
    }

    @Test(
        "S05: wherever a stream is cut, the words add one event or none, and no half one",
        arguments: samples)
    func cutStreams(sample: Sample) {
        for count in 0...sample.bytes.count {
            var scanner = EventScanner(heartbeats: [])
            scanner.scan(sample.bytes[..<count])
            let events = scanner.events
            let isBoundary = scanner.position == .boundary

            scanner.scan(words(id: "x").bytes(at: scanner.position))

            #expect(scanner.events == events + (isBoundary ? 1 : 0))
            #expect(!isBoundary || scanner.lastEventName == "sluice-evicted")
            #expect(!isBoundary || scanner.lastEventID == "x")
        }
    }

    @Test(
        "The delay stays within what clients' timers hold",
        arguments: [
            (-1, "retry: 0\n"), (0, "retry: 0\n"), (2_147_483_646, "retry: 2147483646\n"),
            (2_147_483_647, "retry: 2147483646\n"), (Int.max, "retry: 2147483646\n"),
        ])
    func clamping(retry: Int, line: String) {
        #expect(words(retry: retry).bytes(at: .lineStart) == Array(line.utf8))
    }

    @Test func `values are escaped, so that nothing leaves the data line`() {
        let bytes = words(reason: "a\"b\\c\r\nd\u{7F}ü").bytes(at: .boundary)

        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains(#"{"reason":"a\"b\\c\u000d\u000ad\u007fü","#))
        #expect(summary(of: bytes).events == 1)
    }

    @Test("An id that would break its line is left out", arguments: ["a\nb", "a\rb", "a\u{0}b"])
    func badID(id: String) {
        #expect(words(id: id).bytes(at: .boundary) == words().bytes(at: .boundary))
    }

    @Test(
        "A farewell without a reason is the delay alone",
        arguments: [
            (EventScanner.Position.boundary, "retry: 5000\n\n"),
            (.lineStart, "retry: 5000\n"), (.midLine, ""),
        ])
    func retryOnly(position: EventScanner.Position, text: String) {
        #expect(LastWords.retryOnly(milliseconds: 5000, at: position) == Array(text.utf8))
    }
}
