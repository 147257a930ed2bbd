import Foundation

/// One line of Sluice's log.
package struct LogLine: Sendable, CustomStringConvertible {
    package let text: String
    /// The record's name; empty when the line has none.
    package let event: String

    package init(_ text: String) {
        self.text = text
        event = Self.value(of: "\"event\":\"", in: text)
    }

    package var description: String { text }

    /// All fields, `nil` when the line is no JSON object.
    package var fields: [String: Any]? {
        try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    }

    /// A field as text, whatever its type.
    package subscript(_ name: String) -> String? {
        switch fields?[name] {
        case let text as String: text
        case let number as NSNumber: "\(number)"
        case _: nil
        }
    }

    package func number(_ name: String) -> Int? { fields?[name] as? Int }

    package func isTrue(_ name: String) -> Bool { fields?[name] as? Bool == true }

    package func list(_ name: String) -> [String] { fields?[name] as? [String] ?? [] }

    /// Quick, for the one field that every search begins with.
    private static func value(of key: String, in text: String) -> String {
        guard let range = text.range(of: key) else { return "" }
        return String(text[range.upperBound...].prefix { $0 != "\"" })
    }
}
