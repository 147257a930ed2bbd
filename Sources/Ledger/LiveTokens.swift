/// Which tokens stand on the live streams of which user: the gateway has accepted them.
struct LiveTokens: Equatable, Sendable {
    private var counts: [Key: Int] = [:]

    private struct Key: Hashable {
        let user: Int
        let tag: UInt64
    }

    func contains(_ tag: UInt64?, of user: Int?) -> Bool {
        guard let tag, let user else { return false }
        return counts[Key(user: user, tag: tag)] != nil
    }

    mutating func add(_ tag: UInt64?, of user: Int) {
        guard let tag else { return }
        counts[Key(user: user, tag: tag), default: 0] += 1
    }

    mutating func remove(_ tag: UInt64?, of user: Int) {
        guard let tag else { return }
        let key = Key(user: user, tag: tag)
        guard let count = counts[key] else {
            preconditionFailure("A live stream's token is counted.")
        }
        counts[key] = count > 1 ? count - 1 : nil
    }
}
