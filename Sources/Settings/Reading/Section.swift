/// A group of keys while it is being read.
///
/// Each key is defined by the one call that asks for it: its name, its kind, what holds without
/// it, and a paragraph about it. The messages, the suggestions for unknown keys and the reference
/// all come from there.
struct Section {
    let reading: Reading
    /// `identity`, `policies[].match`; empty at the top.
    let path: String
    /// The same with the number in each list, `policies[3].match`.
    let numberedPath: String
    /// Where the group begins.
    let place: Place
    private let entries: [YAMLEntry]
    private var asked: [String] = []

    init(
        reading: Reading, path: String, numberedPath: String, place: Place, entries: [YAMLEntry]
    ) {
        self.reading = reading
        self.path = path
        self.numberedPath = numberedPath
        self.place = place
        self.entries = entries
    }

    /// A key that holds `fallback` when it is not written.
    mutating func value<Value>(
        _ key: String, _ kind: Kind<Value>, default fallback: Value, flag: Flag? = nil,
        _ about: String
    ) -> Value {
        ask(key, kind.expected, fallback: kind.show(fallback), flag: flag, about)
        return held(key, read(key, kind, flag: flag, mend: nil) ?? fallback)
    }

    /// A key whose absence means something that no value can say. `absence` completes "leave the
    /// key out for ...".
    mutating func optional<Value>(
        _ key: String, _ kind: Kind<Value>, absence: String, flag: Flag? = nil, _ about: String
    ) -> Value? {
        ask(key, kind.expected, fallback: absence, flag: flag, about)
        return held(key, read(key, kind, flag: flag, mend: "leave the key out for \(absence)"))
    }

    /// A key that must be written. `example` is what the message about a missing one proposes.
    mutating func required<Value>(
        _ key: String, _ kind: Kind<Value>, example: String, flag: Flag? = nil, _ about: String
    ) -> Value? {
        ask(key, kind.expected, fallback: nil, flag: flag, about)
        if !isWritten(key, or: flag) {
            reportMissing(key, example: example, flag: flag)
        }
        return held(key, read(key, kind, flag: flag, mend: nil))
    }

    /// A key that takes one value or a list of them.
    mutating func values<Value>(
        _ key: String, _ kind: Kind<Value>, countMax: Int, absence: String, flag: Flag? = nil,
        _ about: String
    ) -> [Value]? {
        ask(key, "\(kind.expected), or a list of such", fallback: absence, flag: flag, about)
        return held(key, readList(key, kind, countMax: countMax, flag: flag))
    }

    /// A group of keys. When it is not written, it is read as if it were empty.
    mutating func group<Result>(
        _ key: String, _ about: String, _ read: (inout Section) -> Result
    ) -> Result {
        askGroup(key, about)
        let node = entry(key)?.value
        let entries = node.flatMap { keys(of: $0, key) } ?? []
        let place = node.map { reading.place($0.mark) } ?? place
        return reading.runSection(
            path: join(key), number: number(key), at: place, entries: entries, read)
    }

    /// A group of keys, or the word `off` in its place: `nil` then. When neither is written, it is
    /// read as if it were empty.
    mutating func groupOrOff<Result>(
        _ key: String, _ about: String, _ read: (inout Section) -> Result
    ) -> Result? {
        guard let node = entry(key)?.value, !node.isMapping else { return group(key, about, read) }
        askGroup(key, about)
        if !node.isOff { reportNeitherGroupNorOff(node, key) }
        return nil
    }

    /// A group of keys that may be missing as a whole.
    mutating func optionalGroup<Result>(
        _ key: String, _ about: String, _ read: (inout Section) -> Result?
    ) -> Result? {
        guard isWritten(key) || reading.isTour else {
            askGroup(key, about)
            return nil
        }
        return group(key, about, read)
    }

