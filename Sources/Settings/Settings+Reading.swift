import Identity
import Policy

/// The definition of every setting: its key, its kind, its default, its flag, and what it is for.
extension Settings {
    /// `nil` after a problem with something that has no default; all problems are in the reading.
    init?(_ section: inout Section) {
        let listeners = Listener.all(&section)
        trustedProxies =
            section.values(
                "trusted_proxies", .network, countMax: 64, absence: "none",
                "The proxies in front of Sluice, by their networks. From them, the client is the "
                    + "last address in `X-Forwarded-For`, or `Forwarded`, that is none of them; "
                    + "what cannot be read ends the search at the last proxy that could. When "
                    + "both fields are there and name two clients, neither is believed, and the "
                    + "proxy itself is the client: let the proxies remove the one that they do "
                    + "not write. From everybody else these fields are thrown away.") ?? []
        let gateway = section.group("gateway", "The server behind Sluice.") { Gateway(&$0) }
        let (identity, hashKeyFile) = section.group(
            "identity",
            "Whom a stream counts for. Without local verification Sluice can trust only the place "
                + "that the gateway itself reads: name that one and no other."
        ) { (IdentityRules(reading: &$0), Self.hashKeyFile(&$0)) }
        let policies = section.required(
            "policies", .path, example: "policies: policies/", flag: .policies,
            "The directory of the policy files.")
        log = section.group("log", "Where the log goes.") { Log(&$0) }
        limits = section.group("limits", "What clients may cost.") { Limits(&$0) }
        http2 = section.group("http2", "What one connection of HTTP/2 may cost.") { HTTP2(&$0) }
        headers = section.group(
            "headers", "What is added to messages, beside `X-Forwarded-For`, `-Proto` and `-Host`."
        ) { Headers(&$0) }
        streams = section.group(
            "streams", "How event streams are asked for, and what their clients are told."
        ) { Streams(&$0) }
        drain = section.group("drain", "The way out, after SIGTERM.") { Drain(&$0) }
        workers = section.optional(
            "workers", .wholeNumber(1...256),
            absence: "one for each processor that it may use", flag: .workers,
            "How many threads carry traffic. Without a number, as many as there are processors that the "
                + "process may run on, or fewer where the quota of its control group is less.")
        section.notInThisVersion("admin")
        guard let gateway, let policies else { return nil }
        self.listeners = listeners
        self.gateway = gateway
        self.identity = identity
        self.hashKeyFile = hashKeyFile
        self.policies = policies
        warnings = Self.warnings(listeners: listeners, identity: identity, in: section)
    }

    private static func hashKeyFile(_ section: inout Section) -> String? {
        section.optional(
            "hash_key_file", .path, absence: "a new key at every start", flag: .hashKeyFile,
            "A file whose 32 to 1024 bytes are the key for hashing opaque tokens. With the same key "
                + "in every instance, logs of all of them call a user the same. Keep it from "
                + "other users of the machine.")
    }
}

extension IdentityRules {
    fileprivate init(reading section: inout Section) {
        let places = section.values(
            "tokens", .tokenPlace, countMax: 8, absence: "none", flag: .token,
            "Where a request carries its token: `bearer`, `query:NAME`, `cookie:NAME` or "
                + "`header:NAME`. Name the place that the gateway reads. What is read there is written "
                + "plainly for the gateway; a request in which some software could find a second "
                + "token opens no stream. `certificate` is the name in the client's certificate, which is "
                + "verified here and comes before any token: its first URI, else its first e-mail "
                + "address, else its first DNS name, else its common name. Without any, every "
                + "stream counts for its client address.")
        let userClaim = UserClaim(reading: &section)
        section.notInThisVersion("verify")
        var unique: [TokenPlace] = []
        for place in places ?? [] where !unique.contains(place) { unique.append(place) }
        if unique.contains(.bearer), unique.contains(.header("authorization")) {
            section.report(
                "tokens",
                "bearer and header:authorization read the same field in two ways; name one of them")
        }
        self.init(places: unique, userClaim: userClaim)
    }
}

