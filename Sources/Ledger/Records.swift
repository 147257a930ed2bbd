import Policy

/// The record of one stream, from its admission until its close.
struct StreamRecord {
    let id: StreamID
    let origin: Origin
    /// Where the governing policy stands in the set; `nil` when none governs.
    var position: Int?
    var state: State

    /// What never changes. Apart from the rest, so that a record is looked at by one reference.
    final class Origin: Sendable {
        /// Kept whole, since a reload matches the stream anew.
        let facts: StreamFacts
        /// The worker that carries the stream.
        let owner: UInt32
        let vitals: any Vitals
        let admittedAt: Duration

        init(facts: StreamFacts, owner: UInt32, vitals: any Vitals, admittedAt: Duration) {
            self.facts = facts
            self.owner = owner
            self.vitals = vitals
            self.admittedAt = admittedAt
        }
    }

    var facts: StreamFacts { origin.facts }
    var admittedAt: Duration { origin.admittedAt }

    enum State {
        /// It counts.
        case live(Place)
        /// It has lost its place and counts no more. Its worker is closing it.
        case condemned(CloseReason)
    }

    /// Where a live stream counts.
    struct Place {
        let group: Int
        let user: Int
        let isEvictable: Bool
        /// Whether it would not be here if its policy did more than observe.
        var isNamed: Bool
    }
}

/// The live streams of one user under one policy, or under none.
struct Group {
    let key: Key
    let rule: UserRule
    var count = 0
    /// Streams that an observing policy has named as victims, or would have refused.
    var named = 0
    /// Those that may be closed and are not named, in the order of admission.
    var evictable = LinkedList()

    /// The user's slot and the policy's position, in one word: it is hashed for every stream of a
    /// reload.
    struct Key: Hashable {
        private let packed: Int

        init(position: Int?, user: Int) {
            packed = user << Self.positionBits | (position ?? Self.none)
        }

        /// More than there may be policies, and as many users as fit into memory by far.
        private static let positionBits = 20
        private static let none = (1 << positionBits) - 1
    }

    /// What is above the limit and will leave through `tick`.
    var surplus: Int { rule.surplus(of: count, evictable: evictable.count) }
}

/// All live streams of one user.
struct LiveUser {
    let user: User
    /// The user's weight: all live streams, whatever governs them.
    var count = 0
    /// Those that may be closed, in the order of admission.
    var evictable = LinkedList()
}
