import HTTPModel
import Identity
import TestRandom
import Testing

@Suite("I05: whatever reads a request that counts finds the same token in it, or none")
struct ForeignReadingTests {
    /// What the gateway would accept. Some are spelled in more than one way.
    private static let tokens = ["MINE", "FORGED", "e30.eyJzdWIiOiIyIn0.c2ln", "a+b/c=", "s:x|y"]

    private struct Spellings {
        var random: SeededRandom

        mutating func pick<Element>(_ list: [Element]) -> Element {
            list[Int.random(in: list.indices, using: &random)]
        }

        mutating func happens(_ percent: Int) -> Bool {
            Int.random(in: 0..<100, using: &random) < percent
        }

        /// A name as somebody might still take it for `name`.
        mutating func name(_ name: String) -> String {
            if happens(40) { return name }
            let parts = name.split { $0 == "_" || $0 == "-" }.map(String.init)
            let marks = [
                " ", ".", "[", "-", "_", "", "+", "%20", "%5F", "%2E", "%255F", "__", "\u{A0}",
            ]
            var text = parts.joined(separator: pick(marks))
            if happens(30) { text = text.uppercased() }
            if happens(30) {
                let index = text.indices.randomElement(using: &random) ?? text.startIndex
                let byte = text[index].utf8.first ?? 0
                let hex = String(byte, radix: 16)
                text.replaceSubrange(
                    index...index,
                    with: pick([
                        "%\(hex)", "%25\(hex)", "%2525\(hex.uppercased())", "%u00\(hex)",
                        String(Character(Unicode.Scalar(byte)).uppercased()), "\u{C1}",
                    ]))
            }
            if happens(20) { text = text.replacing("s", with: pick(["%C5%BF", "\u{C5}\u{BF}"])) }
            if happens(25) {
                text =
                    pick([" ", "\t", "%20", ".", "\u{A0}", "$", "[", "%00", "_", "\"", ","]) + text
            }
            if happens(25) {
                text += pick([" ", "\t", "[]", "[a]", "%00x", "[", "]", "%20", "x", "."])
            }
            return text
        }

        mutating func value() -> String {
            var text = pick(ForeignReadingTests.tokens)
            if happens(30) {
                text = text.utf8.map { byte -> String in
                    let isSpecial = !byte.isUnreserved
                    return isSpecial || happens(10)
                        ? "%" + String(byte, radix: 16) : String(Character(Unicode.Scalar(byte)))
                }.joined()
            }
            if happens(10) { text = "\"\(text)\"" }
            if happens(8) {
                text += pick([" ", "%", "%zz", "+", "%20", "\"", "\\", ",", "\u{E9}", "%00", ";"])
            }
            if happens(5) { text = pick([" ", "\"", "+", "%20", "%22"]) + text }
            if happens(4) { text = "" }
            return text
        }
    }

    private static func head(query: String?, _ lines: [(String, String)]) -> RequestHead {
        var fields = Fields()
        for (name, value) in lines {
            let bytes = value.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
            fields.append(name: Array(name.utf8).span, value: bytes.trimmingBlanks.span)
        }
        return RequestHead(
            method: .get, target: RequestTarget(path: "/events", query: query), version: .http11,
            authority: "example.com", fields: fields, framing: .none, wantsKeepAlive: true)
    }

    /// Reads it as Sluice does, and as all others do in what the gateway would get. `surest` is one
    /// that must find what Sluice has found: who counts for somebody is no guest to the gateway.
    private static func check(
        _ head: RequestHead, _ rules: IdentityRules, _ name: String, _ readings: [ForeignReading],
        surest: String, _ counts: inout [String: Int]
    ) {
        var head = head
        let found: [UInt8]?
        switch rules.read(&head) {
        case .doubtful: return counts["doubtful", default: 0] += 1
        case .none: found = nil
        case .token(let token): found = Array(token.secret.utf8)
        }
        counts[found == nil ? "none" : "token", default: 0] += 1
        if let found, let reading = readings.first(where: { $0.name == surest }) {
            #expect(reading.values(head, name).contains(found), "\(surest), \(head)")
        }
        let valid = Set(tokens.map { Array($0.utf8) })
        for reading in readings {
            let values = reading.values(head, name)
            if values.contains(found ?? []) { counts[reading.name, default: 0] += 1 }
            for value in values where valid.contains(value) && value != found {
                let query = head.target.query ?? ""
                let lines = head.fields.entries.map {
                    head.fields.nameText(of: $0) + ": " + head.fields.valueText(of: $0)
                }
                Issue.record(
                    """
                    \(reading.name) finds \(String(decoding: value, as: UTF8.self)), Sluice \
                    \(found.map { String(decoding: $0, as: UTF8.self) } ?? "none"), in \(query) \(lines)
                    """)
            }
        }
    }