extension UserClaim {
    fileprivate init(reading section: inout Section) {
        let key = "user_claim"
        let names =
            section.values(
                key, .userClaim, countMax: Self.claimsMax, absence: "sub", flag: .userClaim,
                "The claim of a JWT that names the user, with dots between the levels. Of a list, "
                    + "such as `[iss, sub]`, one user is all of them together. `token` counts "
                    + "every token for itself, by its keyed hash; so does a token without the "
                    + "claim, or without one of the list. A claim that is there and is no text "
                    + "of at most 256 bytes and no whole number, or stands twice, is a doubt: "
                    + "streams of such a token are refused.") ?? ["sub"]
        let given = section.reading.flags[.userClaim].count
        if given > Self.claimsMax {
            section.reading.report(
                .flag(.userClaim), "expected at most \(Self.claimsMax) claims, got \(given)")
        }
        let isRepeated = names.indices.contains { index in
            names[..<index].contains { $0.utf8.elementsEqual(names[index].utf8) }
        }
        if isRepeated { section.report(key, "the list names a claim twice; remove one") }
        if names.count > 1, names.contains(Self.word) {
            section.report(
                key, "\(Self.word) stands for no claim; write it alone, or remove it from the list")
        }
        self = UserClaim(names) ?? .claims(["sub"])
    }
}

extension Settings.Gateway {
    fileprivate init?(_ section: inout Section) {
        let patience = Duration.milliseconds(100)...Duration.seconds(3600)
        let endpoints = section.values(
            "url", .gatewayURL, countMax: 16, absence: "none, but one must be given",
            flag: .gateway,
            "Where the gateway listens: `http://HOST:PORT`, `https://HOST:PORT`, or `unix:/PATH` "
                + "for a socket in the file system. Of several, one that fails is left out.")
        if !section.isWritten("url", or: .gateway) {
            section.reportMissing("url", example: "url: http://127.0.0.1:8080", flag: .gateway)
        }
        tls = section.group("tls", "How a gateway with `https` is verified.") {
            Settings.GatewayTLS(&$0)
        }
        pick = section.value(
            "pick", .word(), default: .inOrder,
            "Which of several healthy gateways gets the next connection: `in_order` takes the "
                + "first, and the others only when it fails; `round_robin` takes them in turn.")
        health = section.group("health", "When one of several gateways is left out.") {
            Settings.Health(&$0)
        }
        resolveInterval = section.value(
            "resolve_interval", .duration(.seconds(1)...Duration.seconds(86_400)),
            default: .seconds(30), "After how long a host name is looked up anew.")
        connectTimeout = section.value(
            "connect_timeout", .duration(patience), default: .seconds(5),
            "To the established connection.")
        responseTimeout = section.value(
            "response_timeout", .duration(patience), default: .seconds(65),
            "From the request to the end of the response's head. A stream's body has no limit "
                + "here; policies have.")
        poolIdleTimeout = section.value(
            "pool_idle_timeout", .duration(patience), default: .seconds(4),
            "How long an idle connection is kept for the next request. Less than the gateway's "
                + "own patience, which is five seconds for Node and uvicorn.")
        poolIdleMax = section.value(
            "pool_idle_max", .wholeNumber(0...10_000), default: 64,
            "How many idle connections each worker keeps.")
        connectionsMax = section.optional(
            "connections_max", .wholeNumber(1...1_000_000),
            absence: "as many as the descriptors allow beside those of clients, up to 20000",
            "Connections to gateways of the whole process. A request that would need one more waits "
                + "for `connect_timeout`, and is told 503 then. A number that the descriptors do not "
                + "allow is lowered.")
        streamsPerSecond = section.value(
            "streams_per_second", .wholeNumber(1...100_000), default: 500,
            "How many event streams are asked for at the gateway in a second, so that clients that all "
                + "come back at once do not bring it down. Whoever has a token that the gateway has "
                + "accepted before goes first; all others take turns by client address. An answer "
                + "that is no stream does not count.")
        streamsBurst = section.value(
            "streams_burst", .wholeNumber(1...100_000), default: 500,
            "How many such requests may reach it at once after a pause. A quarter is kept for those "
                + "whose token the gateway has accepted before.")
        admissionWait = section.value(
            "admission_wait", .duration(.milliseconds(100)...Duration.seconds(60)),
            default: .seconds(5),
            "How long such a request may wait for its turn. One that would wait longer is told "
                + "503: first those of the address from which most are waiting, and nobody with an "
                + "accepted token because of others.")
        guard let endpoints, !endpoints.isEmpty else { return nil }
        self.endpoints = endpoints
    }
}

