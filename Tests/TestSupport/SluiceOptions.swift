/// How a test wants Sluice to run. Becomes a settings file.
package struct SluiceOptions: Sendable {
    /// The policy files, by name.
    package var policies = ["default.yaml": SluiceOptions.cap(1)]
    /// `nil` leaves the number to Sluice.
    package var workers: Int? = 2
    /// Lines of further settings, by section: `["limits": ["header_timeout: 1s"]]`.
    package var sections: [String: [String]] = [:]
    package var drainTimeout = "5s"
    package var logLevel = "debug"
    /// `nil` reads the log from standard output.
    package var logTarget: String?
    /// A port of the test's choice, for a log that the test cannot read.
    package var port: UInt16 = 0
    package var usesTLS = true
    /// The URLs of the gateways, where the one that the test has is not enough.
    package var gateways: [String] = []
    /// Further lines of the listener.
    package var listener: [String] = []
    /// Where Sluice looks for tokens.
    package var tokenPlaces = ["query:access_token"]
    package var minVersion = "1.2"
    /// Names of further certificates, each with an authority of its own.
    package var furtherCertificates: [[String]] = []
    /// What the listener wants of clients' certificates, such as `{ authorities: ca.pem }`.
    package var clientCertificates: String?
    /// A program that starts Sluice, such as `prlimit --nofile=64`.
    package var wrapper: [String] = []
    /// Where standard output goes instead of to the test.
    package var output: Int32?

    package init(_ change: (inout SluiceOptions) -> Void = { _ in }) { change(&self) }

    /// Adds a line to a section of the settings.
    package mutating func set(_ section: String, _ line: String) {
        sections[section, default: []].append(line)
    }

    /// One policy for everything, with a cap per user and further lines.
    package static func cap(_ limit: Int, _ lines: String...) -> String {
        let first = "version: 1\npolicies:\n  - name: default\n    max_streams_per_user: \(limit)\n"
        return first + lines.map { "    \($0)\n" }.joined()
    }

    func settings(folder: String, gateway: String) -> String {
        var sections = self.sections
        sections["log", default: []].append("level: \(logLevel)")
        if let logTarget { sections["log", default: []].append("to: \(logTarget)") }
        sections["drain", default: []].append("timeout: \(drainTimeout)")
        let urls = gateways.isEmpty ? gateway : "[\(gateways.joined(separator: ", "))]"
        sections["gateway", default: []].append("url: \(urls)")
        let places = tokenPlaces.map { "\"\($0)\"" }.joined(separator: ", ")
        sections["identity", default: []].append("tokens: [\(places)]")
        let clients = clientCertificates.map { ", client_certificates: \($0)" } ?? ""
        let further = furtherCertificates.indices.map {
            ", { chain: \(folder)/\($0)/chain.pem, key: \(folder)/\($0)/key.pem }"
        }.joined()
        let tls = """

                tls: { certificates: [ { chain: \(folder)/chain.pem, key: \(folder)/key.pem }\(further) ], \
            min_version: "\(minVersion)"\(clients) }
            """
        var text = "listen:\n  - address: 127.0.0.1:\(port)\(usesTLS ? tls : "")\n"
        text += listener.map { "    \($0)\n" }.joined()
        text += "policies: \(folder)/policies\n"
        if let workers { text += "workers: \(workers)\n" }
        for (name, lines) in sections.sorted(by: { $0.key < $1.key }) {
            text += "\(name):\n" + lines.map { "  \($0)\n" }.joined()
        }
        return text
    }
}
