import HTTPModel

/// The last event id in a query: where those put it that imitate an EventSource and may set no
/// fields, as `lastEventId=42`.
package enum LastEventIDQuery {
    /// `query` with every last event id that looks like a tombstone replaced by what `restore`
    /// gives for it; left out where that is empty. `nil` when there is none.
    package static func replacingTombstones(
        in query: String, with restore: (String) -> String
    ) -> String? {
        var isChanged = false
        let parts = query.split(separator: "&", omittingEmptySubsequences: false)
            .compactMap { part -> String? in
                guard let equals = part.firstIndex(of: "="), isName(part[..<equals]) else {
                    return String(part)
                }
                let value = part[part.index(after: equals)...].utf8.formDecoded
                guard value.starts(with: TombstoneSeal.prefix.utf8) else { return String(part) }
                isChanged = true
                let id = restore(String(decoding: value, as: UTF8.self))
                return id.isEmpty ? nil : "\(part[..<equals])=\(escaped(id))"
            }
        return isChanged ? parts.joined(separator: "&") : nil
    }

    /// The first last event id in `query`, decoded; `nil` when there is none, or an empty one.
    package static func first(in query: String) -> String? {
        for part in query.split(separator: "&") {
            guard let equals = part.firstIndex(of: "="), isName(part[..<equals]) else { continue }
            let value = part[part.index(after: equals)...].utf8.formDecoded
            if !value.isEmpty { return String(decoding: value, as: UTF8.self) }
        }
        return nil
    }

    /// `lastEventId`, `last-event-id`, `last_event_id` and the like.
    package static func isName(_ name: Substring) -> Bool {
        let letters = name.utf8.formDecoded.filter {
            $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "_")
        }
        return letters.map(\.lowercased) == Array("lasteventid".utf8)
    }

    private static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if byte.isUnreserved {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 0xF)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