extension Settings.GatewayTLS {
    fileprivate init(_ section: inout Section) {
        authorities = section.optional(
            "authorities", .path, absence: "those that the system trusts",
            "A PEM file: the authorities that the gateway's certificate must lead to.")
        serverName = section.optional(
            "server_name", .text("a host name", lengthMax: 253), absence: "the host of the URL",
            "The name that the gateway's certificate must be for, and that is sent to it.")
        certificate = section.optionalGroup(
            "certificate", "What Sluice shows to a gateway that asks for a certificate."
        ) { Settings.Certificate(&$0) }
    }
}

extension Settings.Health {
    fileprivate init(_ section: inout Section) {
        failuresMax = section.value(
            "failures_max", .wholeNumber(1...1000), default: 3,
            "After how many connects in a row that fail, or bad answers to the question for its "
                + "health, a gateway is left out. Requests that it breaks off or does not answer "
                + "properly count too, but of one client only a third of this number, so that it "
                + "takes three clients by their addresses, and only while what it answers properly "
                + "does not outweigh them. Where all clients come by one address, set "
                + "`trusted_proxies` or `path`.")
        retryAfter = section.value(
            "retry_after", .duration(.milliseconds(100)...Duration.seconds(3600)),
            default: .seconds(10),
            "For how long it is left out before one request tries it again; if it fails just that "
                + "one, another client's is next. When all are left out, all are tried.")
        path = section.optional(
            "path", .requestPath, absence: "no question; only the connections of clients count",
            "What each gateway is asked for at every interval. Any answer from 200 to 399 is "
                + "health.")
        interval = section.value(
            "interval", .duration(.milliseconds(100)...Duration.seconds(3600)),
            default: .seconds(5), "How often.")
        timeout = section.value(
            "timeout", .duration(.milliseconds(100)...Duration.seconds(3600)),
            default: .seconds(2), "How long the answer may take.")
    }
}

extension Settings.HTTP2 {
    fileprivate init(_ section: inout Section) {
        streamsMax = section.value(
            "streams_max", .wholeNumber(1...10_000), default: 128,
            "Exchanges at a time (SETTINGS_MAX_CONCURRENT_STREAMS). A page's event streams are "
                + "among them.")
        streamWindow = section.value(
            "stream_window", .wholeNumber(16_384...16_777_216), default: 65_536,
            "Bytes of one request's body that a client may send before Sluice has passed them on.")
        connectionWindow = section.value(
            "connection_window", .wholeNumber(65_535...67_108_864), default: 1_048_576,
            "The same for all exchanges of a connection together.")
        resetsMax = section.value(
            "resets_max", .wholeNumber(10...100_000), default: 200,
            "Exchanges that may be reset in thirty seconds, whether by the client or because of "
                + "what it sent. One more ends the connection.")
        controlFramesMax = section.value(
            "control_frames_max", .wholeNumber(100...1_000_000), default: 2000,
            "Frames that move nothing on, such as PING, SETTINGS, PRIORITY, WINDOW_UPDATE, DATA of less "
                + "than 64 bytes without its padding, and whatever comes on an exchange that is over, "
                + "in ten seconds. So does each half kilobyte that fields unpack to beyond twice what "
                + "was sent and 16 KiB. One more ends the connection.")
    }
}

