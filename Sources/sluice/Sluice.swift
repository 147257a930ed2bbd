import ArgumentParser
import Reactor

/// The command line. Each command is a file of its own and only calls into the modules.
@main
struct Sluice: ParsableCommand {
    /// What `version`, the log and the documents say.
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "sluice",
        abstract: "Keeps event streams within policy, in front of a gateway that nobody changes.",
        discussion: """
            Sluice terminates TLS, recognizes text/event-stream responses, counts the live streams
            of each user, and closes the older ones above a limit. Try it:

              sluice demo

            Then put it in front of your own gateway:

              sluice run --listen 0.0.0.0:8443 --gateway http://127.0.0.1:8080 \\
                         --cert chain.pem --key key.pem --policies policies/ \\
                         --token bearer --user-claim sub
            """,
        version: version,
        subcommands: [Demo.self, Run.self, Check.self, Explain.self, Version.self])

    /// Before anything else opens a descriptor, those that everything takes for granted are there.
    static func main() {
        guard StandardStreams.missing != nil else { exit(withError: Runtime.systemRefused) }
        main(nil)
    }
}

/// `sluice version`.
struct Version: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the versions of Sluice and of the OpenSSL library it has loaded.")

    func run() {
        print("sluice \(Sluice.version), \(Runtime.openSSLVersion)")
    }
}
