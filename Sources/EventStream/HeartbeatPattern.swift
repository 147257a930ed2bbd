/// An event that says no more than "still here". Both conditions must fit; one left out fits all.
package struct HeartbeatPattern: Sendable, Equatable {
    /// The event's name; `message` is also an event without one.
    package let event: String?
    /// Text that stands in one of the event's data lines.
    package let dataContains: String?

    package init(event: String?, dataContains: String?) {
        self.event = event
        self.dataContains = dataContains
    }
}

/// The heartbeat patterns of one policy, compiled once and shared by all streams it governs.
package final class Heartbeats: Sendable {
    /// Each pattern is a bit of `HeartbeatMatch`, and has two bytes in it on every stream.
    package static let countMax = 16
    /// Bounds a pattern's event name, in bytes.
    package static let eventBytesMax = EventName.bytesMax
    /// Bounds a pattern's `dataContains`, in bytes.
    package static let dataBytesMax = 1024

    /// No event is a heartbeat.
    package static let none = Heartbeats([])

    let patterns: [Compiled]
    /// The bits of the patterns that ask nothing of the data.
    let withoutData: UInt16
    /// The bits of all patterns.
    let all: UInt16

    struct Compiled {
        /// `nil` fits every name; empty stands for an event without a name.
        let event: [UInt8]?
        let needle: Needle
    }

    /// Patterns beyond the limits are left out: whoever reads the policy file refuses them there.
    package init(_ patterns: [HeartbeatPattern]) {
        let usable = patterns.filter {
            ($0.event?.utf8.count ?? 0) <= EventName.bytesMax
                && ($0.dataContains?.utf8.count ?? 0) <= Self.dataBytesMax
        }
        self.patterns = usable.prefix(Self.countMax).map { pattern in
            Compiled(
                event: pattern.event.map { $0 == "message" ? [] : Array($0.utf8) },
                needle: Needle(Array((pattern.dataContains ?? "").utf8)))
        }
        var withoutData: UInt16 = 0
        var all: UInt16 = 0
        for (index, pattern) in self.patterns.enumerated() {
            all |= 1 << index
            if pattern.needle.count == 0 { withoutData |= 1 << index }
        }
        self.withoutData = withoutData
        self.all = all
    }
}
