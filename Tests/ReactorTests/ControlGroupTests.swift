import Reactor
import Testing

@Suite("What the control group allows")
struct ControlGroupTests {
    private func group(_ files: [String: String]) -> ControlGroup {
        ControlGroup { files[$0] ?? "" }
    }

    private static let root = "/sys/fs/cgroup"

    @Test(
        "a quota counts as so many processors",
        arguments: [
            ("50000 100000\n", 0.5), ("250000 100000\n", 2.5), ("100000 50000\n", 2),
            ("1000 1000000", 0.001),
        ])
    func quota(text: String, processors: Double) {
        let files = ["/proc/self/cgroup": "0::/\n", Self.root + "/cpu.max": text]
        #expect(group(files).processors == processors)
    }

    @Test(
        "what is no quota is no limit",
        arguments: [
            "max 100000\n", "", "max", "0 100000", "-1 100000", "50000", "50000 0", "a b",
            "99999999999999999999 100000",
        ])
    func noQuota(text: String) {
        let files = ["/proc/self/cgroup": "0::/\n", Self.root + "/cpu.max": text]
        #expect(group(files).processors == nil)
    }

    @Test func `the tightest of all groups above holds`() {
        var files = ["/proc/self/cgroup": "0::/a/b/c\n"]
        files[Self.root + "/a/b/c/cpu.max"] = "max 100000"
        files[Self.root + "/a/b/cpu.max"] = "400000 100000"
        files[Self.root + "/a/cpu.max"] = "150000 100000"
        #expect(group(files).processors == 1.5)
        files[Self.root + "/a/b/c/cpu.max"] = "100000 100000"
        #expect(group(files).processors == 1)
        files[Self.root + "/a/b/memory.max"] = "1000000"
        files[Self.root + "/a/b/c/memory.max"] = "max"
        files[Self.root + "/a/memory.max"] = "3000000"
        #expect(group(files).memory == 1_000_000)
    }

    /// The path is that of the host, the mount that of the container.
    @Test func `a hierarchy that is mounted from the group on`() {
        let files = [
            "/proc/self/cgroup": "0::/system.slice/docker-1.scope\n",
            Self.root + "/cpu.max": "200000 100000\n",
        ]
        #expect(group(files).processors == 2)
    }

    @Test(
        "version 1, with the controller mounted by one name or the other",
        arguments: ["cpu", "cpu,cpuacct"])
    func versionOne(mount: String) {
        var files = ["/proc/self/cgroup": "5:memory:/m\n4:cpu,cpuacct:/a/b\n0::/\n"]
        files["\(Self.root)/\(mount)/a/b/cpu.cfs_quota_us"] = "-1\n"
        files["\(Self.root)/\(mount)/a/b/cpu.cfs_period_us"] = "100000\n"
        #expect(group(files).processors == nil)
        files["\(Self.root)/\(mount)/a/cpu.cfs_quota_us"] = "30000\n"
        files["\(Self.root)/\(mount)/a/cpu.cfs_period_us"] = "20000\n"
        #expect(group(files).processors == 1.5)
    }

    @Test func `both versions at once`() {
        var files = ["/proc/self/cgroup": "1:cpu:/x\n0::/y\n"]
        files[Self.root + "/cpu/x/cpu.cfs_quota_us"] = "300000"
        files[Self.root + "/cpu/x/cpu.cfs_period_us"] = "100000"
        files[Self.root + "/unified/y/cpu.max"] = "200000 100000"
        #expect(group(files).processors == 2)
    }

    @Test(
        "nonsense says nothing",
        arguments: ["", "\n", "0", "0:", "::", ":::::", "0::", "0::///", "a:b:c\n\u{0}"])
    func nonsense(text: String) {
        #expect(group(["/proc/self/cgroup": text]).processors == nil)
        #expect(group(["/proc/self/cgroup": text]).memory == nil)
    }

    @Test(
        "workers are as many as processors, rounded up",
        arguments: [
            (8, nil, 8), (8, 0.5, 1), (8, 2.5, 3), (2, 7.5, 2), (1, 0.001, 1), (0, nil, 1),
            (4, 4.0, 4), (4, 1e300, 4),
        ])
    func workers(affinity: Int, quota: Double?, count: Int) {
        #expect(Machine.processors(affinity: affinity, quota: quota) == count)
    }
}