    /// A list of groups of keys, in their order. What cannot be read is left out.
    mutating func groups<Result>(
        _ key: String, countMax: Int, _ about: String, _ read: (inout Section) -> Result?
    ) -> [Result] {
        let path = join(key) + "[]"
        askGroup(key, path: path, about)
        let nodes = entry(key).map { items(of: $0.value, key, countMax: countMax) }
        guard let nodes else {
            guard reading.isTour else { return [] }
            return [reading.runSection(path: path, at: place, entries: [], read)].compactMap(\.self)
        }
        return nodes.enumerated().compactMap { index, node in
            guard let entries = keys(of: node, "\(key)[]") else { return nil }
            return reading.runSection(
                path: path, number: number(key) + "[\(index)]", at: reading.place(node.mark),
                entries: entries, read)
        }
    }

    /// A group whose keys are free to choose, each with one value or a list of them.
    mutating func dictionary<Key: Hashable, Value: Hashable>(
        _ key: String, keys keyKind: Kind<Key>, _ kind: Kind<Value>, countMax: Int,
        valuesMax: Int, _ about: String
    ) -> [Key: Set<Value>] {
        askGroup(key, about)
        guard let node = entry(key)?.value, let entries = keys(of: node, key) else { return [:] }
        if entries.count > countMax {
            report(key, "expected at most \(countMax) keys, got \(entries.count)")
        }
        var result: [Key: Set<Value>] = [:]
        let section = Section(
            reading: reading, path: join(key), numberedPath: number(key), place: place,
            entries: entries)
        for entry in entries.prefix(countMax) {
            let name = YAMLScalar(text: entry.key, isQuoted: true)
            guard let name = section.read(name, keyKind, at: reading.place(entry.mark), entry.key)
            else { continue }
            let values = section.readList(entry.key, kind, countMax: valuesMax, flag: nil)
            result[name] = values.map { Set($0) }
        }
        return result
    }

    /// A key that a later version will know.
    mutating func notInThisVersion(_ key: String, mend: String = "remove the key") {
        guard let entry = entry(key) else { return }
        asked.append(key)
        reading.report(reading.place(entry.mark), "\(key.shown): not in this version; \(mend)")
    }
}

/// Places and reports.
extension Section {
    func isWritten(_ key: String, or flag: Flag? = nil) -> Bool {
        entry(key) != nil || flag.map { !reading.flags[$0].isEmpty } ?? false
    }

    /// Where a key stands, or else where the group begins.
    func place(of key: String) -> Place {
        entry(key).map { reading.place($0.mark) } ?? place
    }

    /// Reports something about a key that its kind alone cannot see.
    func report(_ key: String, _ message: String) {
        reading.report(place(of: key), "\(key.shown): \(message)")
    }

    func reportMissing(_ key: String, example: String, flag: Flag? = nil) {
        let orFlag = flag.map { ", or give \($0.rawValue)" } ?? ""
        reading.report(place, "\(join(key)): missing; write \(example)\(orFlag)")
    }

    func reportUnknownKeys() {
        for entry in entries where !asked.contains(entry.key) && !reading.isFull {
            let nearest = NearMiss.nearest(to: entry.key, among: asked)
            let mend = nearest.map { "did you mean \($0)?" } ?? "known here: \(asked.alternatives)"
            report(entry.key, "unknown key; \(mend)")
        }
    }

    func entry(_ key: String) -> YAMLEntry? { entries.first { $0.key == key } }

    /// Leaves behind what the key holds.
    private func held<Value>(_ key: String, _ value: Value) -> Value {
        reading.note(value, at: number(key), key: join(key))
        return value
    }

    private func number(_ key: String) -> String {
        numberedPath.isEmpty ? key : "\(numberedPath).\(key)"
    }

    private func join(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    private mutating func askGroup(_ key: String, path: String? = nil, _ about: String) {
        asked.append(key)
        reading.note(
            Reading.KnownKey(
                path: path ?? join(key), expected: nil, fallback: nil, flag: nil, about: about))
    }

    private mutating func ask(
        _ key: String, _ expected: String, fallback: String?, flag: Flag?, _ about: String
    ) {
        asked.append(key)
        reading.note(
            Reading.KnownKey(
                path: join(key), expected: expected, fallback: fallback, flag: flag, about: about))
    }
}
