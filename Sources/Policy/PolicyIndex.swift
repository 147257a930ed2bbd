/// Finds the few policies of a set that may fit a stream, without asking each of them.
///
/// Every policy is filed once, under the rarest thing that its match demands: a claim's value, a
/// host, a domain, or a segment of the path. A stream is looked up under all that it has. What that
/// brings is still asked whole (`Match.fits`), so an index can only be slow, never wrong, as long as
/// it brings every policy that fits.
///
/// A policy that demands nothing of these (a method alone, or stars in every segment) comes with
/// every lookup. In a set where each policy can be reached, few are of the first kind.
struct PolicyIndex: Sendable {
    private var unfiled: [Int] = []
    private var byHost: [Substring: [Int]] = [:]
    private var byDomain: [Substring: [Int]] = [:]
    private var bySegment: [PathSegment: [Int]] = [:]
    private var byClaim: [ArraySlice<UInt8>: [ArraySlice<UInt8>: [Int]]] = [:]
    /// No segment beyond this is filed.
    private var depth = 0
    /// No claim with a longer path is filed.
    private var claimPathBytesMax = 0

    /// One segment of a path, and how many stand before it.
    struct PathSegment: Hashable {
        let index: Int
        let text: Substring
    }

    /// What one policy may be filed under.
    private enum Key: Hashable {
        case host(Substring)
        case domain(Substring)
        case segment(PathSegment)
        case claim(path: [UInt8], value: [UInt8])
    }

    init(_ matches: [Match]) {
        let offers = matches.map(Self.keys(of:))
        var counts: [Key: Int] = [:]
        for keys in offers { for key in keys.joined() { counts[key, default: 0] += 1 } }
        for (position, keys) in offers.enumerated() {
            let rarest = keys.min { left, right in
                Self.weight(of: left, by: counts) < Self.weight(of: right, by: counts)
            }
            guard let rarest else {
                unfiled.append(position)
                continue
            }
            for key in rarest { file(position, under: key) }
        }
    }

    /// The alternatives, each of them one demand: the keys under which it must be filed.
    private static func keys(of match: Match) -> [[Key]] {
        var alternatives = match.claims.map { path, values in
            values.map { Key.claim(path: Array(path.text.utf8), value: Array($0.text.utf8)) }
        }
        if let host = match.host {
            alternatives.append([host.isWildcard ? .domain(host.key) : .host(host.key)])
        }
        if let path = match.path {
            alternatives += path.literalSegments.map { [.segment($0)] }
        }
        return alternatives
    }

    private static func weight(of keys: [Key], by counts: [Key: Int]) -> Int {
        keys.lazy.map { counts[$0] ?? 0 }.max() ?? 0
    }

    private mutating func file(_ position: Int, under key: Key) {
        switch key {
        case .host(let name): byHost[name, default: []].append(position)
        case .domain(let name): byDomain[name, default: []].append(position)
        case .segment(let segment):
            bySegment[segment, default: []].append(position)
            depth = max(depth, segment.index + 1)
        case .claim(let path, let value):
            claimPathBytesMax = max(claimPathBytesMax, path.count)
            byClaim[path[...], default: [:]][value[...], default: []].append(position)
        }
    }
}

extension PolicyIndex {
    /// The positions of all policies that may fit the stream, and of some others, in order.
    func candidates(for facts: StreamFacts) -> [Int] {
        var found = unfiled
        add(host: facts.host, to: &found)
        add(path: facts.path, to: &found)
        if !byClaim.isEmpty {
            facts.claims.forEach(pathBytesMax: claimPathBytesMax) { path, value in
                add(claim: path, value, to: &found)
            }
        }
        return inOrder(found)
    }

    /// The positions of all policies that may cover `match`, and of some others, in order. What a
    /// policy demands that covers another, the other demands as well.
    func candidates(covering match: Match) -> [Int] {
        var found = unfiled
        if let host = match.host { add(host: String(host.key), to: &found) }
        if let path = match.path { add(path: path.stemText, to: &found) }
        for (path, values) in match.claims {
            for value in values {
                add(claim: Array(path.text.utf8)[...], Array(value.text.utf8)[...], to: &found)
            }
        }
        return inOrder(found)
    }

    private func inOrder(_ found: [Int]) -> [Int] {
        guard found.count > 1 else { return found }
        var ordered: [Int] = []
        ordered.reserveCapacity(found.count)
        for position in found.sorted() where position != ordered.last { ordered.append(position) }
        return ordered
    }

    private func add(host: String, to found: inout [Int]) {
        guard !byHost.isEmpty || !byDomain.isEmpty else { return }
        let name = host.lowercased()[...]
        if let positions = byHost[name] { found += positions }
        guard !byDomain.isEmpty else { return }
        let bytes = name.utf8
        for index in bytes.indices where bytes[index] == UInt8(ascii: ".") {
            if let positions = byDomain[name[index...]] { found += positions }
        }
    }

    private func add(path: String, to found: inout [Int]) {
        guard depth > 0 else { return }
        var position = 0
        PathPattern.forEachSegment(of: path) { text in
            if let positions = bySegment[PathSegment(index: position, text: text)] {
                found += positions
            }
            position += 1
            return position < depth
        }
    }

    private func add(
        claim path: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>, to found: inout [Int]
    ) {
        if let positions = byClaim[path]?[value] { found += positions }
    }
}
