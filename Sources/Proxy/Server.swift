import Ledger
package import Policy
package import Reactor
package import Settings
import Telemetry

/// What was read and found valid: the settings, and the policies that they name.
package struct Loaded: Sendable {
    package let settings: Settings
    package let policies: PolicySet

    package init(settings: Settings, policies: PolicySet) {
        self.settings = settings
        self.policies = policies
    }
}

/// Why something could not be loaded: every problem, with its place and how to mend it.
package struct LoadFailure: Error {
    package let problems: [String]

    package init(problems: [String]) { self.problems = problems }
}

/// Reads everything again. The number is the generation of the policies if they are valid.
package typealias Loader = @Sendable (UInt64) throws(LoadFailure) -> Loaded

/// A port or file that the system refused, with the words for the person who started us.
package struct StartFailure: Error {
    package let message: String
}

/// The whole program once its settings are known: binds, starts the workers, and stays as the
/// control reactor until everything has ended.
package final class Server {
    private let loaded: Loaded
    private let running: Running
    private let writer: LogWriter
    private let listeners: [BoundListener]
    private let workerCount: Int
    private let version: String

    /// The sockets of one listener, one for each worker.
    private struct BoundListener {
        let address: SocketAddress
        let descriptors: [CInt]
        /// Of a unix socket.
        var file: SocketFile?
    }

    /// Loads certificates and keys and binds every address.
    ///
    /// - Throws: `LoadFailure` for settings that cannot work, `StartFailure` for what the system
    ///   refuses. Nothing has been started then.
    package init(_ loaded: Loaded, writer: LogWriter, version: String) throws {
        self.loaded = loaded
        self.writer = writer
        self.version = version
        workerCount = loaded.settings.workerCount
        running = try Running(loading: loaded.settings, instead: nil)
        listeners = try Self.bind(loaded.settings.listeners, workerCount: workerCount)
    }

    /// Where clients can connect, with the ports that the kernel chose.
    package var addresses: [String] { listeners.map(\.address.text) }

    /// Serves until a signal ends it. Returns the exit code.
    package func run(signals: consuming SignalQueue, load: @escaping Loader) throws -> Int32 {
        // Whoever closes a listener removes its file; this is for those that nobody came to own.
        defer { Self.removeFiles(of: listeners) }
        let mailboxes = try (0..<workerCount).map { _ in try Mailbox<WorkerMessage>() }
        let shared = Shared(
            ledger: SharedLedger(policySet: loaded.policies), log: writer.queue,
            mailboxes: mailboxes,
            pacing: SharedPace(
                .init(running.settings.gateway, hasKnown: false), now: Clock.monotonic()))
        recordStart(shared)
        let control = try Control(
            shared: shared, running: running, loaded: loaded, writer: writer, load: load,
            addresses: addresses, signals: signals)
        var threads: [WorkerThread] = []
        for index in 0..<workerCount {
            threads.append(
                try WorkerThread(
                    index: index, shared: shared, running: running, control: control.mailbox,
                    listeners: listeners.enumerated().compactMap { number, bound in
                        guard index < bound.descriptors.count else { return nil }
                        return BoundSocket(
                            listener: number, descriptor: bound.descriptors[index],
                            file: bound.file)
                    }))
        }
        let exitCode = control.run()
        for thread in threads { thread.join() }
        control.recordStop()
        writer.stop(atMost: .seconds(1))
        return exitCode
    }

    /// Everything that `init` checks, but for the ports. Returns warnings.
    package static func check(_ loaded: Loaded) throws(LoadFailure) -> [String] {
        let running = try Running(loading: loaded.settings, instead: nil)
        return loaded.settings.warnings.map(\.text) + running.warnings(for: loaded.policies)
    }

    private static func bind(
        _ listeners: [Settings.Listener], workerCount: Int
    ) throws -> [BoundListener] {
        var bound: [BoundListener] = []
        do {
            for listener in listeners {
                bound.append(try bind(listener.address, workerCount: workerCount))
            }
        } catch {
            removeFiles(of: bound)
            throw error
        }
        return bound
    }

    private static func removeFiles(of listeners: [BoundListener]) {
        for listener in listeners { listener.file?.remove() }
    }

    /// One socket for each worker; a unix socket cannot be shared and goes to the first one.
    private static func bind(_ address: Address, workerCount: Int) throws -> BoundListener {
        guard let first = SocketAddress(listening: address) else {
            throw StartFailure(message: "cannot listen on \(address.text): it is no address")
        }
        do throws(SystemCallError) {
            let bound =
                first.isUnix ? try claim(first) : try bind(port: first, workerCount: workerCount)
            if let bound { return bound }
        } catch {
            throw StartFailure(message: "cannot listen on \(address.text): \(error.message)")
        }
        throw StartFailure(
            message: "cannot listen on \(address.text): somebody else does already")
    }

    private static func claim(_ address: SocketAddress) throws(SystemCallError) -> BoundListener? {
        guard let claim = try ListeningSocket.claim(address) else { return nil }
        let file = claim.file
        return BoundListener(address: address, descriptors: [claim.release()], file: file)
    }

    private static func bind(
        port address: SocketAddress, workerCount: Int
    ) throws(SystemCallError) -> BoundListener? {
        // The workers share their port, and would share it with another Sluice just as well: half of
        // the clients would silently go to the other one.
        guard try !ListeningSocket.isTaken(address) else { return nil }
        let socket = try ListeningSocket(on: address, sharesPort: true)
        let bound = socket.address
        var descriptors = [socket.release()]
        for _ in 1..<max(1, workerCount) {
            descriptors.append(try ListeningSocket(on: bound, sharesPort: true).release())
        }
        return BoundListener(address: bound, descriptors: descriptors)
    }

    private func recordStart(_ shared: Shared) {
        let settings = loaded.settings
        shared.record(
            .start(
                .init(
                    version: version, openSSL: running.openSSLVersion,
                    processID: Int32(clamping: Machine.processID), workers: workerCount,
                    gateway: settings.gateway.url,
                    generation: loaded.policies.generation,
                    policies: loaded.policies.policies.count,
                    listen: settings.listeners.map(\.address.text))))
        for warning in settings.warnings.map(\.text) + running.warnings(for: loaded.policies) {
            shared.record(
                .error(
                    .init(
                        level: .warning, reason: "settings", fault: .sluice, detail: warning,
                        client: nil, stream: nil, method: nil, path: nil)))
        }
    }
}

extension SocketAddress {
    /// The address to bind; a host name is resolved.
    init?(listening address: Address) {
        switch address {
        case .tcp(let host, let port): self.init(ip: host, port: port)
        case .unix(let path): self.init(unixPath: path)
        }
    }
}

extension Settings {
    /// How many threads carry traffic: as many as are asked for, or else one for each processor that
    /// the process may use.
    var workerCount: Int { workers ?? min(Machine.processorCount, Self.workersMax) }

    /// More than this nobody may ask for either.
    private static let workersMax = 256
}
