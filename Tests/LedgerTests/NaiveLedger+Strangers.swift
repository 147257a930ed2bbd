@testable import Ledger
@testable import Policy

/// What a newcomer costs somebody else.
extension NaiveLedger {
    /// Whom the address with the most streams loses.
    func anonymous(among others: [Entry]) -> (id: UInt64, choice: Choice)? {
        heaviest(except: nil, isIdentified: false).flatMap { heaviest in
            strangers(others.filter { $0.user == heaviest.user }, otherwise: .anonymous)
        }
    }

    /// What a newcomer of somebody else costs the owner of these. Of one stream nobody asks.
    func strangers(
        _ entries: [Entry], otherwise choice: Choice
    ) -> (id: UInt64, choice: Choice)? {
        (entries.count > 1 ? lost(among: entries) : nil) ?? entries.first.map { ($0.id, choice) }
    }

    func lost(among entries: [Entry]) -> (id: UInt64, choice: Choice)? {
        entries.first { $0.vitals.isLost }.map { entry in
            (entry.id, entry.vitals.condition == .stalled ? .stalled : .unacknowledged)
        }
    }
}
