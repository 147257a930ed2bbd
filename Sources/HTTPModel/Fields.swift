/// The fields of one head, in order, with their spelling kept (RFC 9110, section 5).
///
/// The bytes live in one array; an entry is four offsets into it. A parser hands over the head it
/// copied once; writing appends to the same array.
///
/// Invariant: every entry's ranges lie within `bytes`.
package struct Fields: Sendable {
    /// One field line: where its name and its value stand, and which known name it is.
    package struct Entry: Sendable {
        private let nameStart, nameEnd, valueStart, valueEnd: UInt32
        package let known: FieldName?

        /// Ranges are offsets into the bytes of the `Fields` that holds the entry.
        package init(known: FieldName?, name: Range<Int>, value: Range<Int>) {
            self.known = known
            nameStart = UInt32(name.lowerBound)
            nameEnd = UInt32(name.upperBound)
            valueStart = UInt32(value.lowerBound)
            valueEnd = UInt32(value.upperBound)
        }

        package var name: Range<Int> { Int(nameStart)..<Int(nameEnd) }
        package var value: Range<Int> { Int(valueStart)..<Int(valueEnd) }
    }

    /// What the entries' ranges point into.
    package private(set) var bytes: [UInt8]
    package private(set) var entries: [Entry]

    /// No fields at all.
    package init() {
        bytes = []
        entries = []
    }

    /// Fields as a parser found them in `bytes`.
    package init(bytes: [UInt8], entries: [Entry]) {
        for entry in entries {
            precondition(entry.name.upperBound <= bytes.count)
            precondition(entry.value.upperBound <= bytes.count)
        }
        self.bytes = bytes
        self.entries = entries
    }

    /// Adds a line at the end. The caller answers for the bytes: a name is a token, a value has no
    /// control bytes.
    package mutating func append(_ name: FieldName, _ value: String) {
        append(name.text, value)
    }

    /// Adds a line at the end. The caller answers for the bytes, as above.
    package mutating func append(_ name: String, _ value: String) {
        let nameStart = bytes.count
        bytes.append(contentsOf: name.utf8)
        let valueStart = bytes.count
        bytes.append(contentsOf: value.utf8)
        entries.append(
            Entry(
                known: FieldName(bytes.span.extracting(nameStart..<valueStart)),
                name: nameStart..<valueStart, value: valueStart..<bytes.count))
    }

    /// Adds a line at the end. The caller answers for the bytes, as above.
    package mutating func append(name: Span<UInt8>, value: Span<UInt8>) {
        let nameStart = bytes.count
        for index in name.indices { bytes.append(name[index]) }
        let valueStart = bytes.count
        for index in value.indices { bytes.append(value[index]) }
        entries.append(
            Entry(
                known: FieldName(name), name: nameStart..<valueStart,
                value: valueStart..<bytes.count))
    }

    /// Puts `value` into the first of the lines at `indices`, and drops the others. The caller answers
    /// for the bytes, as above.
    package mutating func unite(_ indices: [Int], as value: [UInt8]) {
        guard let first = indices.first else { return }
        let start = bytes.count
        bytes += value
        entries[first] = Entry(
            known: entries[first].known, name: entries[first].name, value: start..<bytes.count)
        for index in indices.dropFirst().reversed() { entries.remove(at: index) }
    }

    /// Drops every line of that name; the bytes stay where they are, unseen.
    package mutating func remove(_ name: FieldName) {
        entries.removeAll { $0.known == name }
    }

    /// How many lines carry the name.
    package func count(of name: FieldName) -> Int {
        entries.reduce(0) { $1.known == name ? $0 + 1 : $0 }
    }

    /// The value of the first line of that name, `nil` when there is none.
    package func first(_ name: FieldName) -> String? {
        entries.first { $0.known == name }.map(valueText)
    }

    /// The values of all lines of that name, in order.
    package func all(_ name: FieldName) -> [String] {
        entries.filter { $0.known == name }.map(valueText)
    }

    /// The values of all lines named `name`, in any case, in order.
    package func all(named name: String) -> [String] {
        let wanted = Array(name.utf8)
        return entries.filter { entry in
            guard entry.name.count == wanted.count else { return false }
            return zip(entry.name, wanted).allSatisfy { bytes[$0].lowercased == $1.lowercased }
        }.map(valueText)
    }

    /// The name of `entry` as it was spelled.
    package func nameText(of entry: Entry) -> String {
        String(decoding: bytes[entry.name], as: UTF8.self)
    }

    /// The value of `entry`; bytes that are no UTF-8 are replaced, so never relay this.
    package func valueText(of entry: Entry) -> String {
        String(decoding: bytes[entry.value], as: UTF8.self)
    }

    /// The values of all lines of that name, as bytes.
    package func lines(_ name: FieldName) -> [ArraySlice<UInt8>] {
        entries.filter { $0.known == name }.map { bytes[$0.value] }
    }

    /// The members of the comma-separated lists in all lines of that name, trimmed, empty members
    /// left out (RFC 9110, section 5.6.1). For lists of tokens, not of quoted text.
    package func members(_ name: FieldName) -> [ArraySlice<UInt8>] {
        lines(name).flatMap { line in
            line.split(separator: UInt8(ascii: ",")).map(\.trimmingSpaces)
        }.filter { !$0.isEmpty }
    }

    /// The same in lower case, as text.
    package func listMembers(_ name: FieldName) -> [String] {
        members(name).map { String(decoding: $0.map(\.lowercased), as: UTF8.self) }
    }
}
