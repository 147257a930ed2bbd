import ArgumentParser
import DemoGateway
import Proxy
import Reactor
import Settings
import TLS
import Telemetry

/// `sluice demo`: a small gateway with Sluice in front, to see what it does before setting it up.
struct Demo: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Try it: a small gateway with Sluice in front; nothing to configure.",
        discussion: """
            Makes a certificate and a policy of one stream per user, prints commands to try, and
            shows what happens as it happens. Ctrl-C ends it.
            """)

    @Option(help: ArgumentHelp("Accept clients here.", valueName: "address"))
    var listen = "127.0.0.1:8443"

    @Option(help: ArgumentHelp("Put certificates and the policy file here.", valueName: "dir"))
    var directory = "sluice-demo"

    @ArgumentParser.Flag(help: "Print the log as it is, one JSON object per line.")
    var json = false

    func run() throws {
        try Runtime.reporting {
            let signals = try SignalQueue()
            guard let loopback = SocketAddress(ip: "127.0.0.1", port: 0) else {
                throw Runtime.internalError
            }
            let gateway = try DemoGateway(listening: loopback, profile: .demo)
            defer { gateway.stop() }
            try SelfSignedAuthority.write(to: directory, names: ["localhost", "127.0.0.1", "::1"])
            let policyFile = "\(directory)/policy.yaml"
            try OutputFile.replace(policyFile, with: Self.policy)

            let flags = flags(gateway: gateway.address)
            let load: Loader = { generation throws(LoadFailure) in
                try Loaded(config: nil, flags: flags, generation: generation)
            }
            let loaded = try load(1)
            Runtime.warn(ifNobodyReads: .stdout)
            let writer = try LogWriter(
                to: .stdout, level: .info,
                format: json
                    ? .json
                    : .human(HumanLine(usesColours: OutputFile.standardOutputIsTerminal)))
            let server = try Server(loaded, writer: writer, version: Sluice.version)
            if !json { try welcome(server.addresses.first ?? listen, policyFile) }
            let code = try server.run(signals: signals, load: load)
            if code != 0 { throw ExitCode(code) }
        }
    }

    private func flags(gateway: SocketAddress) -> Flags {
        var flags = Flags()
        flags[.listen] = [listen]
        flags[.token] = ["query:access_token"]
        flags.set(.gateway, "http://\(gateway.text)")
        flags.set(.cert, "\(directory)/chain.pem")
        flags.set(.key, "\(directory)/key.pem")
        flags.set(.policies, directory)
        flags.set(.drainTimeout, "2s")
        return flags
    }

    /// What to try, in the order that shows the most.
    private func welcome(_ address: String, _ policyFile: String) throws {
        let port = address.split(separator: ":").last.map(String.init) ?? "8443"
        let ca = "\(directory)/ca.pem"
        func stream(of user: String) -> String {
            let token = DemoToken.make(user: user, plan: nil)
            return "curl -N --cacert \(ca) 'https://localhost:\(port)/events?access_token=\(token)'"
        }
        let text = """
            Sluice stands at https://localhost:\(port) in front of a small gateway.
            Its policy, \(policyFile), allows one stream per user. In other terminals:

              1. Alice opens a stream. Run it again in a second terminal: the older one is closed,
                 and told so.
                 \(stream(of: "alice"))

              2. Bob has a place of his own.
                 \(stream(of: "bob"))

              3. Allow three streams per user, while all of them stay open.
                 sed -i 's/per_user: 1/per_user: 3/' \(policyFile) && kill -HUP \(Machine.processID)


            """
        try OutputFile.standardOutput().write(Array(text.utf8).span)
    }

    private static let policy = """
        # One stream per user; a newer one closes the older. Edit it, then send SIGHUP.
        version: 1
        policies:
          - name: demo
            max_streams_per_user: 1
            on_excess: close_oldest
            idle_timeout: 5m
            idle_clock: events
            heartbeats:
              - { event: Generic, data_contains: '"type":"heartbeat"' }

        """
}
