/// The hosts that one of several certificates stands for, on the connections that it was shown on.
package final class CertificateScope: Sendable {
    private let own: ServerNames
    private let all: ServerNames

    init(_ hostNames: [HostName], among all: ServerNames) {
        var own = ServerNames()
        for name in hostNames { _ = own.add(name, index: 0) }
        self.own = own
        self.all = all
    }

    /// Whether a request for `host` belongs on another connection: another certificate stands for
    /// it, and this one does not (RFC 9110, section 7.4). A host that none stands for is everyone's.
    package func isMisdirected(_ host: String) -> Bool {
        guard let name = HostName(host.utf8, allowsWildcard: false) else { return false }
        return own.index(for: name) == nil && all.index(for: name) != nil
    }
}
