import Foundation
import Locking

/// A program that a test has started. Its two outputs are read on threads of their own.
package final class ChildProcess: Sendable {
    /// How it ended.
    package enum Exit: Equatable, Sendable {
        case code(Int32)
        case signal(Int32)
    }

    private struct State {
        var exit: Exit?
        var lines: [String] = []
        var errors = ""
        /// Outputs that have not come to their end.
        var unread = 2
    }

    package let pid: pid_t
    /// Posted after each line and at the end.
    package let bulletin = Bulletin()
    private let state = Guarded(State())
    private let onLine: @Sendable (String) -> Void
    private let input: Int32
    private static let launching = NSLock()

    package struct LaunchError: Error { let command: String, errno: Int32 }

    /// Starts `command`, found on the path when it has no slash. `onLine` gets every line of the
    /// standard output, unless `output` is a descriptor that takes it instead.
    package init(
        _ command: [String], output: Int32? = nil,
        onLine: @escaping @Sendable (String) -> Void = { _ in }
    ) throws {
        self.onLine = onLine
        // One at a time, or a child would inherit the pipes of another.
        Self.launching.lock()
        defer { Self.launching.unlock() }
        let (outputEnd, errorEnd, inputEnd) = (try Pipe(), try Pipe(), try Pipe())
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, inputEnd.reading, 0)
        posix_spawn_file_actions_adddup2(&actions, output ?? outputEnd.writing, 1)
        posix_spawn_file_actions_adddup2(&actions, errorEnd.writing, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        Self.resetSignals(&attributes)

        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, command[0], &actions, &attributes, &arguments, environ)
        close(inputEnd.reading)
        close(outputEnd.writing)
        close(errorEnd.writing)
        input = inputEnd.writing
        self.pid = pid
        guard code == 0 else {
            throw LaunchError(command: command.joined(separator: " "), errno: code)
        }
        readLines(outputEnd.reading) { [self] line in
            state.withLock { $0.lines.append(line) }
            onLine(line)
        }
        readLines(errorEnd.reading) { [self] line in
            state.withLock { $0.errors += line + "\n" }
        }
        awaitEnd()
    }

    deinit { close(input) }

    private struct Pipe {
        let reading: Int32
        let writing: Int32

        init() throws {
            var ends: [Int32] = [0, 0]
            guard pipe(&ends) == 0 else { throw LaunchError(command: "pipe", errno: errno) }
            (reading, writing) = (ends[0], ends[1])
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        }
    }

    /// The child begins as a shell would start it, whatever the test runner ignores or blocks.
    private static func resetSignals(_ attributes: inout posix_spawnattr_t) {
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigemptyset(&all)
        for signal in [SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM] {
            sigaddset(&all, signal)
        }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    }

    private func readLines(_ descriptor: Int32, _ handle: @escaping @Sendable (String) -> Void) {
        let thread = Foundation.Thread { [self] in
            var rest: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                rest += buffer[..<count]
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    handle(String(decoding: rest[..<end], as: UTF8.self))
                    rest = Array(rest[(end + 1)...])
                }
                bulletin.post()
            }
            if !rest.isEmpty { handle(String(decoding: rest, as: UTF8.self)) }
            close(descriptor)
            state.withLock { $0.unread -= 1 }
            bulletin.post()
        }
        thread.start()
    }

    private func awaitEnd() {
        let thread = Foundation.Thread { [self] in
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            let exit: Exit =
                status & 0x7f == 0 ? .code((status >> 8) & 0xff) : .signal(status & 0x7f)
            state.withLock { $0.exit = exit }
            bulletin.post()
        }
        thread.start()
    }

    // MARK: Using it

    package var exit: Exit? { state.withLock { $0.exit } }
    package var lines: [String] { state.withLock { $0.lines } }
    package var errors: String { state.withLock { $0.errors } }

    /// Sends a signal. One that has ended gets none.
    package func signal(_ number: Int32) {
        if exit == nil { _ = kill(pid, number) }
    }

    /// SIGSTOP, and waits until every thread of it stands still: the first one has to tell the rest.
    package func freeze() async throws {
        signal(SIGSTOP)
        // Nothing announces it.
        while exit == nil, !threadsStandStill { try await Task.sleep(for: .milliseconds(5)) }
    }

    private var threadsStandStill: Bool {
        let tasks = "/proc/\(pid)/task"
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []
        return threads.allSatisfy { thread in
            let stat = try? String(contentsOfFile: "\(tasks)/\(thread)/stat", encoding: .utf8)
            return stat?.contains(") T ") ?? true
        }
    }

    /// Writes to its standard input.
    package func type(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(input, bytes, bytes.count)
    }

    /// Waits until it has ended and all that it said has been read.
    package func waitForExit(within limit: Duration = patience) async throws -> Exit {
        try await bulletin.first(
            "the end of process \(pid)", within: limit, clue: { self.errors }
        ) { state.withLock { $0.unread == 0 ? $0.exit : nil } }
    }

    // MARK: What the kernel knows

    /// Open descriptors.
    package var descriptorCount: Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count) ?? 0
    }

    /// Resident memory now, in KiB.
    package var residentKiB: Int { status("VmRSS:") }
    /// The most that was ever resident, in KiB.
    package var peakResidentKiB: Int { status("VmHWM:") }

    private func status(_ name: String) -> Int {
        guard let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name) })
        else { return 0 }
        return Int(line.split(separator: " ").dropLast().last ?? "") ?? 0
    }

    /// Time on a processor so far, in milliseconds.
    package var cpuMilliseconds: Int {
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = stat.lastIndex(of: ")")
        else { return 0 }
        let fields = stat[end...].split(separator: " ")
        guard fields.count > 13, let user = Int(fields[12]), let system = Int(fields[13]) else {
            return 0
        }
        return (user + system) * 1000 / max(1, sysconf(Int32(_SC_CLK_TCK)))
    }
}
