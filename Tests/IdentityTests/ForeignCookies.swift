import HTTPModel

extension ForeignReading {
    static let cookies: [ForeignReading] = [
        .cookie("RFC 6265, section 4.2.1") { line in
            let pairs = line.split(at: ";", dropEmpty: false).enumerated().map { index, piece in
                // Behind a semicolon there is one space.
                let text = index == 0 ? piece : piece.first == 0x20 ? Array(piece.dropFirst()) : []
                return text.pair
            }
            guard
                pairs.allSatisfy({ pair in
                    guard let pair else { return false }
                    return !pair.name.isEmpty && pair.name.allSatisfy(\.isToken)
                        && pair.value.withoutQuotes.allSatisfy(\.isCookieOctet)
                })
            else { return [] }
            return pairs.compactMap { $0 }.map { Pair($0.name, $0.value) }
        },
        .cookie("RFC 6265, section 5.4, split and trimmed") { line in
            line.split(at: ";").compactMap {
                $0.pair.map { Pair($0.trimmingBlanks, $1.trimmingBlanks) }
            }
        },
        .cookie("Python http.cookies") { CookiesInPython.parse($0, searches: false) },
        .cookie("Python http.cookies of old, aiohttp") {
            CookiesInPython.parse($0, searches: true)
        },
        .cookie("Starlette") { line in
            line.split(at: ";").compactMap { chunk in
                chunk.pair.map { Pair($0.trimmingUnicode, $1.trimmingUnicode.unslashed) }
            }
        },
        .cookie("Django, Tornado") { line in
            line.split(at: ";").map { chunk in
                let pair = chunk.pair ?? ([], chunk)
                return Pair(pair.name.trimmingUnicode, pair.value.trimmingUnicode.unslashed)
            }
        },
        .cookie("Node's cookie") { line in
            var pairs: [Pair] = []
            for chunk in line.split(at: ";") {
                guard let (name, value) = chunk.pair else { continue }
                let inner = value.trimmingUnicode.withoutQuotes
                pairs.append(
                    Pair(name.trimmingUnicode, inner.strictlyDecoded(plus: false) ?? inner))
            }
            return pairs
        },
        .cookie("PHP") { line in
            line.split(at: ";").compactMap { chunk in
                guard let (written, value) = chunk.pair, let name = written.trimmingLeft.nameInPHP
                else {
                    return nil
                }
                return Pair(name, value.decoded(plus: false))
            }
        },
        .cookie("PHP before 8, which decodes names") { line in
            line.split(at: ";").compactMap { chunk in
                guard let (written, value) = chunk.pair,
                    let name = written.trimmingLeft.decoded(plus: true).nameInPHP
                else { return nil }
                return Pair(name, value.decoded(plus: true))
            }
        },
        .cookie("Rack") { line in
            line.split(at: ";").compactMap { chunk in
                chunk.pair.map { Pair($0.trimmingLeft, $1.strictlyDecoded(plus: true) ?? $1) }
            }
        },
        .cookie("Rack before 2.2, which splits at commas and decodes names") { line in
            line.split(at: ";,").compactMap { chunk in
                chunk.pair.map { Pair($0.trimmingLeft.decoded(plus: true), $1.decoded(plus: true)) }
            }
        },
        .cookie("Go net/http") { line in
            line.split(at: ";").compactMap { chunk in
                guard let (written, value) = chunk.trimmingBlanks.pair else { return nil }
                let inner = value.withoutQuotes
                let name = written.trimmingBlanks
                guard name.allSatisfy(\.isToken),
                    inner.allSatisfy({
                        $0 >= 0x20 && $0 < 0x7F && ![0x22, 0x3B, 0x5C].contains($0)
                    })
                else { return nil }
                return Pair(name, inner)
            }
        },
        .cookie("Java Servlet, RFC 2109") { CookiesInJava.parse($0) },
        .cookie("Tomcat, RFC 6265") { line in
            line.split(at: ";").compactMap { chunk in
                guard let (name, value) = chunk.pair else { return nil }
                let end = value.trimmingBlanks.prefix {
                    $0.isCookieOctet || $0 == 0x22 || $0 >= 0x80
                }
                return Pair(name.trimmingBlanks, Array(end).withoutQuotes)
            }
        },
        .cookie("Werkzeug") { line in
            line.split(at: ";").compactMap { chunk in
                chunk.pair.map { Pair($0.trimmingUnicode, $1.trimmingUnicode.unslashed) }
            }
        },
        .cookie("ASP.NET Core, in any case") { line in
            line.split(at: ";,").compactMap { chunk in
                chunk.pair.map { Pair($0.trimmingBlanks, $1.trimmingBlanks.decoded(plus: false)) }
            }.lowercased
        },
        .cookie("Perl CGI::Cookie") { line in
            line.split(at: ";,").compactMap { chunk in
                guard let (name, value) = chunk.pair else { return nil }
                let first = value.trimmingSpaces.split(at: "&", dropEmpty: false).first ?? []
                return Pair(name.trimmingSpaces.decoded(plus: true), first.decoded(plus: true))
            }
        },
        .cookie("one that decodes all before it splits") { line in
            line.decoded(plus: false).split(at: ";").compactMap {
                $0.pair.map { Pair($0.trimmingUnicode, $1.trimmingUnicode) }
            }
        },
        .cookie("one that keeps letters and digits of names") { line in
            line.split(at: ";, \t\"").compactMap { chunk in
                chunk.pair.map { Pair($0.filter(\.isToken).map(\.lowercased), $1) }
            }
        },
    ]
}

