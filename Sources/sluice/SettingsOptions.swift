import ArgumentParser
import Settings

/// The options that stand for settings. A file may hold the same and more; options win over it.
struct SettingsOptions: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help: ArgumentHelp("A settings file in YAML; see docs/CONFIGURATION.md.", valueName: "file")
    )
    var config: String?

    @Option(
        help: ArgumentHelp(
            "Accept clients here: 0.0.0.0:8443, [::]:8443. May be given several times.",
            valueName: "address"))
    var listen: [String] = []

    @Option(
        help: ArgumentHelp(
            "The server behind Sluice: http://127.0.0.1:8080 or unix:/run/gateway.sock.",
            valueName: "url"))
    var gateway: String?

    @Option(help: ArgumentHelp("The certificate chain, PEM.", valueName: "file"))
    var cert: String?

    @Option(help: ArgumentHelp("The private key of the certificate, PEM.", valueName: "file"))
    var key: String?

    @Option(help: ArgumentHelp("The directory of the policy files.", valueName: "dir"))
    var policies: String?

    @Option(
        help: ArgumentHelp(
            """
            Where requests carry their token: bearer, query:NAME, cookie:NAME or header:NAME. \
            Name only what the gateway itself reads. May be given several times.
            """, valueName: "place"))
    var token: [String] = []

    @Option(
        help: ArgumentHelp(
            """
            The claim of a JWT that names the user: sub, user.id. Given several times, or with \
            commas (iss,sub), a user is all of them together. With "token", every token counts \
            for itself.
            """, valueName: "claim"))
    var userClaim: [String] = []

    @Option(
        help: ArgumentHelp(
            "32 random bytes for hashing opaque tokens; drawn at the start without it.",
            valueName: "file"))
    var hashKeyFile: String?

    @Option(
        help: ArgumentHelp(
            "32 random bytes for signing tombstones; drawn at the start without it.",
            valueName: "file"))
    var tombstoneKeyFile: String?

    @Option(help: ArgumentHelp("Threads that carry traffic; one per core without it."))
    var workers: String?

    @Option(help: ArgumentHelp("stdout, stderr or a file.", valueName: "target"))
    var log: String?

    @Option(help: ArgumentHelp("error, warning, notice, info or debug.", valueName: "level"))
    var logLevel: String?

    @Option(help: ArgumentHelp("How long a stop may take: 30s.", valueName: "duration"))
    var drainTimeout: String?

    var flags: Flags {
        var flags = Flags()
        flags[.listen] = listen
        flags[.token] = token
        flags.set(.gateway, gateway)
        flags.set(.cert, cert)
        flags.set(.key, key)
        flags.set(.policies, policies)
        flags[.userClaim] = userClaim.flatMap {
            $0.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
        }
        flags.set(.hashKeyFile, hashKeyFile)
        flags.set(.tombstoneKeyFile, tombstoneKeyFile)
        flags.set(.workers, workers)
        flags.set(.log, log)
        flags.set(.logLevel, logLevel)
        flags.set(.drainTimeout, drainTimeout)
        return flags
    }

    /// Whether anything but policies was named.
    var isEmpty: Bool {
        config == nil && Flag.allCases.allSatisfy { $0 == .policies || flags[$0].isEmpty }
    }
}
