import HTTP1
import Identity
import Policy
import Reactor
import Settings
import TLS
import Telemetry

/// All that a reload may change for the workers, made whole before anyone sees it.
final class Running: Sendable {
    let settings: Settings
    /// The listeners that are bound: those of the start, whatever the settings say by now.
    let listeners: [Settings.Listener]
    /// One for each bound listener; `nil` speaks plain HTTP.
    let contexts: [TLSServerContext?]
    let gateways: Gateways
    /// The bound listeners as the settings have them by now, or had them last.
    private let current: [Settings.Listener]
    let hash: KeyedHash
    /// By which tombstones are written and known again.
    let seal: TombstoneSeal
    let headLimits: HeadLimits
    let ticketKeys: TLSTicketKeys
    /// Client connections of the whole process: as many as the descriptors allow, at most.
    let connectionsMax: Int
    /// Connections to gateways of the whole process: clients and reserve keep theirs.
    let gatewayConnectionsMax: Int
    /// Clients that the descriptors are enough for, each with a connection to the gateway.
    private let affordableMax: Int
    private let descriptorLimit: Int
    /// Kept for the next reload, when it stands in no file.
    let tombstoneKey: KeyedHash
    /// What the files hold, to tell whether a reload changes it.
    private let contents: FileContents

    /// Loads what the settings name. `previous` keeps what must outlive a reload: the bound
    /// listeners, the ticket keys, and a hash key that stands in no file.
    init(loading settings: Settings, instead previous: Running?) throws(LoadFailure) {
        var problems: [String] = []
        self.settings = settings
        let contents = FileContents(of: settings)
        self.contents = contents
        let listeners = previous?.listeners ?? settings.listeners
        self.listeners = listeners
        current = listeners.map { bound in
            settings.listeners.first { $0.address == bound.address } ?? bound
        }
        let secrets = Secrets(settings, previous: previous, problems: &problems)
        guard let ticketKeys = secrets.ticketKeys, let hash = secrets.hash,
            let tombstoneKey = secrets.tombstoneKey
        else { throw LoadFailure(problems: problems) }
        self.ticketKeys = ticketKeys
        self.hash = hash
        self.tombstoneKey = tombstoneKey
        seal = TombstoneSeal(key: tombstoneKey)
        contexts = Self.contexts(
            for: listeners, settings: settings, previous: previous, ticketKeys: ticketKeys,
            problems: &problems)
        let speaksAlike = previous.map {
            $0.settings.gateway.tls == settings.gateway.tls
                && !contents.differ(from: $0.contents, below: "gateway.tls")
        }
        gateways = Gateways(
            settings.gateway, instead: previous?.gateways,
            speakingAlike: speaksAlike ?? false, problems: &problems)
        // What was compared must be what was loaded. At the start there is nothing to compare.
        if previous != nil, FileContents(of: settings) != contents {
            problems.append(
                "certificates or keys changed while they were being read; reload once they stand")
        }
        guard problems.isEmpty else { throw LoadFailure(problems: problems) }
        headLimits = HeadLimits(
            headBytesMax: settings.limits.headerBytes,
            fieldCountMax: settings.limits.headerFields,
            targetBytesMax: settings.limits.targetBytes)
        descriptorLimit = DescriptorLimit.raise()
        let own = Self.ownDescriptors(settings, listeners: listeners.count)
        let reserve = max(min(settings.limits.descriptorsReserve, descriptorLimit / 3), own)
        affordableMax = max(1, (descriptorLimit - reserve) / 2)
        connectionsMax = min(
            settings.limits.connectionsMax ?? Self.connectionsDefault, affordableMax)
        gatewayConnectionsMax = min(
            settings.gateway.connectionsMax ?? Self.connectionsDefault,
            max(1, descriptorLimit - reserve - connectionsMax))
    }

    private static let connectionsDefault = 20_000

    /// What the process has open itself, whoever comes, and what a reload needs at a time.
    private static func ownDescriptors(_ settings: Settings, listeners: Int) -> Int {
        ownMin + settings.workerCount * (2 + listeners)
    }

    private static let ownMin = 16

