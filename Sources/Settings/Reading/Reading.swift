/// One pass over one file: the flags that win over it, the problems met on the way, and every key
/// that was asked for.
///
/// A class, since all the sections of the file report into the same one.
final class Reading {
    let file: String
    let flags: Flags
    /// Whether this pass only visits every key once, to learn what there is. Each list then has
    /// one item, and what comes of the pass is thrown away.
    let isTour: Bool
    private(set) var problems: [Problem] = []
    private(set) var keys: [KnownKey] = []
    /// What the keys hold, where somebody will want to compare it.
    private(set) var inventory: Inventory?

    /// A key that the reader asked for, as the reference tells of it.
    struct KnownKey {
        /// With dots between the levels, and `[]` after a list of groups.
        let path: String
        /// `nil` for a group of keys.
        let expected: String?
        /// What holds when the key is not written; `nil` when it must be, and for groups.
        let fallback: String?
        let flag: Flag?
        let about: String
    }

    /// Far more than are shown; it bounds what a file full of errors may cost.
    private static let problemsMax = 1000

    init(
        file: String, flags: Flags = Flags(), isTour: Bool = false, keepsInventory: Bool = false
    ) {
        inventory = keepsInventory ? Inventory() : nil
        self.file = file
        self.flags = flags
        self.isTour = isTour
    }

    /// Reads the text's keys with `read`, and reports whatever it did not ask for.
    func run<Result>(
        _ bytes: [UInt8], _ read: (inout Section) -> Result
    ) -> Result? {
        do throws(YAMLReader.Refusal) {
            guard let root = try YAMLReader.read(bytes) else {
                report(.file(file), "is empty; write its keys, or remove the file")
                return nil
            }
            guard case .mapping(let entries) = root.content else {
                report(place(root.mark), "expected keys with their values, got \(root.shown)")
                return nil
            }
            return runSection(path: "", at: place(root.mark), entries: entries, read)
        } catch {
            report(place(error.mark), error.message)
            return nil
        }
    }

    /// Reads as if the file held no key at all.
    func runEmpty<Result>(_ read: (inout Section) -> Result) -> Result {
        runSection(path: "", at: .file(file), entries: [], read)
    }

    func runSection<Result>(
        path: String, number: String? = nil, at place: Place, entries: [YAMLEntry],
        _ read: (inout Section) -> Result
    ) -> Result {
        var section = Section(
            reading: self, path: path, numberedPath: number ?? path, place: place,
            entries: entries)
        let result = read(&section)
        section.reportUnknownKeys()
        return result
    }

    /// Whether looking for more problems would be wasted.
    var isFull: Bool { problems.count >= Self.problemsMax }

    func report(_ place: Place, _ message: String) {
        guard !isFull else { return }
        problems.append(Problem(at: place, message))
    }

    func note(_ key: KnownKey) { keys.append(key) }

    func note(_ value: Any, at place: String, key: String) {
        inventory?.note(value, at: place, key: key)
    }

    func place(_ mark: Mark) -> Place { .mark(mark, file: file) }
}
