/// One row of the table: an id, what is promised, and the tests that keep it.
struct Promise {
    let id: String
    /// The files that it gives, as `Target/File`.
    let files: Set<String>
    private let tests: Substring

    /// `nil` when the line is no row of a promise.
    init?(row: Substring) {
        let cells = row.split(separator: " | ", maxSplits: 2)
        guard cells.count == 3, let id = cells[0].split(separator: " ").last.map(String.init),
            Self.ids(in: id) == [id]
        else { return nil }
        self.id = id
        tests = cells[2]
        let quoted = tests.split(separator: "`", omittingEmptySubsequences: false)
        files = Set(
            quoted.enumerated().filter { !$0.offset.isMultiple(of: 2) }.map { String($0.element) }
        ).filter { $0.contains("Tests/") }
    }

    /// Whether it says which work will bring a test.
    var isPutOff: Bool { tests.hasPrefix("not yet (") }

    /// The ids that a text names: a letter and two digits that stand alone.
    static func ids(in text: String) -> Set<String> {
        let words = text.split { !$0.isLetter && !$0.isNumber && $0 != ":" && $0 != "_" }
        // A colon may follow an id; a time of day has more behind it.
        let bare = words.map { $0.last == ":" ? $0.dropLast() : $0 }
        return Set(bare.filter(isID).map(String.init))
    }

    private static func isID(_ word: Substring) -> Bool {
        word.utf8.count == 3 && word.first.map("DFGHIJKPRSTU".contains) == true
            && word.utf8.dropFirst().allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
            }
    }
}
