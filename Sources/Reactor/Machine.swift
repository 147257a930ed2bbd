internal import CLinux
internal import Glibc

/// The machine, as far as this process may use it.
package enum Machine {
    /// How many processors' worth of time this process may use: by its affinity, and by the quota of
    /// its control group and of those above it.
    package static var processorCount: Int {
        processors(
            affinity: Int(clinux_affinity_count()),
            quota: ControlGroup(text: FileBeginning.text).processors)
    }

    /// A part of a processor counts as one.
    package static func processors(affinity: Int, quota: Double?) -> Int {
        let count = max(affinity, 1)
        guard let quota, quota < Double(count) else { return count }
        return max(Int(quota.rounded(.up)), 1)
    }

    package static var processID: Int { Int(getpid()) }
}