extension [UInt8] {
    fileprivate var trimmingLeft: [UInt8] {
        Array(drop { $0 == 0x20 || (0x09...0x0D).contains($0) })
    }
}

extension UInt8 {
    fileprivate var isCookieOctet: Bool {
        switch self {
        case 0x21, 0x23...0x2B, 0x2D...0x3A, 0x3C...0x5B, 0x5D...0x7E: true
        default: false
        }
    }

    /// What http.cookies has in a name; in a value brackets too.
    fileprivate var isLegalInPython: Bool {
        isToken || self == UInt8(ascii: "=") || "<>@,:/()?{}".utf8.contains(self)
    }
}

/// The grammar of `http.cookies`, read from front to back.
enum CookiesInPython {
    /// With `searches` what does not fit is skipped, else it ends the line; a word without a value,
    /// or an attribute in front, makes the newer one forget all.
    static func parse(_ line: [UInt8], searches: Bool) -> [Pair] {
        var pairs: [Pair] = []
        var index = 0
        while index < line.count {
            guard let (end, name, value) = match(line, index) else {
                if !searches { break }
                index += 1
                continue
            }
            index = end
            if name.first == UInt8(ascii: "$") { continue }
            guard let value else {
                if searches { continue }
                return []
            }
            pairs.append(Pair(name, value.unslashed))
        }
        return pairs
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0D).contains(byte)
    }

    private static func match(
        _ line: [UInt8], _ start: Int
    ) -> (end: Int, name: [UInt8], value: [UInt8]?)? {
        var index = start
        while index < line.count, isSpace(line[index]) { index += 1 }
        let nameStart = index
        // The shortest name that lets the rest fit.
        while index < line.count, line[index].isLegalInPython {
            index += 1
            let name = Array(line[nameStart..<index])
            if let (end, value) = valueAndEnd(line, index) { return (end, name, value) }
        }
        return nil
    }

    private static func valueAndEnd(_ line: [UInt8], _ start: Int) -> (Int, [UInt8]?)? {
        var index = start
        while index < line.count, isSpace(line[index]) { index += 1 }
        if index < line.count, line[index] == UInt8(ascii: "=") {
            index += 1
            while index < line.count, isSpace(line[index]) { index += 1 }
            let valueStart = index
            if index < line.count, line[index] == 0x22, let close = quotedEnd(line, index),
                let end = separator(line, close)
            {
                return (end, Array(line[valueStart..<close]))
            }
            while index < line.count,
                line[index].isLegalInPython || [0x5B, 0x5D].contains(line[index])
            { index += 1 }
            return separator(line, index).map { ($0, Array(line[valueStart..<index])) }
        }
        return separator(line, start).map { ($0, nil) }
    }

    private static func quotedEnd(_ line: [UInt8], _ start: Int) -> Int? {
        var index = start + 1
        while index < line.count {
            if line[index] == UInt8(ascii: "\\") {
                index += 2
            } else if line[index] == 0x22 {
                return index + 1
            } else {
                index += 1
            }
        }
        return nil
    }

    private static func separator(_ line: [UInt8], _ start: Int) -> Int? {
        var index = start
        while index < line.count, isSpace(line[index]) { index += 1 }
        if index == line.count || index > start { return max(index, start) }
        return line[index] == UInt8(ascii: ";") ? index + 1 : nil
    }
}

/// Cookies as RFC 2109 has them: quoted strings, attributes with a dollar, commas between.
enum CookiesInJava {
    static func parse(_ line: [UInt8]) -> [Pair] {
        var pairs: [Pair] = []
        var index = 0
        while index < line.count {
            while index < line.count, !line[index].isToken { index += 1 }
            let start = index
            while index < line.count, line[index].isToken { index += 1 }
            let name = line[start..<index]
            while index < line.count, line[index] == 0x20 || line[index] == 0x09 { index += 1 }
            guard index < line.count, line[index] == UInt8(ascii: "=") else { continue }
            index += 1
            while index < line.count, line[index] == 0x20 || line[index] == 0x09 { index += 1 }
            let valueStart = index
            if index < line.count, line[index] == 0x22 {
                index += 1
                while index < line.count, line[index] != 0x22 {
                    index += line[index] == UInt8(ascii: "\\") ? 2 : 1
                }
                index = min(index + 1, line.count)
                if name.first != UInt8(ascii: "$") {
                    pairs.append(Pair(name, Array(line[valueStart..<index]).unslashed))
                }
            } else {
                while index < line.count, ![0x3B, 0x2C, 0x20, 0x09, 0x22].contains(line[index]) {
                    index += 1
                }
                if name.first != UInt8(ascii: "$") {
                    pairs.append(Pair(name, line[valueStart..<index]))
                }
            }
            while index < line.count, line[index] != 0x3B, line[index] != 0x2C { index += 1 }
        }
        return pairs
    }
}