extension Settings.Headers {
    fileprivate init(_ section: inout Section) {
        addsVia = section.value(
            "via", .boolean, default: false,
            "Whether requests and responses say in `Via` that they passed through Sluice.")
        addsForwarded = section.value(
            "forwarded", .boolean, default: false,
            "Whether the gateway gets `Forwarded` (RFC 7239) as well.")
        corsOrigins =
            section.values(
                "cors_origins", .origin, countMax: 64,
                absence: "those that the gateway has let read its own answers",
                "Origins whose pages may read answers of Sluice's own, such as refusals: "
                    + "`https://app.example`, or `*` for all, without credentials. What the "
                    + "gateway allows an origin is remembered and needs not be written here.") ?? []
        corsCredentials = section.value(
            "cors_credentials", .boolean, default: false,
            "Whether these origins may read them by requests with credentials.")
    }
}

extension Settings.Log {
    fileprivate init(_ section: inout Section) {
        target = section.value(
            "to", .logTarget, default: .stdout, flag: .log,
            "`stdout`, `stderr`, or the path of a file, which SIGUSR1 reopens.")
        level = section.value(
            "level", .word(), default: .info, flag: .logLevel,
            "Lines less urgent than this are not written.")
    }
}

extension Settings.Limits {
    fileprivate init(_ section: inout Section) {
        let patience = Duration.milliseconds(100)...Duration.seconds(3600)
        headerBytes = section.value(
            "header_bytes", .wholeNumber(1024...1_048_576), default: 65_536,
            "The longest request head, its request line included.")
        headerFields = section.value(
            "header_fields", .wholeNumber(10...1000), default: 100,
            "The most fields of a request head.")
        targetBytes = section.value(
            "target_bytes", .wholeNumber(256...65_536), default: 16_384,
            "The longest request target, which is the path with its query.")
        handshakeTimeout = section.value(
            "handshake_timeout", .duration(patience), default: .seconds(10),
            "From the accepted connection to the end of the TLS handshake.")
        headerTimeout = section.value(
            "header_timeout", .duration(patience), default: .seconds(10),
            "From the first byte of a request's head to its last.")
        keepAliveTimeout = section.value(
            "keep_alive_timeout", .duration(patience), default: .seconds(75),
            "How long a client may hold a connection without a request on it.")
        bodyTimeout = section.value(
            "body_timeout", .duration(patience), default: .seconds(60),
            "How long a request's body may make no progress.")
        writeTimeout = section.value(
            "write_timeout", .duration(patience), default: .seconds(30),
            "How long a client that has something to read may read nothing; by HTTP/2, less than a "
                + "kilobyte of it. After a third of that time another user's stream may take its "
                + "place.")
        tunnelIdleTimeout = section.value(
            "tunnel_idle_timeout", .duration(patience), default: .seconds(3600),
            "How long a WebSocket, or another upgraded connection, may be silent on both sides.")
        connectionsMax = section.optional(
            "connections_max", .wholeNumber(1...1_000_000),
            absence: "as many as the descriptors allow, up to 20000",
            "Client connections of the whole instance. Each may need two descriptors. A number that "
                + "they do not allow is lowered, and the start says so.")
        connectionsPerAddressMax = section.value(
            "connections_per_address_max", .wholeNumber(1...1_000_000), default: 20_000,
            "Client connections of one address. The first 64 bits of an IPv6 address count as one. "
                + "Lower it where no proxy and no large network hides many users behind one.")
        descriptorsReserve = section.value(
            "descriptors_reserve", .wholeNumber(16...10_000), default: 128,
            "Descriptors that are kept for listeners, logs and files, and never given to clients.")
        memoryMax = section.optional(
            "memory_max", .wholeNumber(33_554_432...1_099_511_627_776),
            absence: "nine tenths of the control group's limit, if there is one",
            "Resident bytes above which new requests are answered 503, and new connections closed, "
                + "so that live streams go on.")
        deadPeerTimeout = section.value(
            "dead_peer_timeout", .duration(.seconds(1)...Duration.seconds(3600)),
            default: .seconds(30),
            "How long bytes that were sent to a client or to the gateway may stay unacknowledged "
                + "before that side counts as gone. After a third of that time another user's "
                + "stream may take the place of a client's.")
        bufferedBytes = section.value(
            "buffered_bytes", .wholeNumber(1_048_576...1_099_511_627_776), default: 268_435_456,
            "Bytes that wait for slow clients, of all connections together. Above that, whoever has "
                + "taken nothing for longest is closed.")
        pendingBytes = section.value(
            "pending_bytes", .wholeNumber(1_048_576...1_099_511_627_776), default: 67_108_864,
            "Bytes of requests that are not whole, not sent to the gateway or not taken by it, of all "
                + "connections together; 8 KiB of each are free. Above that, new ones are told 503. "
                + "Clients of one address, or of the first 64 bits of it, have at most as much "
                + "of it as they leave."
        )
        pendingBytesPerConnection = section.value(
            "pending_bytes_per_connection", .wholeNumber(65_536...1_073_741_824),
            default: 2_097_152, "The same of one connection.")
        if pendingBytesPerConnection < headerBytes {
            section.report(
                "header_bytes",
                "\(headerBytes) is more than pending_bytes_per_connection, "
                    + "\(pendingBytesPerConnection); lower this or raise that")
        }
        if targetBytes > headerBytes {
            section.report(
                "target_bytes",
                "\(targetBytes) is more than header_bytes, \(headerBytes), and the target is part "
                    + "of the head; lower this or raise that")
        }
    }
}

