import HTTPModel
import Identity
import Ledger
import Policy
import Reactor

/// Clients that were evicted and come back by themselves: they bring their tombstone.
extension Exchange {
    /// Takes a tombstone out of the request: the gateway never sees one, but the id that it holds.
    /// Only a valid one has consequences.
    func readTombstone() {
        // A tombstone has no comma. Somebody in between may have joined two fields into one.
        let members = request.fields.members(.lastEventID)
        if let text = members.first(where: TombstoneSeal.looksLikeOne) {
            request.fields.remove(.lastEventID)
            let id = accept(tombstone: String(decoding: text, as: UTF8.self))
            if !id.isEmpty { request.fields.append(.lastEventID, id) }
        }
        if let query = request.target.query,
            let changed = LastEventIDQuery.replacingTombstones(
                in: query, with: { accept(tombstone: $0) })
        {
            request.target = RequestTarget(
                path: request.target.path, query: changed.isEmpty ? nil : changed)
        }
    }

    /// Notes what holds of a tombstone, and gives the id to go on with; empty for none.
    private func accept(tombstone text: String) -> String {
        // Of one whose token names nobody there is no tombstone.
        guard let facts = try? facts() else { return "" }
        let reading = worker.running.seal.read(
            text, from: facts.user, origin: request.fields.first(.origin),
            now: Clock.timeOfDay().seconds)
        switch reading {
        case .plain, .forged: return ""
        case .spent(let id): return id
        case .tombstone(let tombstone):
            let policy = worker.shared.ledger.policySet.governing(facts)
            if policy?.afterEviction != .nothing { candidate?.tombstone = tombstone }
            return tombstone.lastEventID
        }
    }
}
