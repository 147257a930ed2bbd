/// How far the event in progress fits a policy's heartbeats. Decided when the event is dispatched,
/// since its name may come after its data.
struct HeartbeatMatch: Sendable {
    let heartbeats: Heartbeats
    /// The bits of the patterns whose text was found in the event's data, or that ask for none.
    private var found: UInt16
    /// For each pattern, how much of its text the data line ends with.
    private var matched = InlineArray<16, UInt16>(repeating: 0)

    init(_ heartbeats: Heartbeats) {
        self.heartbeats = heartbeats
        found = heartbeats.withoutData
    }

    mutating func beginEvent() {
        found = heartbeats.withoutData
    }

    mutating func beginDataLine() {
        guard found != heartbeats.all else { return }
        matched = InlineArray(repeating: 0)
    }

    /// Looks at a piece of a data line.
    mutating func scanData(_ piece: Span<UInt8>) {
        guard found != heartbeats.all else { return }
        for (index, pattern) in heartbeats.patterns.enumerated() where found & 1 << index == 0 {
            let count = pattern.needle.match(after: Int(matched[index]), in: piece)
            matched[index] = UInt16(truncatingIfNeeded: count)
            if count == pattern.needle.count { found |= 1 << index }
        }
    }

    /// Whether the event, now complete, is a heartbeat.
    func fits(_ name: EventName) -> Bool {
        guard found != 0 else { return false }
        for (index, pattern) in heartbeats.patterns.enumerated() where found & 1 << index != 0 {
            guard let event = pattern.event else { return true }
            if name.spells(event) { return true }
        }
        return false
    }
}
