/// What the control group of the process, and every group above it, allows it (cgroups(7), both
/// versions). A group that says nothing allows everything.
package struct ControlGroup {
    /// The beginning of a file; empty when it cannot be read.
    private let text: (String) -> String
    /// Where the hierarchies are mounted.
    private static let root = "/sys/fs/cgroup"

    /// - Parameter text: the beginning of the file of that path, empty when there is none.
    package init(text: @escaping (String) -> String) { self.text = text }

    /// Processors' worth of time, as the tightest group says; `nil` without a limit.
    package var processors: Double? {
        let new = unified.lazy.compactMap { Self.quota(text($0 + "/cpu.max")) }
        let old = folders(of: "cpu").lazy.compactMap { folder in
            Self.quota(
                text(folder + "/cpu.cfs_quota_us") + " " + text(folder + "/cpu.cfs_period_us"))
        }
        return [new.min(), old.min()].compactMap(\.self).min()
    }

    /// Bytes of memory, as the tightest group of the unified hierarchy says; `nil` without a limit.
    package var memory: Int? {
        unified.lazy.compactMap { folder in
            text(folder + "/memory.max").split(separator: "\n").first.flatMap { Int($0) }
        }.min()
    }

    /// `QUOTA PERIOD` in microseconds; `nil` for `max`, or -1, and for what is no such thing.
    private static func quota(_ text: String) -> Double? {
        let words = text.split { $0 == " " || $0 == "\n" }
        guard words.count >= 2, let quota = Int64(words[0]), let period = Int64(words[1]),
            quota > 0, period > 0
        else { return nil }
        return Double(quota) / Double(period)
    }

    private var unified: [String] {
        folders(of: "", mountedAt: [Self.root, Self.root + "/unified"])
    }

    private func folders(of controller: String) -> [String] {
        let joint = memberships.first { $0.controllers.contains(Substring(controller)) }?.name
        let names = [controller] + (joint.map { [$0] } ?? [])
        return folders(of: controller, mountedAt: names.map { "\(Self.root)/\($0)" })
    }

    /// The folders of the group and of those above it. In a container the hierarchy is often mounted
    /// from the group on, while its path is the whole one: whatever does not exist says nothing.
    private func folders(of controller: String, mountedAt mounts: [String]) -> [String] {
        let path =
            memberships.first { $0.controllers.contains(Substring(controller)) }?.path ?? ""
        var steps = path.split(separator: "/").prefix(Self.depthMax)
        var folders: [String] = []
        while !steps.isEmpty {
            folders += mounts.map { $0 + "/" + steps.joined(separator: "/") }
            steps.removeLast()
        }
        return folders + mounts
    }

    private static let depthMax = 64

    /// Lines of `/proc/self/cgroup`: `4:cpu,cpuacct:/group`. The unified hierarchy has no controllers.
    private var memberships: [(name: String, controllers: [Substring], path: Substring)] {
        text("/proc/self/cgroup").split(separator: "\n").compactMap { line in
            let parts = line.split(
                separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { return nil }
            let controllers = parts[1].split(separator: ",", omittingEmptySubsequences: false)
            return (String(parts[1]), controllers, parts[2])
        }
    }
}
