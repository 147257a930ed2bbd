import Policy

/// The record of one stream, from its admission until its close.
struct StreamRecord {
    let id: StreamID
    /// Kept whole, since a reload matches the stream anew.
    let facts: StreamFacts
    /// The worker that carries the stream.
    let owner: UInt32
    let vitals: any Vitals
    let admittedAt: Duration
    /// Where the governing policy stands in the set; `nil` when none governs.
    var position: Int?
    var state: State

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

    struct Key: Hashable {
        let position: Int?
        let user: Int
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
