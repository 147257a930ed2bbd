/// Whose doing a failure is.
package enum Fault: String, CaseIterable, Sendable {
    case client, gateway, sluice

    package var meaning: String {
        switch self {
        case .client: "what the client sent or did"
        case .gateway: "the gateway did not answer, or not as it should"
        case .sluice: "our own limit, system or mistake"
        }
    }
}

extension LogEvent {
    /// One finished request that is no stream: the access log.
    package struct Request: Sendable {
        package let method: String
        /// Without its query, whatever was handed in.
        package let path: String
        package let status: UInt16
        package let duration: Duration
        /// Of the body, as sent to the client.
        package let bytes: UInt64
        package let client: String
        package let `protocol`: ClientProtocol
        /// The gateway's, from its response head.
        package let requestID: String?
        /// `nil` when the status is the gateway's own.
        package let fault: Fault?

        package init(
            method: String, path: String, status: UInt16, duration: Duration, bytes: UInt64,
            client: String, protocol: ClientProtocol, requestID: String?, fault: Fault?
        ) {
            self.method = method
            self.path = path.withoutQuery
            self.status = status
            self.duration = duration
            self.bytes = bytes
            self.client = client
            self.protocol = `protocol`
            self.requestID = requestID
            self.fault = fault
        }
    }

    /// Something went wrong, or is about to.
    package struct Failure: Sendable {
        /// `error` when a person must act, `warning` when it goes on by itself, `info` when only
        /// the client can mend it.
        package let level: LogLevel
        /// What went wrong in one constant word in snake case.
        package let reason: String
        package let fault: Fault
        /// The particulars, for a person.
        package let detail: String?
        package let client: String?
        package let stream: String?
        package let method: String?
        /// Without its query, whatever was handed in.
        package let path: String?
        /// Whether it stands for others that were left out.
        package let isSum: Bool

        /// So many of one reason have no line of their own.
        package init(leftOut count: Int, level: LogLevel, reason: String, fault: Fault) {
            self.init(
                level: level, reason: reason, fault: fault,
                detail: "\(count) more lines like these left out", client: nil, stream: nil,
                method: nil, path: nil, isSum: true)
        }

        package init(
            level: LogLevel, reason: String, fault: Fault, detail: String?, client: String?,
            stream: String?, method: String?, path: String?, isSum: Bool = false
        ) {
            self.isSum = isSum
            self.level = level
            self.reason = reason
            self.fault = fault
            self.detail = detail
            self.client = client
            self.stream = stream
            self.method = method
            self.path = path?.withoutQuery
        }
    }

    /// Lines were lost, because the log's reader is slow or its disk is full.
    package struct LogDropped: Sendable {
        package let count: Int
        /// Since the start of the process.
        package let total: Int
    }
}

extension LogEvent.Request {
    func write(to line: inout JSONLine) {
        line.add("method", method)
        line.add("path", path)
        line.add("status", status)
        line.add("duration_ms", milliseconds: duration)
        line.add("bytes", bytes)
        line.add("client", client)
        line.add("protocol", `protocol`.rawValue)
        line.add("request_id", requestID)
        line.add("fault", fault?.rawValue)
    }

    static var reference: RecordReference {
        RecordReference(
            when: "A request that is no stream has been answered.",
            level: "info from status 400 on, debug below",
            fields: [
                .init("method", "as the client sent it"),
                .init("path", "without its query"),
                .init("status", "what the client was answered"),
                .init("duration_ms", "from the request head to the end of the answer"),
                .init("bytes", "of the answer's body"),
                .init("client", "address and port of the peer"),
                .init("protocol", "`http/1.0` or `http/1.1`"),
                .init("request_id", "`X-Request-Id` of the gateway's response", isOptional: true),
                .init(
                    "fault", "whose fault it is when Sluice itself gave the answer",
                    isOptional: true),
            ],
            example: .request(
                Self(
                    method: "GET", path: "/api/chats", status: 502, duration: .milliseconds(3),
                    bytes: 74, client: "192.0.2.7:50112", protocol: .http11, requestID: "7f3a9c",
                    fault: .gateway)))
    }
}

extension LogEvent.Failure {
    func write(to line: inout JSONLine) {
        line.add("reason", reason)
        line.add("fault", fault.rawValue)
        line.add("detail", detail)
        line.add("client", client)
        line.add("stream", stream)
        line.add("method", method)
        line.add("path", path)
    }

    static var reference: RecordReference {
        RecordReference(
            when: "Something went wrong, or a setting will make it go wrong.",
            level: "error when a person must act, warning when Sluice goes on by itself, "
                + "info when only the client can mend it",
            fields: [
                .init("reason", "what, in one constant word such as `gateway_refused`"),
                .init("fault", "`client`, `gateway` or `sluice`"),
                .init("detail", "the particulars, for a person", isOptional: true),
                .init("client", "address and port of the peer", isOptional: true),
                .init("stream", "the stream that ends with it", isOptional: true),
                .init("method", "of the request", isOptional: true),
                .init("path", "of the request, without its query", isOptional: true),
            ],
            example: .error(
                Self(
                    level: .warning, reason: "gateway_closed", fault: .gateway,
                    detail: "the connection was reset in the middle of a chunk",
                    client: "192.0.2.7:50112", stream: "s-2", method: "GET", path: "/events")))
    }
}

extension LogEvent.LogDropped {
    func write(to line: inout JSONLine) {
        line.add("count", count)
        line.add("total", total)
    }

    static var reference: RecordReference {
        RecordReference(
            when: "The log's reader was too slow, or its disk full, and lines were lost. "
                + "Traffic was not held up.",
            level: "warning",
            fields: [
                .init("count", "lines lost since the last `log_dropped`"),
                .init("total", "lines lost since the start"),
            ],
            example: .logDropped(Self(count: 17, total: 17)))
    }
}
