import HTTPModel

/// How some other software finds a token in a request, written down from what it documents and does.
struct ForeignReading: Sendable {
    let name: String
    /// All values that a program could get for the token's name from what was parsed: the first, the
    /// last, or any of a list.
    let values: @Sendable (RequestHead, _ token: String) -> [[UInt8]]

    init(_ name: String, _ values: @escaping @Sendable (RequestHead, String) -> [[UInt8]]) {
        (self.name, self.values) = (name, values)
    }

    static func cookie(
        _ name: String, _ parse: @escaping @Sendable ([UInt8]) -> [Pair]
    ) -> ForeignReading {
        ForeignReading(name) { head, token in
            let lines = head.fields.entries.filter { $0.known == .cookie }
                .map { Array(head.fields.bytes[$0.value]) }
            // Lines are read one by one, or joined in one of the ways that servers join them.
            let joined = lines.count < 2 ? [] : [lines.joined("; "), lines.joined(", ")]
            return (lines + joined).flatMap { parse($0).values(of: Array(token.utf8)) }
        }
    }

    static func query(
        _ name: String, _ parse: @escaping @Sendable ([UInt8]) -> [Pair]
    ) -> ForeignReading {
        ForeignReading(name) { head, token in
            parse(Array((head.target.query ?? "").utf8)).values(of: Array(token.utf8))
        }
    }
}

/// A name and a value, as they were understood.
struct Pair: Sendable {
    var name: [UInt8]
    var value: [UInt8]

    init(_ name: some Sequence<UInt8>, _ value: some Sequence<UInt8>) {
        (self.name, self.value) = (Array(name), Array(value))
    }
}

extension [Pair] {
    func values(of name: [UInt8]) -> [[UInt8]] { filter { $0.name == name }.map(\.value) }

    /// For readers to whom case means nothing.
    var lowercased: [Pair] { map { Pair($0.name.map(\.lowercased), $0.value) } }
}

extension [[UInt8]] {
    func joined(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        for (index, part) in enumerated() {
            if index > 0 { bytes += text.utf8 }
            bytes += part
        }
        return bytes
    }
}

extension [UInt8] {
    init(ascii text: String) { self = text.utf8.map { $0 } }

    func split(at separators: String, dropEmpty: Bool = true) -> [[UInt8]] {
        split(omittingEmptySubsequences: dropEmpty) { separators.utf8.contains($0) }
            .map { [UInt8]($0) }
    }

    /// What stands before and behind the first `=`.
    var pair: (name: [UInt8], value: [UInt8])? {
        firstIndex(of: UInt8(ascii: "=")).map { ([UInt8](self[..<$0]), [UInt8](self[($0 + 1)...])) }
    }

    func trimming(_ isTrimmed: (UInt8) -> Bool) -> [UInt8] {
        let start = drop(while: isTrimmed)
        return [UInt8](start.lastIndex { !isTrimmed($0) }.map { start[...$0] } ?? [])
    }

    var trimmingBlanks: [UInt8] { trimming { $0 == 0x20 || $0 == 0x09 } }
    /// As C's `isspace`.
    var trimmingSpaces: [UInt8] { trimming { $0 == 0x20 || (0x09...0x0D).contains($0) } }
    /// As `strip` and `trim` do to text that was decoded as Latin-1.
    var trimmingUnicode: [UInt8] {
        trimming {
            $0 <= 0x20 && ($0 == 0x20 || $0 >= 0x1C || (0x09...0x0D).contains($0)) || $0 == 0x85
                || $0 == 0xA0
        }
    }

    var withoutQuotes: [UInt8] {
        count >= 2 && first == 0x22 && last == 0x22 ? Array(dropFirst().dropLast()) : self
    }

    /// Quotes taken off, and in them backslashes and octal numbers undone, as in http.cookies.
    var unslashed: [UInt8] {
        guard count >= 2, first == 0x22, last == 0x22 else { return self }
        let inner = Array(dropFirst().dropLast())
        var out: [UInt8] = []
        var index = 0
        while index < inner.count {
            guard inner[index] == UInt8(ascii: "\\"), index + 1 < inner.count else {
                out.append(inner[index])
                index += 1
                continue
            }
            let digits = inner[(index + 1)...].prefix(3)
            if digits.count == 3, digits.allSatisfy({ (0x30...0x37).contains($0) }),
                let number = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                out.append(number)
                index += 4
            } else {
                out.append(inner[index + 1])
                index += 2
            }
        }
        return out
    }

    /// Escapes decoded once; those that are none stay. With `plus`, `+` is a space.
    func decoded(plus: Bool) -> [UInt8] {
        var out: [UInt8] = []
        var index = 0
        while index < count {
            if self[index] == UInt8(ascii: "%"), index + 2 < count,
                let high = self[index + 1].hexValue, let low = self[index + 2].hexValue
            {
                out.append(high << 4 | low)
                index += 3
            } else {
                out.append(plus && self[index] == UInt8(ascii: "+") ? 0x20 : self[index])
                index += 1
            }
        }
        return out
    }

    /// As above, `nil` where an escape is none.
    func strictlyDecoded(plus: Bool) -> [UInt8]? {
        for index in indices where self[index] == UInt8(ascii: "%") {
            guard index + 2 < count, self[index + 1].hexValue != nil,
                self[index + 2].hexValue != nil
            else { return nil }
        }
        return decoded(plus: plus)
    }

    /// The name that PHP registers a variable under; `nil` for none.
    var nameInPHP: [UInt8]? {
        var name = Array(drop { $0 == 0x20 }.prefix { $0 != 0 })
        guard !name.isEmpty else { return nil }
        if let open = name.firstIndex(of: UInt8(ascii: "[")), open > 0,
            name[open...].contains(UInt8(ascii: "]"))
        {
            // An array; a program that takes what it holds for the value finds it under this name.
            name = Array(name[..<open])
        }
        return name.map { [0x20, 0x2E, 0x5B].contains($0) ? UInt8(ascii: "_") : $0 }
    }

    /// The names between which brackets stand, for those that nest by them.
    var nestedNames: [[UInt8]] {
        [self] + split(at: "[]")
    }
}
