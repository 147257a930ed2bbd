internal import CLinux
internal import Glibc

/// How much memory the process holds, and how much it may.
package enum MemoryUse {
    /// Resident bytes (proc(5), `statm`).
    package static var residentBytes: Int? {
        let words = text(of: "/proc/self/statm").split(separator: " ")
        guard words.count > 1, let pages = Int(words[1]) else { return nil }
        return pages.multipliedReportingOverflow(by: sysconf(CInt(_SC_PAGESIZE))).partialValue
    }

    /// Nine tenths of what the control group allows; `nil` where it has no limit.
    package static let allowance: Int? = {
        let group = text(of: "/proc/self/cgroup").split(separator: "\n")
            .first { $0.hasPrefix("0::") }.map { String($0.dropFirst(3)) }
        let paths = [group ?? "", ""].map { "/sys/fs/cgroup\($0)/memory.max" }
        let limit = paths.lazy.compactMap { path in
            text(of: path).split(separator: "\n").first.flatMap { Int($0) }
        }.first
        return limit.map { $0 / 10 * 9 }
    }()

    /// Gives memory that was freed back to the system.
    package static func giveBack() { clinux_trim_memory() }

    /// The beginning of a small file; empty when it cannot be read.
    private static func text(of path: String) -> String {
        // SAFETY: the path is lent for the call.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        // SAFETY: the kernel writes at most as many bytes as the array has.
        let count = unsafe read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