    /// The check is one only if tokens are read, refused and found by each of the readings.
    private static func expectVariety(_ counts: [String: Int], _ readings: [ForeignReading]) {
        for name in ["token", "none", "doubtful"] + readings.map(\.name) {
            #expect(counts[name, default: 0] >= 20, "\(name): \(counts)")
        }
    }

    @Test func `cookies`() {
        var spellings = Spellings(random: .forTest())
        var counts: [String: Int] = [:]
        let rules = IdentityRules("cookie:session_id")
        for _ in 0..<8000 {
            var lines = [""]
            for number in 0..<spellings.pick([1, 1, 2, 2, 3, 4]) {
                if number > 0 {
                    if spellings.happens(10) {
                        lines.append("")
                    } else {
                        lines[lines.count - 1] += spellings.pick([
                            "; ", ";", "; ", "; ", ", ", " ", ";\t", "; \u{A0}", "\"",
                        ])
                    }
                }
                let other = spellings.pick([
                    "a=b", "c=\"d e\"", "f={\"g\": [1, 2]}", "h=\u{E9}", "i", "$Path=/", "j=\"",
                    "k=l m",
                    "n=session_id", "o=\"; p", "session_ids=q", "r=%3B", "__Host-session_id=s",
                    "t={",
                ])
                lines[lines.count - 1] +=
                    spellings.happens(45)
                    ? other
                    : spellings.name("session_id")
                        + spellings.pick(["=", "=", "=", "=", " =", "= ", "=="])
                        + spellings.value()
            }
            Self.check(
                Self.head(query: nil, lines.map { ("Cookie", $0) }), rules, "session_id",
                ForeignReading.cookies, surest: "Node's cookie", &counts)
        }
        Self.expectVariety(counts, ForeignReading.cookies)
    }

    @Test func `queries`() {
        var spellings = Spellings(random: .forTest())
        var counts: [String: Int] = [:]
        let rules = IdentityRules("query:access_token")
        for _ in 0..<8000 {
            var query = ""
            for number in 0..<spellings.pick([1, 1, 2, 2, 3, 4]) {
                if number > 0 {
                    query += spellings.pick(["&", "&", "&", "&", ";", "&&", "&amp;", "&?"])
                }
                let other = spellings.pick([
                    "a=b", "c[d]=e", "f", "g=h;i=j", "access_tokens=k", "xaccess_token=l", "m=%26n",
                    "o=access_token", "p=%3D+q",
                ])
                query +=
                    spellings.happens(40)
                    ? other
                    : spellings.pick(["", "", "", "", "a[", "."]) + spellings.name("access_token")
                        + spellings.pick(["=", "=", "=", "]=", ""]) + spellings.value()
            }
            // A target holds visible ASCII alone.
            let text = String(query.unicodeScalars.filter { $0.value > 0x20 && $0.value < 0x7F })
            Self.check(
                Self.head(query: text, []), rules, "access_token", ForeignReading.queries,
                surest: "WHATWG URL, section 5.1", &counts)
        }
        Self.expectVariety(counts, ForeignReading.queries)
    }

    @Test func `bearers`() {
        var spellings = Spellings(random: .forTest())
        var counts: [String: Int] = [:]
        let rules = IdentityRules("bearer")
        for _ in 0..<4000 {
            let lines = (0..<spellings.pick([1, 1, 1, 2])).map { _ in
                let schemes = [
                    "Bearer", "Bearer", "bearer", "BEARER", "Basic", "Basic x, Bearer", "\"Bearer",
                    "Token",
                ]
                let gaps = [" ", " ", " ", "  ", "\t", ":", "=", "", "\u{A0}"]
                var text = spellings.pick(schemes) + spellings.pick(gaps) + spellings.value()
                if spellings.happens(20) {
                    text += spellings.pick([",", " ", ", Bearer ", ";", "\t"]) + spellings.value()
                }
                return ("Authorization", text)
            }
            Self.check(
                Self.head(query: nil, lines), rules, "authorization", ForeignReading.bearers,
                surest: "RFC 6750, section 2.1",
                &counts)
        }
        Self.expectVariety(counts, ForeignReading.bearers)
    }

    @Test func `fields`() {
        var spellings = Spellings(random: .forTest())
        var counts: [String: Int] = [:]
        let rules = IdentityRules("header:x-token")
        for _ in 0..<4000 {
            let names = [
                "X-Token", "X-Token", "x-token", "X_Token", "X.Token", "X-Tokens", "XToken",
            ]
            let lines = (0..<spellings.pick([1, 1, 2, 3])).map { _ in
                var text = spellings.value()
                if spellings.happens(20) {
                    text += spellings.pick([",", " ", ", ", ";", "\t"]) + spellings.value()
                }
                return (spellings.pick(names), text)
            }
            Self.check(
                Self.head(query: nil, lines), rules, "x-token", ForeignReading.headers,
                surest: "every line by itself, trimmed", &counts)
        }
        Self.expectVariety(counts, ForeignReading.headers)
    }
}
