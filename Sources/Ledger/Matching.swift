package import Policy

/// Which policy of a new set governs each stream, found before the set is in force and while verdicts
/// go on: matching is the costly part of a reload, and needs no lock.
///
/// It is worked out in rounds. Each takes the records that were made since the one before, in pieces
/// (`Ledger.unmatched`), and matches them outside. Few are left when `Ledger.apply` takes it, which
/// matches those itself.
package struct Matching: Sendable {
    package let set: PolicySet
    /// In the order of admission.
    fileprivate private(set) var positions: [(id: StreamID, slot: Int, position: Int?)] = []
    /// Of streams up to this one the position is known, if they were there.
    package private(set) var last = StreamID(rawValue: 0)

    package init(for set: PolicySet) { self.set = set }

    /// A stream whose policy is to be found, and where its record stands.
    package struct Stream: Sendable {
        package let id: StreamID
        fileprivate let slot: Int
        fileprivate let origin: StreamRecord.Origin
    }

    /// Adds what one round has found, up to the stream that was admitted last when it began.
    package mutating func add(_ streams: [Stream], upTo last: StreamID) {
        positions += streams.sorted { $0.id < $1.id }.map { stream in
            (stream.id, stream.slot, set.position(governing: stream.origin.facts))
        }
        self.last = last
    }
}

extension Ledger {
    /// The streams in some of the slots from `slot` on that were admitted after `first` and no later
    /// than `last`, and the slot to go on at; `nil` after the last one. O(`sliceMax`).
    package func unmatched(
        fromSlot slot: Int, after first: StreamID, upTo last: StreamID
    ) -> (streams: [Matching.Stream], next: Int?) {
        let end = min(slot + Self.sliceMax, records.capacity)
        var streams: [Matching.Stream] = []
        guard slot < end else { return (streams, nil) }
        for slot in slot..<end where records.contains(slot) {
            let id = records[slot].id
            guard first < id, id <= last else { continue }
            streams.append(Matching.Stream(id: id, slot: slot, origin: records[slot].origin))
        }
        return (streams, end < records.capacity ? end : nil)
    }

    /// How many slots one call to `unmatched` looks at.
    package static let sliceMax = 512

    /// Where each record's policy stands in the set of `matching`, by slots, in the order of admission.
    func positions(by matching: Matching) -> [(slot: Int, position: Int?)] {
        var found: [(slot: Int, position: Int?)] = []
        found.reserveCapacity(records.count)
        for (id, slot, position) in matching.positions
        where records.contains(slot) && records[slot].id == id {
            found.append((slot, position))
        }
        if found.count < records.count {
            let late = records.slots.filter { matching.last < records[$0].id }
                .sorted { records[$0].id < records[$1].id }
            for slot in late {
                found.append((slot, matching.set.position(governing: records[slot].facts)))
            }
        }
        precondition(found.count == records.count, "Every record is matched.")
        return found
    }
}
