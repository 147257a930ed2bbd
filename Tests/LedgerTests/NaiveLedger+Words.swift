@testable import Ledger

/// What the naive ledger is asked, and what it answers.
extension NaiveLedger {
    /// A newcomer: which facts it has, and how it comes.
    struct Caller {
        let facts: Int
        let isReturning: Bool
        let vitals: FixedVitals
        let now: Duration
        let chance: Double
    }

    /// The limit that a victim pays for, and how many count for it.
    struct Bill: Equatable {
        var count: Int
        var limit: Int?
    }

    /// What a verdict says, in plain values.
    struct Outcome: Equatable {
        var id: UInt64?
        var refusal: Refusal.Reason?
        var wouldRefuse: Refusal.Reason?
        var policy: String?
        var count = 0
        var limit: Int?
        var victims: [UInt64] = []
        var reasons: [CloseReason] = []
        var choices: [Choice] = []
        var retryAfter: Duration?
        /// Evictions of the episode that a refusal begins.
        var flap: Int?
        var observed: [UInt64] = []
        /// Those of the victims, then those of the observed.
        var bills: [Bill] = []
    }
}
