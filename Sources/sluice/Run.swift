import ArgumentParser
import Proxy
import Reactor
import Settings
import Telemetry

/// `sluice run`: what people start in production.
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put Sluice in front of a gateway.",
        discussion: """
            SIGHUP reads settings, policies and certificates again and applies them to live
            streams. SIGTERM and SIGINT drain and stop; a second one stops at once. SIGUSR1 opens
            the log file again.
            """)

    @OptionGroup var options: SettingsOptions

    func run() throws {
        try Runtime.reporting {
            // First of all, before a thread exists: a signal that comes now is not lost (G11).
            let signals = try SignalQueue()
            let (config, flags) = (options.config, options.flags)
            let load: Loader = { generation throws(LoadFailure) in
                try Loaded(config: config, flags: flags, generation: generation)
            }
            let loaded = try load(1)
            let log = loaded.settings.log
            let target = LogWriter.Target(log.target)
            Runtime.warn(ifNobodyReads: target)
            let writer = try LogWriter(
                to: target, level: .init(log.level), format: .json)
            let server = try Server(loaded, writer: writer, version: Sluice.version)
            let code = try server.run(signals: signals, load: load)
            if code != 0 { throw ExitCode(code) }
        }
    }
}

extension Loaded {
    /// Reads settings and policies.
    ///
    /// - Throws: every problem of both at once.
    init(config: String?, flags: Flags, generation: UInt64) throws(LoadFailure) {
        let settings: Settings
        do throws(Problems) {
            settings = try Settings.load(file: config, flags: flags)
        } catch {
            throw LoadFailure(error)
        }
        do throws(Problems) {
            let policies = try PolicyLoader.load(
                directory: settings.policies, generation: generation)
            self.init(settings: settings, policies: policies)
        } catch {
            throw LoadFailure(error)
        }
    }
}

extension LoadFailure {
    init(_ problems: Problems) {
        self.init(problems: problems.text.split(separator: "\n").map(String.init))
    }
}
