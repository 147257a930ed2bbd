import ArgumentParser
import Proxy
import Reactor
import Settings
import TLS

/// How a command ends, and what it says on standard error (`sysexits(3)`).
enum Runtime {
    static let badSettings = ExitCode(64)
    static let internalError = ExitCode(70)
    static let systemRefused = ExitCode(71)

    static var openSSLVersion: String { OpenSSLVersion.runtime }

    /// Writes lines for the person at the terminal.
    static func complain(_ lines: [String]) {
        let text = lines.map { $0 + "\n" }.joined()
        // With standard error gone there is nobody left to tell.
        try? OutputFile.standardError().write(Array(text.utf8).span)
    }

    /// Says that nobody will read the log, to whoever reads standard error.
    static func warn(ifNobodyReads target: LogWriter.Target) {
        guard target == .stdout, target.isMissing else { return }
        complain([
            "sluice: warning: standard output is closed, so the log goes nowhere; "
                + "start sluice with one, or name a file with log.to (--log)"
        ])
    }

    /// Runs `body` and turns what it throws into words and an exit code.
    static func reporting(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let exit as ExitCode {
            throw exit
        } catch let failure as LoadFailure {
            complain(failure.problems)
            throw badSettings
        } catch let problems as Problems {
            complain([problems.text])
            throw badSettings
        } catch let failure as StartFailure {
            complain(["sluice: \(failure.message)"])
            throw systemRefused
        } catch let error as SystemCallError {
            complain(["sluice: \(error.message)"])
            throw systemRefused
        } catch let error as TLSSetupError {
            complain(["sluice: \(error.message)"])
            throw badSettings
        }
    }
}
