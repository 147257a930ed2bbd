/// For each match the first before it that leaves it nothing, and `nil` for most.
package func firstCoverings(of matches: [Match]) -> [Int?] {
    let index = PolicyIndex(matches)
    return matches.enumerated().map { position, match in
        index.candidates(covering: match).first { $0 < position && matches[$0].covers(match) }
    }
}

/// Finding policies that no stream can ever reach.
extension Match {
    /// Whether every stream that fits `other` is sure to fit this match. `false` may also mean
    /// that we cannot tell.
    package func covers(_ other: Match) -> Bool {
        coversMethods(of: other) && coversHost(of: other) && coversPath(of: other)
            && claims.allSatisfy { path, values in
                other.claims[path].map(values.isSuperset) ?? false
            }
    }

    private func coversMethods(of other: Match) -> Bool {
        methods.isEmpty || (!other.methods.isEmpty && methods.isSuperset(of: other.methods))
    }

    private func coversHost(of other: Match) -> Bool {
        guard let host else { return true }
        return other.host.map(host.covers) ?? false
    }

    private func coversPath(of other: Match) -> Bool {
        guard let path else { return true }
        return other.path.map(path.covers) ?? false
    }
}
