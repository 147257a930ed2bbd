/// The name of one stream: its place in the order of admission, from 1, never used again (R12).
package struct StreamID: Hashable, Sendable, Comparable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// As logs and last words show it: `s-1f`.
    package var text: String {
        "s-\(String(rawValue, radix: 16))"
    }

    /// Whether `left` was admitted first.
    package static func < (left: StreamID, right: StreamID) -> Bool {
        left.rawValue < right.rawValue
    }
}
