import HTTPModel

extension ForeignReading {
    /// Readings of `Authorization`.
    static let bearers: [ForeignReading] = [
        .authorization("RFC 6750, section 2.1") { value in
            value.starts(with: "Bearer ".utf8) ? [Array(value.dropFirst(7))] : []
        },
        .authorization("RFC 9110: the scheme in any case, one space or more") { value in
            let scheme = value.prefix { $0 != 0x20 }
            return scheme.map(\.lowercased) == [UInt8](ascii: "bearer")
                ? [Array(value.dropFirst(scheme.count)).trimmingBlanks] : []
        },
        .authorization("two words") { value in
            let words = value.split(at: " \t")
            return words.count == 2 && words[0].map(\.lowercased) == [UInt8](ascii: "bearer")
                ? [words[1]] : []
        },
        .authorization("whatever follows the scheme anywhere") { value in
            let text = String(decoding: value, as: UTF8.self)
            return text.matches(of: /(?i)bearer[\s:=\xA0"]+([^\s,;"]+)/).map {
                Array(String($0.1).utf8)
            }
        },
        .authorization("the scheme taken out") { value in
            let text = String(decoding: value, as: UTF8.self)
            guard text.contains("Bearer") else { return [] }
            return [Array(text.replacing("Bearer", with: "").utf8).trimmingUnicode]
        },
        .authorization("seven bytes taken off") { value in
            value.map(\.lowercased).starts(with: "bearer".utf8) ? [Array(value.dropFirst(7))] : []
        },
        .authorization("a list of credentials") { value in
            value.split(at: ",").map(\.trimmingBlanks).compactMap {
                $0.map(\.lowercased).starts(with: "bearer ".utf8) ? Array($0.dropFirst(7)) : nil
            }
        },
    ]

    /// Readings of a field of the token's own.
    static let headers: [ForeignReading] = [
        .field("every line by itself, trimmed") { $0 },
        .field("lines joined by commas") { [$0.joined(", ")] },
        .field("lists, each member by itself") {
            $0.flatMap { $0.split(at: ",").map(\.trimmingBlanks) }
        },
        .field("the first word") { $0.compactMap { $0.split(at: " \t").first } },
        .field("the last word") { $0.compactMap { $0.split(at: " \t").last } },
        .field("quotes taken off") { $0.map(\.withoutQuotes) },
        .field("parameters taken off") { $0.compactMap { $0.split(at: ";").first } },
        .field("CGI and WSGI: other signs are underscores", folds: true) { $0 },
        .field("CGI, lines joined", folds: true) { [$0.joined(",")] },
    ]

    private static func authorization(
        _ name: String, _ read: @escaping @Sendable ([UInt8]) -> [[UInt8]]
    ) -> ForeignReading {
        ForeignReading(name) { head, _ in
            let lines = head.fields.entries.filter { $0.known == .authorization }
                .map { Array(head.fields.bytes[$0.value]).trimmingBlanks }
            let joined = lines.count < 2 ? [] : [lines.joined(", ")]
            return (lines + joined).flatMap(read)
        }
    }

    private static func field(
        _ name: String, folds: Bool = false,
        _ read: @escaping @Sendable ([[UInt8]]) -> [[UInt8]]
    ) -> ForeignReading {
        ForeignReading(name) { head, token in
            let wanted = folded(Array(token.utf8), folds)
            let lines = head.fields.entries
                .filter { folded(Array(head.fields.bytes[$0.name]), folds) == wanted }
                .map { Array(head.fields.bytes[$0.value]).trimmingBlanks }
            return lines.isEmpty ? [] : read(lines)
        }
    }

    private static func folded(_ name: [UInt8], _ folds: Bool) -> [UInt8] {
        name.map { byte in
            folds && !byte.isUnreserved || folds && "-.~".utf8.contains(byte)
                ? UInt8(ascii: "_") : byte.lowercased
        }
    }
}
