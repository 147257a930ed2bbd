import HTTPModel

/// A pattern for paths: exact segments, `*` for any run of characters within one segment, and
/// `/**` at the end for the path before it and everything below.
///
/// A path is matched as it is, byte by byte; it was normalised when the request was read.
package struct PathPattern: Sendable, Hashable {
    /// The pattern as it was written.
    package let text: String
    /// `text` without a final `/**`.
    private let stem: [UInt8]
    /// Whether `text` ends in `/**`.
    private let reachesBelow: Bool
    private let walk: SegmentWalk

    package init(_ text: String) throws(PatternError) {
        try Self.check(text)
        self.text = text
        reachesBelow = text.hasSuffix("/**")
        stem = Array(text.utf8.dropLast(reachesBelow ? 3 : 0))
        if stem.containsDoubleStar { throw .misplacedDoubleStar(text) }
        walk = SegmentWalk(stem)
    }

    /// Whether the path fits, in a number of steps that grows with its length alone (P11).
    package func fits(_ path: String) -> Bool {
        fits(path.utf8)
    }

    /// Whether every path that fits `other` is sure to fit this pattern.
    ///
    /// A `*` in `other` is an ordinary byte here, which only a `*` of ours can swallow; ours
    /// then swallows whatever that star stands for.
    package func covers(_ other: PathPattern) -> Bool {
        (reachesBelow || !other.reachesBelow) && fits(other.stem)
    }

    /// `text` without a final `/**`.
    var stemText: String { String(decoding: stem, as: UTF8.self) }

    /// The segments that every path that fits has as they are, at their places.
    var literalSegments: [PolicyIndex.PathSegment] {
        var segments: [PolicyIndex.PathSegment] = []
        var index = 0
        Self.forEachSegment(of: stemText) { text in
            if !text.utf8.contains(.star) {
                segments.append(PolicyIndex.PathSegment(index: index, text: text))
            }
            index += 1
            return true
        }
        return segments
    }

    /// Calls `body` with what stands behind each slash, until it has seen enough.
    static func forEachSegment(of path: String, _ body: (Substring) -> Bool) {
        let bytes = path.utf8
        guard var start = bytes.firstIndex(of: .slash) else { return }
        while true {
            start = bytes.index(after: start)
            let end = bytes[start...].firstIndex(of: .slash)
            guard body(path[start..<(end ?? bytes.endIndex)]), let end else { return }
            start = end
        }
    }

    private func fits(_ path: some Sequence<UInt8>) -> Bool {
        var position = 0
        for byte in path {
            if reachesBelow, byte == .slash, position == walk.end { return true }
            guard let next = walk.next(from: position, over: byte) else { return false }
            position = next
        }
        return position == walk.end
    }
}

extension PathPattern {
    /// Refuses what no normalised path can fit: a policy that silently governs nothing is worse
    /// than an error.
    private static func check(_ text: String) throws(PatternError) {
        guard text.utf8.first == .slash else { throw .noLeadingSlash(text) }
        for byte in text.utf8 {
            if byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#") { throw .query(text) }
            if byte <= 0x20 || byte >= 0x7F || byte == UInt8(ascii: "\\") {
                throw .unescaped(text)
            }
        }
        let normalized = try normalized(text)
        for segment in normalized.split(separator: "/") where segment == "." || segment == ".." {
            throw .dotSegment(text)
        }
        guard normalized == text else { throw .notNormalized(text, normalized: normalized) }
    }

    /// The pattern with its escapes written as requests have them once they are read.
    private static func normalized(_ text: String) throws(PatternError) -> String {
        var normalized: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                normalized.append(byte)
                continue
            }
            guard let high = rest.popFirst(), let low = rest.popFirst(),
                let escape = PercentEscape(high, low)
            else { throw .badEscape(text) }
            normalized += escape.normalized
        }
        return String(decoding: normalized, as: UTF8.self)
    }
}

extension [UInt8] {
    fileprivate var containsDoubleStar: Bool {
        zip(self, dropFirst()).contains { $0 == .star && $1 == .star }
    }
}
