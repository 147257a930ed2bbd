import ArgumentParser
import Policy
import Proxy
import Settings

/// `sluice check`: everything that can be known without binding a port.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check settings, policies and certificates; bind nothing.",
        discussion: """
            Prints every problem with its place and how to mend it, and exits with 64 if there is
            one. With --policies alone only the policy files are checked.
            """)

    @OptionGroup var options: SettingsOptions

    func run() throws {
        try Runtime.reporting {
            if options.isEmpty, let directory = options.policies {
                let set = try PolicyLoader.load(directory: directory, generation: 1)
                print("\(directory): \(set.policies.count) policies, no problem found")
                return
            }
            let loaded = try Loaded(config: options.config, flags: options.flags, generation: 1)
            let warnings = try Server.check(loaded)
            Runtime.complain(warnings.map { "warning: \($0)" })
            print("settings and \(loaded.policies.policies.count) policies: no problem found")
        }
    }
}
