/// A text that equals the same bytes alone, where `String` also equals what Unicode takes for the
/// same (I04): two claims that a gateway tells apart are two claims here.
package struct ExactText: Hashable, Sendable, ExpressibleByStringLiteral {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    package init(stringLiteral text: String) {
        self.init(text)
    }

    package static func == (left: ExactText, right: ExactText) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        // Texts of equal bytes are equal strings, so their hashes agree; the others are told apart
        // by `==`. A string is hashed in one piece.
        hasher.combine(text)
    }
}
