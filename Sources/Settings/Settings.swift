package import Identity

/// Everything that `sluice run` was told, checked. That one exists is the proof that it is sound.
///
/// Plain data: no file but the settings' own has been opened, no port bound, no name resolved.
package struct Settings: Sendable {
    /// At least one; no address stands twice.
    package let listeners: [Listener]
    /// The proxies in front of Sluice whose word about a client's address is taken.
    package let trustedProxies: [Network]
    package let gateway: Gateway
    package let identity: IdentityRules
    /// The file that holds the key for hashing opaque tokens; `nil` draws one at the start.
    package let hashKeyFile: String?
    /// The directory of the policy files.
    package let policies: String
    package let log: Log
    package let limits: Limits
    package let http2: HTTP2
    package let headers: Headers
    package let streams: Streams
    package let drain: Drain
    /// How many reactors carry traffic; `nil` is one for each core.
    package let workers: Int?
    /// What is allowed but probably not meant. Shown at the start and by `sluice check`.
    package internal(set) var warnings: [Problem]
    /// What a reload compares.
    package internal(set) var inventory = Inventory()

    /// One address to accept connections on.
    package struct Listener: Equatable, Sendable {
        package let address: Address
        /// `nil` speaks plain HTTP.
        package let tls: TLS?
        /// The networks whose connections begin with a PROXY header; empty where none does.
        package let proxyProtocolFrom: [Network]
        /// Set if the listener only sends clients to the same host at this port, with `https`.
        package let redirectsToPort: UInt16?
        /// Client connections of this listener; `nil` is as many as the instance has.
        package let connectionsMax: Int?

        init(
            address: Address, tls: TLS?, proxyProtocolFrom: [Network] = [],
            redirectsToPort: UInt16? = nil, connectionsMax: Int? = nil
        ) {
            self.address = address
            self.tls = tls
            self.proxyProtocolFrom = proxyProtocolFrom
            self.redirectsToPort = redirectsToPort
            self.connectionsMax = connectionsMax
        }
    }

    /// How a listener encrypts.
    package struct TLS: Equatable, Sendable {
        /// At least one. The client's server name picks; the first stands for all others.
        package let certificates: [Certificate]
        package let minVersion: Version
        /// Whether HTTP/2 is offered.
        package let offersHTTP2: Bool
        /// `nil` asks clients for no certificate.
        package let clientCertificates: ClientCertificates?

        init(
            certificates: [Certificate], minVersion: Version, offersHTTP2: Bool = true,
            clientCertificates: ClientCertificates? = nil
        ) {
            self.certificates = certificates
            self.minVersion = minVersion
            self.offersHTTP2 = offersHTTP2
            self.clientCertificates = clientCertificates
        }

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

    /// Which clients may show a certificate, or must.
    package struct ClientCertificates: Equatable, Sendable {
        /// A PEM file of the authorities that sign them.
        package let authorities: String
        package let isRequired: Bool
    }

    /// The servers behind Sluice, and how patient Sluice is with them.
    package struct Gateway: Equatable, Sendable {
        /// At least one, in order of preference.
        package let endpoints: [Endpoint]
        /// How an `https` endpoint is verified.
        package let tls: GatewayTLS
        package let pick: Pick
        package let health: Health
        /// After how long a host name is resolved anew.
        package let resolveInterval: Duration
        package let connectTimeout: Duration
        /// To the end of the response head. A stream's body has no limit here.
        package let responseTimeout: Duration
        package let poolIdleTimeout: Duration
        package let poolIdleMax: Int
        /// Connections of the whole process, those that idle too.
        package let connectionsMax: Int?
        /// How fast requests for event streams reach the gateway.
        package let streamsPerSecond: Int
        /// How many such requests at once, after a pause.
        package let streamsBurst: Int
        /// How long such a request waits for its turn.
        package let admissionWait: Duration

        /// One server. Its host may be a name; whoever connects resolves it.
        package struct Endpoint: Hashable, Sendable {
            package let address: Address
            package let isEncrypted: Bool
        }

        /// Which of several healthy servers gets the next connection.
        package enum Pick: String, CaseIterable, Sendable {
            case inOrder = "in_order"
            case roundRobin = "round_robin"
        }
    }

    package struct GatewayTLS: Equatable, Sendable {
        /// A PEM file; `nil` trusts whom the system trusts.
        package let authorities: String?
        /// The name in the certificate; `nil` is the host of the URL.
        package let serverName: String?
        /// What Sluice shows, if the gateway asks.
        package let certificate: Certificate?
    }

    /// When a server of several is left out, and when it is tried again.
    package struct Health: Equatable, Sendable {
        /// Failed connects in a row; how requests count is `GatewayHealth`'s matter.
        package let failuresMax: Int
        /// How long a server that failed is left out.
        package let retryAfter: Duration
        /// What is asked for; `nil` asks nothing and judges by the connections of clients.
        package let path: String?
        package let interval: Duration
        package let timeout: Duration
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
        /// Without any byte in either direction after an upgrade.
        package let tunnelIdleTimeout: Duration
        /// Client connections of the whole instance.
        package let connectionsMax: Int?
        /// Client connections of one address; of an IPv6 address, of its first 64 bits.
        package let connectionsPerAddressMax: Int
        /// Descriptors that are kept free of clients.
        package let descriptorsReserve: Int
        /// Resident bytes above which new work is turned away; `nil` asks the machine.
        package let memoryMax: Int?
        /// How long sent bytes may stay unacknowledged, on either side.
        package let deadPeerTimeout: Duration
        /// Bytes that wait for slow clients, of all connections together.
        package let bufferedBytes: Int
        /// Bytes of requests that are not whole, not sent, or cannot be taken yet, of all connections.
        package let pendingBytes: Int
        /// The same of one connection.
        package let pendingBytesPerConnection: Int
    }

    /// What one connection of HTTP/2 may cost.
    package struct HTTP2: Equatable, Sendable {
        /// Exchanges at a time.
        package let streamsMax: Int
        /// Bytes of a request's body that may be under way to Sluice.
        package let streamWindow: Int
        /// The same for all exchanges of a connection together.
        package let connectionWindow: Int
        /// Streams that may be reset, by either side, in thirty seconds.
        package let resetsMax: Int
        /// Frames that move nothing on, in ten seconds.
        package let controlFramesMax: Int
    }

    /// What Sluice adds to messages on their way, beside `X-Forwarded-*`.
    package struct Headers: Equatable, Sendable {
        package let addsVia: Bool
        package let addsForwarded: Bool
        /// Origins whose pages may read answers of Sluice's own; `*` is any.
        package let corsOrigins: [String]
        /// Whether they may do so by requests with credentials.
        package let corsCredentials: Bool

        /// What a page of `origin` may read by these settings; `nil` when they do not name it.
        package func sharing(with origin: String) -> CrossOriginSharing? {
            if corsOrigins.contains(where: { $0.utf8.elementsEqual(origin.utf8) }) {
                return .origin(origin, withCredentials: corsCredentials)
            }
            return corsOrigins.contains(Self.anyOrigin) ? .anyone : nil
        }

        static let anyOrigin = "*"
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