    /// A listener that is bound keeps its certificates when the settings no longer name it.
    private static func contexts(
        for listeners: [Settings.Listener], settings: Settings, previous: Running?,
        ticketKeys: TLSTicketKeys, problems: inout [String]
    ) -> [TLSServerContext?] {
        var contexts: [TLSServerContext?] = []
        for (index, bound) in listeners.enumerated() {
            let current = settings.listeners.first { $0.address == bound.address } ?? bound
            guard let tls = current.tls, bound.tls != nil else {
                contexts.append(previous?.contexts[index])
                continue
            }
            do throws(TLSSetupError) {
                contexts.append(
                    try TLSServerContext(TLSServerSettings(tls), ticketKeys: ticketKeys))
            } catch {
                problems.append(error.message)
                contexts.append(nil)
            }
        }
        return contexts
    }

    /// What the settings say by now of a listener that is bound.
    func listener(_ index: Int) -> Settings.Listener { current[index] }

    var openSSLVersion: String { OpenSSLVersion.runtime }

    /// What is in force now and was not before: parts, and the keys of settings whose values, or
    /// whose files, are others.
    func changes(since previous: Running) -> (parts: [ReloadPart], keys: [String]) {
        let keys = settings.keysChanged(
            since: previous.settings, areListenersChanged: current != previous.current)
        let files = contents.changes(since: previous.contents)
        let parts = Set((keys + files).map(ReloadPart.init(key:)))
        return (
            ReloadPart.allCases.filter(parts.contains), keys + files.filter { !keys.contains($0) }
        )
    }

    /// What the machine does not give and the policies would need.
    func warnings(for policies: PolicySet) -> [String] {
        let wishes: [(name: String, count: Int?)] = [
            ("global.max_streams", policies.global.maxStreams),
            ("limits.connections_max", settings.limits.connectionsMax),
        ]
        if let count = settings.gateway.connectionsMax, count > gatewayConnectionsMax {
            return [
                "gateway.connections_max is \(count), but \(descriptorLimit) file descriptors leave "
                    + "\(gatewayConnectionsMax) beside those of clients; raise the limit (ulimit -n) "
                    + "or lower the number"
            ] + warnings(of: wishes)
        }
        return warnings(of: wishes)
    }

    private func warnings(of wishes: [(name: String, count: Int?)]) -> [String] {
        var wishes = wishes
        wishes += current.map {
            ("connections_max of the listener \($0.address.text)", $0.connectionsMax)
        }
        return wishes.compactMap { wish in
            guard let count = wish.count, count > connectionsMax else { return nil }
            return warning(wish.name, wants: count)
        }
    }

    /// Of two limits in the settings the lower one holds, which is no news.
    private func warning(_ name: String, wants count: Int) -> String? {
        guard count > affordableMax else {
            return name == "global.max_streams"
                ? "\(name) is \(count), but limits.connections_max allows \(connectionsMax) clients"
                : nil
        }
        return "\(name) is \(count), but \(descriptorLimit) file descriptors are enough for "
            + "\(affordableMax) clients; raise the limit (ulimit -n) or lower the number"
    }
}

extension TLSServerSettings {
    init(_ settings: Settings.TLS) {
        let version: TLSVersion =
            switch settings.minVersion {
            case .tls12: .tls12
            case .tls13: .tls13
            }
        self.init(
            certificates: settings.certificates.map {
                CertificateFiles(chain: $0.chain, key: $0.key)
            },
            minVersion: version,
            applicationProtocols: (settings.offersHTTP2 ? ["h2"] : []) + ["http/1.1", "http/1.0"],
            clientVerification: settings.clientCertificates.map {
                ClientVerification(authorities: $0.authorities, isRequired: $0.isRequired)
            })
    }
}

extension ReloadPart {
    /// Where a key of the settings belongs.
    fileprivate init(key: String) {
        let certificates = [
            "listen[].tls.certificates", "listen[].tls.client_certificates", "gateway.tls",
        ]
        if certificates.contains(where: key.hasPrefix) {
            self = .certificates
        } else if key.hasPrefix("identity.") {
            self = .identity
        } else if key.hasPrefix("log.") {
            self = .log
        } else {
            self = .settings
        }
    }
}
