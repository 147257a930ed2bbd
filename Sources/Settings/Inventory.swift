/// The value of every key that was asked for, written or not, in the order of the reference: what
/// tells one state of the settings from another.
///
/// A key cannot be missing here: whoever asks for one by a `Section` leaves its value behind. What
/// the values say is for nobody's eyes, only whether they differ.
package struct Inventory: Equatable, Sendable {
    private struct Entry: Equatable {
        /// With the place in the list after a list of groups, `listen[0].address`.
        let place: String
        /// As the reference calls it, `listen[].address`.
        let key: String
        let value: String
    }

    private var entries: [Entry] = []

    init() {}

    mutating func note(_ value: Any, at place: String, key: String) {
        entries.append(Entry(place: place, key: key, value: String(reflecting: value)))
    }

    /// The keys that differ, each once, in the order of the reference.
    package func changes(since other: Inventory) -> [String] {
        let (mine, theirs) = (byPlace, other.byPlace)
        var changed: [String] = []
        for entry in entries + other.entries
        where mine[entry.place] != theirs[entry.place] && !changed.contains(entry.key) {
            changed.append(entry.key)
        }
        return changed
    }

    private var byPlace: [String: String] {
        Dictionary(entries.map { ($0.place, $0.value) }) { $1 }
    }
}