extension Settings.Streams {
    fileprivate init(_ section: inout Section) {
        asksIdentity = section.value(
            "ask_identity", .boolean, default: true,
            "Whether the gateway is asked not to compress event streams. A compressed stream is "
                + "relayed as it is, but its events cannot be seen: it gets no last words, and "
                + "any byte counts as life.")
        evictedRetry = section.value(
            "evicted_retry", .duration(Self.retryRange), default: .seconds(60),
            "After how long a client whose stream was closed for another one comes back, and up "
                + "to a half more by chance. It grows by half with every time that it finds no "
                + "free slot.")
        evictedRetryMax = section.value(
            "evicted_retry_max", .duration(Self.retryRange), default: .seconds(300),
            "How far `evicted_retry` grows, before chance adds to it.")
        tombstoneLifetime = section.value(
            "tombstone_lifetime", .duration(.seconds(1)...Duration.seconds(30 * 86_400)),
            default: .seconds(86_400),
            "How long a closed stream's client is known by what it brings back. After that it is "
                + "a newcomer.")
        tombstoneKeyFile = section.optional(
            "tombstone_key_file", .path, absence: "a new key at every start",
            flag: .tombstoneKeyFile,
            "A file whose 32 to 1024 bytes are the key that tells a true tombstone, which is what "
                + "a closed stream's client brings back, from a forged one. With the same key in "
                + "every instance, all of them know it, and after a restart too. Keep it from "
                + "other users of the machine.")
        openingPadding = section.value(
            "opening_padding", .wholeNumber(0...65_536), default: 0,
            "How many bytes of comment stand before the first event, for clients and proxies that "
                + "hold back the beginning of a response.")
        checkRetry(in: section)
    }

    private static let retryRange = Duration.milliseconds(100)...Duration.seconds(86_400)

    private func checkRetry(in section: Section) {
        guard evictedRetryMax < evictedRetry else { return }
        let (least, most) = (evictedRetry.policyText, evictedRetryMax.policyText)
        if section.isWritten("evicted_retry_max") {
            section.report(
                "evicted_retry_max",
                "\(most) is less than evicted_retry, \(least); raise this or lower that")
        } else {
            section.report(
                "evicted_retry",
                "\(least) is more than evicted_retry_max, \(most); lower this or raise that")
        }
    }
}

extension Settings.Drain {
    fileprivate init(_ section: inout Section) {
        timeout = section.value(
            "timeout", .duration(.milliseconds(100)...Duration.seconds(3600)),
            default: .seconds(30), flag: .drainTimeout,
            "How long requests and work may take to finish, and streams to be told, before the "
                + "process ends. Work that takes longer is cut, and its client sees that it is.")
    }
}
