internal import CLinux

/// Descriptors 0 to 2, which everything else takes for granted.
package enum StandardStreams {
    /// Those that the process was started without.
    package struct Missing: Sendable {
        private let bits: Int32

        fileprivate init(bits: Int32) { self.bits = bits }

        package var output: Bool { bits & 0b010 != 0 }
        package var error: Bool { bits & 0b100 != 0 }
    }

    /// Opens those that are closed, on `/dev/null`; `nil` when the system refuses. To be asked for
    /// first of all: the next file or socket would get their numbers, and what is meant for a person
    /// or for the log would go there.
    package static let missing: Missing? = {
        let bits = clinux_fill_standard()
        return bits < 0 ? nil : Missing(bits: bits)
    }()
}
