import Foundation
import TestRandom
import Testing

@testable import Settings

/// Reading YAML: what is taken, what is refused, and that nothing brings the reader down.
@Suite struct YAMLReaderTests {
    @Test func `every key and value knows its line and column`() throws {
        let root = try #require(try read("a: 1\nb:\n  - x\n  - 'ü': \"y\"\n"))

        #expect(describe(root) == "1:1{1:1 a=1:4 1, 2:1 b=3:3[3:5 x, 4:5{4:5 ü=4:10 'y'}]}")
    }

    @Test(
        "P01 CRLF, comments and a document marker are ordinary YAML",
        arguments: ["a: 1\r\nb: 2\r\n", "# c\na: 1 # d\n\nb: 2", "---\na: 1\nb: 2\n...\n"])
    func lineEndings(text: String) throws {
        let root = try #require(try read(text))

        guard case .mapping(let entries) = root.content else {
            Issue.record("not a mapping")
            return
        }
        #expect(entries.map(\.key) == ["a", "b"])
    }

    @Test(
        "P01 a character without its quotes is named, whatever ends the lines before it",
        arguments: ["\n", "\r", "\r\n", "\u{85}", "\u{2028}", "\u{2029}"])
    func strayCharacter(end: String) throws {
        for (text, column) in [("c: @d", 4), ("@d", 1)] {
            let refusal = try #require(throws: YAMLReader.Refusal.self) {
                try YAMLReader.read(Array("a: 1\(end)b: 2\(end)\(text)\(end)".utf8))
            }

            #expect(refusal.message == "a text that begins with @ needs quotes")
            #expect(refusal.mark == Mark(line: 3, column: column))
        }
    }

    @Test("P06 a text without a document is no tree", arguments: ["", "\n", "# only\n", "---\n"])
    func empty(text: String) throws {
        let root = try read(text)

        guard let root else { return }
        guard case .scalar(let scalar) = root.content else {
            Issue.record("not empty")
            return
        }
        #expect(scalar.isNull)
    }

    @Test func `P04 quotes are kept, in every style that YAML has`() throws {
        let root = try #require(try read("- 1\n- '1'\n- \"1\"\n- |\n  1\n- >-\n  1\n"))

        guard case .list(let items) = root.content else {
            Issue.record("not a list")
            return
        }
        #expect(items.map(isQuoted) == [false, true, true, true, true])
    }

    @Test(
        "P02 P10 what can unfold or hide is refused",
        arguments: [
            ("a: &x 1", 1, 4), ("- *x", 1, 3), ("a: !!str 1", 1, 4), ("<<: {a: 1}", 1, 1),
            ("a: 1\nb: {c: 1, c: 2}", 2, 11), ("a: 1\n---\nb: 2", 2, 1), ("{a: 1}: 2", 1, 1),
            ("[a]: 2", 1, 1), ("a: !foo\n  b: 1", 1, 4), ("&x a: 1", 1, 1),
        ])
    func refused(text: String, line: Int, column: Int) throws {
        let refusal = try #require(throws: YAMLReader.Refusal.self) { _ = try read(text) }

        #expect(refusal.mark == Mark(line: line, column: column))
    }

    @Test func `P10 sixteen levels are read and seventeen are not`() throws {
        let levels = YAMLReader.depthMax
        func nested(_ count: Int) -> String {
            String(repeating: "[", count: count - 1) + "x"
                + String(repeating: "]", count: count - 1)
        }

        #expect(try read(nested(levels)) != nil)
        #expect(throws: YAMLReader.Refusal.self) { _ = try read(nested(levels + 1)) }
    }

    @Test(
        "P10 nesting of any depth ends at once",
        arguments: ["[", "{a: ", "- ", "? ", "a:\n "])
    func deep(piece: String) throws {
        let text = String(repeating: piece, count: 10_000)

        #expect(throws: YAMLReader.Refusal.self) { _ = try read(text) }
    }

    @Test func `P10 a hundred thousand values are the most`() throws {
        let text = String(repeating: "- x\n", count: YAMLReader.nodesMax)

        let refusal = try #require(throws: YAMLReader.Refusal.self) { _ = try read(text) }

        #expect(refusal.message.contains("100000"))
    }

    @Test func `P07 a file that was cut anywhere never brings the reader down`() throws {
        let text = Array(Self.sample.utf8)

        for count in text.indices { _ = try? YAMLReader.read(Array(text[..<count])) }
    }

    @Test func `P01 random damage never brings the reader down`() {
        var random = SeededRandom.forTest()
        let sample = Array(Self.sample.utf8)
        let pieces = [
            "\t", "*", "&a ", "!!x ", "\0", "\u{FEFF}", "\n", "'", "\"", "{", "[", "? ", "%",
        ]

        for _ in 0..<2000 {
            var text = sample
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<text.count, using: &random)
                let piece = pieces.randomElement(using: &random) ?? ""
                switch Int.random(in: 0...2, using: &random) {
                case 0: text[place] = UInt8.random(in: 0...255, using: &random)
                case 1: text.insert(contentsOf: piece.utf8, at: place)
                default: text.removeSubrange(place..<min(text.count, place + 7))
                }
            }
            _ = try? YAMLReader.read(text)
        }
    }

    private static let sample = """
        version: 1
        global: { max_streams: 9000, on_excess: close_oldest }
        policies:
          - name: "chät"
            match: { path: '/events/**', claims: { plan: [a, b] } }
            heartbeats:
              - event: Generic   # a comment
                data_contains: '"type":"heartbeat"'
        """

    private func read(_ text: String) throws(YAMLReader.Refusal) -> YAMLNode? {
        try YAMLReader.read(Array(text.utf8))
    }

    private func isQuoted(_ node: YAMLNode) -> Bool {
        if case .scalar(let scalar) = node.content { scalar.isQuoted } else { false }
    }

    private func describe(_ node: YAMLNode) -> String {
        let mark = describe(node.mark)
        switch node.content {
        case .scalar(let scalar):
            return mark + (scalar.isQuoted ? " '\(scalar.text)'" : " \(scalar.text)")
        case .list(let items): return mark + "[" + items.map(describe).joined(separator: ", ") + "]"
        case .mapping(let entries):
            let parts = entries.map { "\(describe($0.mark)) \($0.key)=\(describe($0.value))" }
            return mark + "{" + parts.joined(separator: ", ") + "}"
        }
    }

    private func describe(_ mark: Mark) -> String { "\(mark.line):\(mark.column)" }
}
