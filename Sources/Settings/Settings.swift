package import Identity

/// Everything that `sluice run` was told, checked. That one exists is the proof that it is sound.
///
/// Plain data: no file but the settings' own has been opened, no port bound, no name resolved.
package struct Settings: Sendable {
    /// At least one; no address stands twice.
    package let listeners: [Listener]
    package let gateway: Gateway
    package let identity: IdentityRules
    /// The file that holds the key for hashing opaque tokens; `nil` draws one at the start.
    package let hashKeyFile: String?
    /// The directory of the policy files.
    package let policies: String
    package let log: Log
    package let limits: Limits
    package let streams: Streams
    package let drain: Drain
    /// How many reactors carry traffic; `nil` is one for each core.
    package let workers: Int?
    /// What is allowed but probably not meant. Shown at the start and by `sluice check`.
    package internal(set) var warnings: [Problem]

    /// One address to accept connections on.
    package struct Listener: Equatable, Sendable {
        package let address: Address
        /// `nil` speaks plain HTTP.
        package let tls: TLS?
    }

    /// How a listener encrypts.
    package struct TLS: Equatable, Sendable {
        /// At least one. The client's server name picks; the first stands for all others.
        package let certificates: [Certificate]
        package let minVersion: Version

        package enum Version: String, CaseIterable, Sendable {
            case tls12 = "1.2"
            case tls13 = "1.3"
        }
    }

    /// The two PEM files of one certificate. Whoever serves them loads and checks them.
    package struct Certificate: Equatable, Sendable {
        package let chain: String
        package let key: String
    }

    /// The server behind Sluice, and how patient Sluice is with it.
    package struct Gateway: Equatable, Sendable {
        /// The host may be a name; whoever connects resolves it.
        package let address: Address
        package let connectTimeout: Duration
        /// To the end of the response head. A stream's body has no limit here.
        package let responseTimeout: Duration
        package let poolIdleTimeout: Duration
        package let poolIdleMax: Int
        /// How fast requests for event streams reach the gateway.
        package let streamsPerSecond: Int
        /// How many such requests at once, after a pause.
        package let streamsBurst: Int
        /// How long such a request waits for its turn.
        package let admissionWait: Duration
    }

    /// Where the log goes, and from which level on.
    package struct Log: Equatable, Sendable {
        package let target: Target
        package let level: Level

        package enum Target: Equatable, Sendable {
            case stdout, stderr
            case file(String)
        }

        /// From the most to the least urgent.
        package enum Level: String, CaseIterable, Sendable {
            case error, warning, notice, info, debug
        }
    }

    /// What clients may cost.
    package struct Limits: Equatable, Sendable {
        package let headerBytes: Int
        package let headerFields: Int
        package let targetBytes: Int
        package let handshakeTimeout: Duration
        package let headerTimeout: Duration
        package let keepAliveTimeout: Duration
        /// Without any progress of a request's body.
        package let bodyTimeout: Duration
        /// Without any progress of a client that should be reading.
        package let writeTimeout: Duration
        /// Client connections of the whole instance.
        package let connectionsMax: Int
        /// How long sent bytes may stay unacknowledged, on either side.
        package let deadPeerTimeout: Duration
        /// Bytes that wait for slow clients, of all connections together.
        package let bufferedBytes: Int
    }

    package struct Streams: Equatable, Sendable {
        /// Whether the gateway is asked not to compress event streams.
        package let asksIdentity: Bool
        /// After how long an evicted client comes back. Before jitter of up to a half more; grows
        /// by half with every round of standby.
        package let evictedRetry: Duration
        /// At least `evictedRetry`.
        package let evictedRetryMax: Duration
        package let tombstoneLifetime: Duration
        /// The file that holds the key for signing tombstones; `nil` draws one at the start.
        package let tombstoneKeyFile: String?
        /// Bytes of comment before the first event.
        package let openingPadding: Int
    }

    package struct Drain: Equatable, Sendable {
        package let timeout: Duration
    }
}
