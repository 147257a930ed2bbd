package import Settings
package import Telemetry

/// The log settings in the words of those who carry them out.
extension LogWriter {
    /// Writes to another place and from another level on, from now on.
    func adopt(_ settings: Settings.Log) {
        queue.setLevel(LogLevel(settings.level))
        reopen(Target(settings.target))
    }
}

extension LogWriter.Target {
    package init(_ target: Settings.Log.Target) {
        self =
            switch target {
            case .stdout: .stdout
            case .stderr: .stderr
            case .file(let path): .file(path)
            }
    }
}

extension LogLevel {
    package init(_ level: Settings.Log.Level) {
        self =
            switch level {
            case .error: .error
            case .warning: .warning
            case .notice: .notice
            case .info: .info
            case .debug: .debug
            }
    }
}
