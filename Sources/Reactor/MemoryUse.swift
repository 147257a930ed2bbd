internal import CLinux
internal import Glibc

/// How much memory the process holds, and how much it may.
package enum MemoryUse {
    /// Resident bytes (proc(5), `statm`).
    package static var residentBytes: Int? {
        let words = FileBeginning.text("/proc/self/statm").split(separator: " ")
        guard words.count > 1, let pages = Int(words[1]) else { return nil }
        return pages.multipliedReportingOverflow(by: sysconf(CInt(_SC_PAGESIZE))).partialValue
    }

    /// Nine tenths of what the control group allows; `nil` where it has no limit.
    package static let allowance: Int? = ControlGroup(text: FileBeginning.text).memory
        .map { $0 / 10 * 9 }

    /// Gives memory that was freed back to the system.
    package static func giveBack() { clinux_trim_memory() }
}
