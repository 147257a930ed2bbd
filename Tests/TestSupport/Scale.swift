import Foundation

/// How large the scenarios are: `SLUICE_SCALE` is `small`, nothing, or `full`.
package enum Scale {
    /// The number for this run.
    package static func pick(small: Int, normal: Int, full: Int) -> Int {
        switch ProcessInfo.processInfo.environment["SLUICE_SCALE"] {
        case "small": small
        case "full": full
        case _: normal
        }
    }

    /// Sanitizers run so: they need more memory than the program, and give none back.
    package static var isSmall: Bool {
        ProcessInfo.processInfo.environment["SLUICE_SCALE"] == "small"
    }

    package static var isFull: Bool {
        ProcessInfo.processInfo.environment["SLUICE_SCALE"] == "full"
    }
}
