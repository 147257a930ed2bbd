import HTTPModel

extension ForeignReading {
    static let queries: [ForeignReading] = [
        .query("WHATWG URL, section 5.1") { form($0, at: "&") },
        .query("Python before 3.9, Perl, Rack's default of old") { form($0, at: "&;") },
        .query("Go net/url") { query in
            query.split(at: "&").filter { !$0.contains(UInt8(ascii: ";")) }.compactMap { part in
                let (name, value) = part.pair ?? (part, [])
                guard let name = name.strictlyDecoded(plus: true),
                    let value = value.strictlyDecoded(plus: true)
                else { return nil }
                return Pair(name, value)
            }
        },
        .query("Java Servlet") { query in
            form(query, at: "&").map { Pair($0.name.trimmingSpaces, $0.value) }
        },
        .query("PHP") { query in
            form(query, at: "&").compactMap { pair in
                pair.name.nameInPHP.map { Pair($0, pair.value) }
            }
        },
        .query("PHP with arg_separator.input of both") { query in
            form(query, at: "&;").compactMap { pair in
                pair.name.nameInPHP.map { Pair($0, pair.value) }
            }
        },
        .query("Rack, qs: nested by brackets") { query in
            form(query, at: "&").flatMap { pair in
                pair.name.nestedNames.map { Pair($0, pair.value) }
            }
        },
        .query("qs with dots, at the end of a path") { query in
            form(query, at: "&").map { pair in
                Pair(pair.name.drop { $0 == UInt8(ascii: ".") }, pair.value)
            }
        },
        .query("ASP.NET Core, in any case") { form($0, at: "&").lowercased },
        .query("IIS, %uXXXX") { query in
            query.split(at: "&").map { part in
                let (name, value) = part.pair ?? (part, [])
                return Pair(name.decodedOfIIS, value.decodedOfIIS)
            }
        },
        .query("nginx, as it is written, in any case") { query in
            query.split(at: "&").map { part in
                let (name, value) = part.pair ?? (part, [])
                return Pair(name, value)
            }.lowercased
        },
        .query("one that decodes names twice") { query in
            form(query, at: "&").map { Pair($0.name.decoded(plus: true), $0.value) }
        },
        .query("one that decodes until nothing changes") { query in
            query.split(at: "&").map { part in
                let (name, value) = part.pair ?? (part, [])
                return Pair(name.decodedToTheEnd, value.decodedToTheEnd)
            }
        },
        .query("one that decodes before it splits") { query in
            query.decoded(plus: true).split(at: "&").map { part in
                let (name, value) = part.pair ?? (part, [])
                return Pair(name, value)
            }
        },
        .query("one that trims names, and knows no punctuation but the underscore") { query in
            form(query, at: "&;").map { pair in
                let name = pair.name.trimmingUnicode.map { byte in
                    byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
                        ? UInt8(ascii: "_") : byte
                }
                return Pair(name.map(\.lowercased), pair.value)
            }
        },
        .query("one that folds characters") { query in
            form(query, at: "&").map { pair in
                let text = String(decoding: pair.name, as: UTF8.self)
                    .replacing("\u{17F}", with: "s").replacing("\u{212A}", with: "k")
                return Pair(text.lowercased().utf8, pair.value)
            }
        },
    ]

    /// `application/x-www-form-urlencoded`, with these between the parameters.
    private static func form(_ query: [UInt8], at separators: String) -> [Pair] {
        query.split(at: separators).map { part in
            let (name, value) = part.pair ?? (part, [])
            return Pair(name.decoded(plus: true), value.decoded(plus: true))
        }
    }
}

extension [UInt8] {
    fileprivate var decodedToTheEnd: [UInt8] {
        var bytes = self
        while true {
            let next = bytes.decoded(plus: true)
            if next == bytes { return bytes }
            bytes = next
        }
    }

    fileprivate var decodedOfIIS: [UInt8] {
        var text = String(decoding: self, as: UTF8.self)
        for match in text.matches(of: /%u00([0-9A-Fa-f]{2})/).reversed() {
            text.replaceSubrange(match.range, with: "%\(match.1)")
        }
        return Array(text.utf8).decoded(plus: true)
    }
}
