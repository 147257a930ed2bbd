import Telemetry
import TestRandom
import Testing

@Suite("A log line is one line of valid JSON, whatever it tells")
struct JSONLineTests {
    @Test(
        "R16: text that could break a line or a terminal is escaped",
        arguments: [
            ("plain text", "plain text"),
            ("", ""),
            (#"say "hi""#, #"say \"hi\""#),
            (#"a\b"#, #"a\\b"#),
            ("a/b", "a/b"),
            ("one\r\ntwo", #"one\r\ntwo"#),
            ("\t\u{0}\u{8}\u{1F}", #"\t\u0000\u0008\u001f"#),
            ("\u{1B}[31mred", #"\u001b[31mred"#),
            ("\u{7F}\u{80}\u{9B}31m\u{9F}", #"\u007f\u0080\u009b31m\u009f"#),
            ("\u{2028}\u{2029}", #"\u2028\u2029"#),
            (
                "\u{200E}\u{200F}\u{202A}\u{202E}\u{2066}\u{2069}",
                #"\u200e\u200f\u202a\u202e\u2066\u2069"#
            ),
            ("é ü 漢 🙂 \u{A0}", "é ü 漢 🙂 \u{A0}"),
            ("e\u{301}\u{200D}", "e\u{301}\u{200D}"),
            ("\u{FFFE}\u{10FFFF}", "\u{FFFE}\u{10FFFF}"),
        ])
    func escaping(text: String, escaped: String) throws {
        let line = try LoggedLine(.failure(detail: text))

        #expect(line.text.utf8.elementsEqual(rest(of: escaped)))
        #expect(line.object["detail"] as? String == text)

        func rest(of escaped: String) -> String.UTF8View {
            (#"{"ts":"2026-11-24T12:03:11.042Z","level":"error","event":"error","reason":"test","#
                + #""fault":"client","detail":"\#(escaped)"}"# + "\n").utf8
        }
    }

    @Test(
        "R16: bytes that are not UTF-8 become U+FFFD",
        arguments: [
            ([0x61, 0xFF, 0x62], "a\u{FFFD}b"),
            ([0xC0, 0xAF], "\u{FFFD}\u{FFFD}"),
            ([0xED, 0xA0, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}"),
            ([0xF0, 0x9F, 0x99], "\u{FFFD}"),
            ([0x9B, 0x31], "\u{FFFD}1"),
        ] as [([UInt8], String)])
    func invalidUTF8(bytes: [UInt8], text: String) throws {
        let line = try LoggedLine(.failure(detail: String(decoding: bytes, as: UTF8.self)))

        #expect(line.object["detail"] as? String == text)
    }

    @Test func `R16: every scalar below U+3000 gives one printable line and comes back`() throws {
        for value in 0..<0x3000 as Range<UInt32> {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let line = try LoggedLine(.failure(detail: "<\(scalar)>"))

            try #require(line.object["detail"] as? String == "<\(scalar)>")
            let isPrintable = line.text.unicodeScalars.dropLast().allSatisfy { scalar in
                switch scalar.properties.generalCategory {
                case .control, .lineSeparator, .paragraphSeparator: false
                default: true
                }
            }
            try #require(isPrintable, "U+\(String(value, radix: 16))")
        }
    }

    @Test(
        "R16: random bytes in every text of every record give valid lines of at most 8 KiB")
    func randomBytes() throws {
        var random = SeededRandom.forTest()
        for _ in 0..<50 {
            let count = Int.random(in: 0...3000, using: &random)
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            for event in records(filledWith: String(decoding: bytes, as: UTF8.self)) {
                let line = try LoggedLine(event)
                try #require(line.bytes.count <= JSONLine.lineBytesMax)
                try #require(line.bytes.filter { $0 < 0x20 } == [UInt8(ascii: "\n")])
            }
        }
    }

    @Test(
        "I5: a record whose texts are all far too long is still valid and at most 8 KiB",
        arguments: ["x", "\u{1B}", "\"", "漢", "🙂"])
    func longTexts(character: String) throws {
        let events = records(filledWith: String(repeating: character, count: 100_000))

        for event in events {
            let line = try LoggedLine(event)
            #expect(line.bytes.count <= JSONLine.lineBytesMax)
            #expect(
                line.names == ["ts", "level", "event"] + event.kind.reference.fields.map(\.name))
        }
    }

    @Test func `the records that tests fill are all there are, but for log_dropped`() {
        let filled = Set(records(filledWith: "").map(\.kind)).union([.logDropped])

        #expect(filled == Set(LogEvent.Kind.allCases))
    }

    @Test(
        "a text is cut at the end of a character when it exceeds the limit, and only then",
        arguments: [("x", 1), ("é", 2), ("漢", 3), ("🙂", 4), ("\n", 2), ("\u{1B}", 6)])
    func cutting(character: String, width: Int) throws {
        let marker = "…[cut]"
        let fitting = String(repeating: character, count: JSONLine.stringBytesMax / width)

        let whole = try LoggedLine(.failure(detail: fitting))
        let cut = try LoggedLine(.failure(detail: fitting + character))

        let kept = (JSONLine.stringBytesMax - marker.utf8.count) / width
        #expect(whole.object["detail"] as? String == fitting)
        #expect(
            cut.object["detail"] as? String
                == String(repeating: character, count: kept) + marker)
    }

    @Test func `a list ends where the line is full, and its count tells`() throws {
        let problems = (1...500).map {
            "policies/a.yaml:\($0):1: " + String(repeating: "x", count: 80)
        }
        let event = LogEvent.reloadFailed(LogEvent.ReloadFailed(generation: 3, problems: problems))

        let line = try LoggedLine(event)

        let listed = try #require(line.object["problems"] as? [String])
        #expect(listed == Array(problems.prefix(listed.count)))
        #expect(line.object["problem_count"] as? Int == 500)
        #expect((4000...JSONLine.lineBytesMax).contains(line.bytes.count))
    }

    @Test func `a query never reaches a line, even when a record is handed one`() throws {
        let events = records(filledWith: "/events?access_token=secret")

        for path in try events.compactMap({ try LoggedLine($0).object["path"] as? String }) {
            #expect(path == "/events")
        }
        // A combining mark makes "?" part of a longer character, but it still begins a query.
        let line = try LoggedLine(.failure(detail: "", path: "/a?\u{301}token=secret"))
        #expect(line.object["path"] as? String == "/a")
    }

    @Test func `durations are whole milliseconds, and the longest does not trap`() throws {
        #expect(try timeout(.milliseconds(1999)) == 1999)
        #expect(try timeout(.microseconds(1999)) == 1)
        #expect(try timeout(.seconds(Int64.max)) > 9_000_000_000_000_000_000)

        func timeout(_ duration: Duration) throws -> Int {
            let line = try LoggedLine(.drain(LogEvent.Drain(streams: 0, timeout: duration)))
            return try #require(line.object["timeout_ms"] as? Int)
        }
    }

    @Test func `a line is written in place, however full the buffer is`() {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(1 << 20)
        let before = bytes.withUnsafeBytes { $0.baseAddress }

        for event in records(filledWith: "text") {
            event.write(to: &bytes, at: LogEvent.exampleTime)
        }

        #expect(bytes.withUnsafeBytes { $0.baseAddress } == before)
    }

    @Test func `lines follow each other in one buffer`() throws {
        var bytes: [UInt8] = []
        LogEvent.anything.write(to: &bytes, at: LogEvent.exampleTime)
        let first = bytes

        LogEvent.anything.write(to: &bytes, at: LogEvent.exampleTime)

        #expect(bytes == first + first)
    }
}
