import Policy

/// What a setting may be: how it is read from its text, and how that is said to a person.
struct Kind<Value: Sendable>: Sendable {
    /// Completes the sentence "expected ...".
    let expected: String
    /// The value as one writes it, to tell people what holds when they write nothing.
    let show: @Sendable (Value) -> String
    let read: @Sendable (YAMLScalar) throws(Misfit) -> Value

    init(
        _ expected: String, show: @escaping @Sendable (Value) -> String = { "\($0)" },
        read: @escaping @Sendable (YAMLScalar) throws(Misfit) -> Value
    ) {
        self.expected = expected
        self.show = show
        self.read = read
    }
}

/// Why a text is no value of its kind.
enum Misfit: Error {
    /// Says what was expected and what was got, and, where that is known, how to mend it.
    case unexpected(got: String? = nil, mend: String? = nil)
    /// Says only this.
    case other(String)
}

extension YAMLScalar {
    /// Whether nothing was written, in one of the ways that YAML has for it.
    var isNull: Bool { !isQuoted && ["", "~", "null", "Null", "NULL"].contains(text) }

    /// As a message repeats it.
    var shown: String {
        if isNull { return text.isEmpty ? "nothing" : "\(text), which is nothing" }
        if text.isEmpty { return "an empty text" }
        return isQuoted ? "\"\(text.shown)\"" : text.shown
    }

    /// Whether it is one of the words with which people mean that there is no limit.
    var meansNoLimit: Bool {
        let words = [
            "0", "0s", "-1", "no", "none", "never", "off", "false", "unlimited", "infinite",
            "infinity", ".inf",
        ]
        return isNull || words.contains(text.lowercased())
    }
}

extension Kind<Int> {
    static func wholeNumber(_ range: ClosedRange<Int>) -> Self {
        Kind("a whole number from \(range.lowerBound) to \(range.upperBound)") {
            scalar throws(Misfit) in
            let text = scalar.text
            let isDecimal = !text.isEmpty && text.utf8.allSatisfy(\.isDigit)
            if scalar.isQuoted { throw .unexpected(mend: isDecimal ? "remove the quotes" : nil) }
            guard isDecimal else { throw .unexpected(mend: mend(forNumber: text)) }
            guard text == "0" || !text.hasPrefix("0") else {
                throw .unexpected(mend: "remove the leading zero")
            }
            guard let value = Int(text), range.contains(value) else { throw .unexpected() }
            return value
        }
    }

    /// The commonest other ways of writing a number.
    private static func mend(forNumber text: String) -> String? {
        let head = text.utf8.first
        if ["0x", "0o", "0b"].contains(where: text.lowercased().hasPrefix) {
            return "write it in decimal digits"
        }
        guard let head, head.isDigit || head == UInt8(ascii: "+") else { return nil }
        return "write the digits alone"
    }
}

extension Kind<Bool> {
    static let boolean = Kind("true or false") { scalar throws(Misfit) in
        switch (scalar.text, scalar.isQuoted) {
        case ("true", false): return true
        case ("false", false): return false
        case ("true", true), ("false", true): throw .unexpected(mend: "remove the quotes")
        default: throw .unexpected()
        }
    }
}

extension Kind<Duration> {
    static func duration(_ range: ClosedRange<Duration>) -> Self {
        let (least, most) = (range.lowerBound.policyText, range.upperBound.policyText)
        return Kind("a duration from \(least) to \(most)", show: { $0.policyText }) {
            scalar throws(Misfit) in
            guard let value = Duration(policyText: scalar.text) else {
                throw .unexpected(mend: mend(for: scalar))
            }
            guard range.contains(value) else { throw .unexpected() }
            return value
        }
    }

    fileprivate static func mend(for scalar: YAMLScalar) -> String? {
        guard !scalar.isNull else { return "write one, such as 30s" }
        guard !scalar.text.isEmpty, scalar.text.utf8.allSatisfy(\.isDigit) else {
            return "write digits and one of ms, s, m, h, d, such as 90s"
        }
        return "add a unit: ms, s, m, h or d"
    }
}

extension Kind<ClosedRange<Duration>> {
    /// One duration, or the shortest and the longest of several with a `-` between them.
    static func durations(_ range: ClosedRange<Duration>) -> Self {
        let (least, most) = (range.lowerBound.policyText, range.upperBound.policyText)
        return Kind("a duration from \(least) to \(most), or two of them, such as 1s-5s") {
            scalar throws(Misfit) in
            let parts = scalar.text.utf8.split(
                separator: UInt8(ascii: "-"), maxSplits: 1, omittingEmptySubsequences: false)
            let ends = parts.compactMap {
                Duration(policyText: String(decoding: $0, as: UTF8.self))
            }
            guard ends.count == parts.count, let first = ends.first, let last = ends.last else {
                throw .unexpected(
                    mend: parts.count == 1
                        ? Kind<Duration>.mend(for: scalar)
                        : "write the shortest and the longest one, such as 1s-5s")
            }
            guard range.contains(first), range.contains(last) else { throw .unexpected() }
            guard first <= last else { throw .unexpected(mend: "write the shorter one first") }
            return first...last
        }
    }
}

extension Kind<String> {
    /// A text of one line.
    static func text(_ what: String, lengthMax: Int) -> Self {
        Kind("\(what) of 1 to \(lengthMax) bytes") { scalar throws(Misfit) in
            guard !scalar.isNull, !scalar.text.isEmpty else { throw .unexpected() }
            guard scalar.text.utf8.count <= lengthMax else {
                throw .unexpected(got: "\(scalar.text.utf8.count) bytes")
            }
            guard !scalar.text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
                throw .unexpected(got: "a text with a line break or a control character")
            }
            return scalar.text
        }
    }
}

extension Kind where Value: RawRepresentable<String> & CaseIterable {
    /// One of the words of an enum. Those of `later` will mean something one day, but not in this
    /// version.
    static func word(later: [String] = []) -> Self {
        let words = Value.allCases.map(\.rawValue)
        return Kind(words.alternatives, show: { $0.rawValue }) { scalar throws(Misfit) in
            if let value = Value(rawValue: scalar.text) { return value }
            guard !later.contains(scalar.text) else {
                throw .other("\(scalar.text) is not in this version; use \(words.alternatives)")
            }
            let nearest = NearMiss.nearest(to: scalar.text, among: words)
            throw .unexpected(mend: nearest.map { "did you mean \($0)?" })
        }
    }
}

extension [String] {
    /// "a, b or c".
    var alternatives: String {
        guard let last, count > 1 else { return first ?? "" }
        return dropLast().joined(separator: ", ") + " or " + last
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
}
