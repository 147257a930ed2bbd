/// One thing to mend, and where.
package struct Problem: Hashable, Sendable {
    package let place: Place
    /// What was got, what is expected, and how to put it right, on one line. Never a secret.
    package let message: String

    package init(at place: Place, _ message: String) {
        self.place = place
        self.message = message.onOneLine
    }

    /// One line, in the form that editors and terminals can jump to.
    package var text: String { "\(place.text): \(message)" }
}

/// Where a problem stands, or what a message refers to.
package enum Place: Hashable, Sendable {
    case flag(Flag)
    /// A file or directory as a whole.
    case file(String)
    case mark(Mark, file: String)

    package var text: String {
        switch self {
        case .flag(let flag): flag.rawValue
        case .file(let file): file
        case .mark(let mark, let file): "\(file):\(mark.line):\(mark.column)"
        }
    }
}

/// A position in a text, as an editor shows it: line and column both count from 1.
package struct Mark: Hashable, Sendable {
    package let line: Int
    package let column: Int

    static let start = Mark(line: 1, column: 1)
}

/// Everything that is wrong with the settings or the policies, in the order of its places.
package struct Problems: Error, Sendable {
    /// At least one and at most `shownMax`.
    package let list: [Problem]
    /// How many more there are.
    package let omittedCount: Int

    /// Enough to mend a file by; a log line has to hold them all.
    static let shownMax = 100

    /// Sorts the problems of one or of several readings.
    package init(_ all: [Problem]) {
        let sorted = Set(all).sorted { $0.isBefore($1) }
        list = Array(sorted.prefix(Self.shownMax))
        omittedCount = sorted.count - list.count
    }

    /// One line for each problem.
    package var text: String {
        let lines = list.map(\.text)
        let rest = omittedCount == 0 ? [] : ["... and \(omittedCount) more"]
        return (lines + rest).joined(separator: "\n")
    }
}

extension Problems: CustomStringConvertible {
    package var description: String { text }
}

extension Problem {
    /// Flags first, then the files by name, each from its top to its end.
    func isBefore(_ other: Problem) -> Bool {
        let (mine, theirs) = (place.order, other.place.order)
        guard mine == theirs else { return mine < theirs }
        return message < other.message
    }
}

extension Place {
    /// Strings compare by Unicode here, not by bytes; any fixed order will do.
    fileprivate var order: (String, Int, Int) {
        switch self {
        case .flag: ("", 0, 0)
        case .file(let file): (file, 0, 0)
        case .mark(let mark, let file): (file, mark.line, mark.column)
        }
    }
}
