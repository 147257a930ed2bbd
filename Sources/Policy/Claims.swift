/// The claims of a token, as the tree that they are: objects within objects, and values that have
/// no members of their own. Members of arrays are left out.
///
/// One array holds them all, since every live stream keeps its claims for the next reload. It is
/// never longer than the text that it was read from: a long path is not repeated for each of its
/// members.
package struct Claims: Sendable {
    /// Marks with what belongs to them: `enter`, name, NUL; `leave`; a kind, name, NUL, value, NUL.
    private var bytes: [UInt8] = []

    /// The longest name and the longest value that are kept: no policy can ask for a longer one.
    package static let textBytesMax = 256

    package init() {}

    package enum Kind: UInt8, Sendable {
        case text = 1
        /// As written: a `-` or none, and the digits.
        case integer
        /// A number with a fraction or an exponent, as written.
        case number
        /// `true` or `false`.
        case word
        /// `null`.
        case nothing
        /// A value that is no text of ours: an array, or one that is too long or holds a NUL.
        case other
    }

    private static let enter: UInt8 = 0x10
    private static let leave: UInt8 = 0x11

    // MARK: - Writing

    /// Adds a claim at a dotted path of its own. One whose path or value contains a NUL is left
    /// out: it can match nothing.
    package mutating func append(path: String, value: String) {
        append(.text, name: Array(path.utf8)[...], value: Array(value.utf8)[...])
    }

    /// Adds a value to the object that was entered last. A name with a NUL is left out.
    package mutating func append(
        _ kind: Kind, name: ArraySlice<UInt8>, value: ArraySlice<UInt8> = []
    ) {
        guard name.count <= Self.textBytesMax, !name.contains(0) else { return }
        let isKept = value.count <= Self.textBytesMax && !value.contains(0)
        bytes.append(isKept ? kind.rawValue : Kind.other.rawValue)
        bytes.append(contentsOf: name)
        bytes.append(0)
        if isKept { bytes.append(contentsOf: value) }
        bytes.append(0)
    }

    /// Begins an object. - Returns: whether it can be named; what it holds is left out if not.
    package mutating func enter(_ name: ArraySlice<UInt8>) -> Bool {
        guard name.count <= Self.textBytesMax, !name.contains(0) else { return false }
        bytes.append(Self.enter)
        bytes.append(contentsOf: name)
        bytes.append(0)
        return true
    }

    /// Ends the object that was entered last.
    package mutating func leave() { bytes.append(Self.leave) }

    // MARK: - Reading

    package enum Finding: Equatable, Sendable {
        case none
        case one(Kind, [UInt8])
        /// The path leads to two (`"a.b"`, and `b` within `a`), so it leads to none.
        case several
    }

    /// What stands at a dotted path, `user.id`. An object there is of the kind `other`.
    package func find(_ path: String) -> Finding {
        var search = ClaimSearch(path)
        var found: (kind: Kind, value: Range<Int>)?
        var index = 0
        while index < bytes.count {
            let mark = bytes[index]
            index += 1
            guard mark != Self.leave else {
                search.leave()
                continue
            }
            let name = text(at: &index)
            var hit: (kind: Kind, value: Range<Int>)?
            if mark == Self.enter {
                if search.enter(bytes[name]) { hit = (.other, name.upperBound..<name.upperBound) }
            } else {
                let value = text(at: &index)
                if search.ends(with: bytes[name]) { hit = (Kind(rawValue: mark) ?? .other, value) }
            }
            guard let hit else { continue }
            guard found == nil else { return .several }
            found = hit
        }
        return found.map { .one($0.kind, Array(bytes[$0.value])) } ?? .none
    }

    /// The value of the claim at `path` as a policy writes it; `nil` when there is none, or none
    /// that a policy could write.
    package func value(at path: String) -> String? {
        switch find(path) {
        case .one(.text, let value), .one(.integer, let value), .one(.word, let value):
            String(decoding: value, as: UTF8.self)
        case .one(.number, _), .one(.nothing, _), .one(.other, _), .none, .several: nil
        }
    }

    /// Calls `body` with the path and the value of each claim that a policy could write, as long as
    /// the path has no more than `pathBytesMax` bytes. A path that leads to two comes twice.
    func forEach(
        pathBytesMax: Int, _ body: (ArraySlice<UInt8>, ArraySlice<UInt8>) -> Void
    ) {
        var path: [UInt8] = []
        /// How much of it stood before each object that was entered.
        var lengths: [Int] = []
        var index = 0
        while index < bytes.count {
            let mark = bytes[index]
            index += 1
            if mark == Self.leave {
                path.removeLast(path.count - (lengths.popLast() ?? path.count))
                continue
            }
            let length = path.count
            path += bytes[text(at: &index)]
            if mark == Self.enter {
                lengths.append(length)
                path.append(UInt8(ascii: "."))
                continue
            }
            let value = text(at: &index)
            switch Kind(rawValue: mark) {
            case .text, .integer, .word:
                if path.count <= pathBytesMax { body(path[...], bytes[value]) }
            case .number, .nothing, .other, nil: break
            }
            path.removeLast(path.count - length)
        }
    }

    /// The bytes up to the next NUL, which is passed over.
    private func text(at index: inout Int) -> Range<Int> {
        let start = index
        while index < bytes.count, bytes[index] != 0 { index += 1 }
        defer { index += 1 }
        return start..<index
    }
}

/// How far the names on the way lead along a dotted path.
private struct ClaimSearch {
    private let path: [UInt8]
    /// For each object that was entered, how much of the path lies behind it; `nil` off the way.
    private var behind: [Int?] = [0]

    init(_ path: String) { self.path = Array(path.utf8) }

    /// Whether the path ends with this name.
    func ends(with name: ArraySlice<UInt8>) -> Bool {
        guard let start = behind.last ?? nil else { return false }
        return path.count - start == name.count && path[start...].elementsEqual(name)
    }

    /// Goes into an object. - Returns: whether the path ends with its name.
    mutating func enter(_ name: ArraySlice<UInt8>) -> Bool {
        defer { behind.append(next(after: name)) }
        return ends(with: name)
    }

    mutating func leave() { behind.removeLast() }

    private func next(after name: ArraySlice<UInt8>) -> Int? {
        guard let start = behind.last ?? nil, path.count - start > name.count,
            path[start...].starts(with: name), path[start + name.count] == UInt8(ascii: ".")
        else { return nil }
        return start + name.count + 1
    }
}
