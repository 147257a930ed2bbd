extension LogEvent {
    /// The process has read its settings and is about to open its listeners.
    package struct Start: Sendable {
        package let version: String
        /// As the library that is loaded calls itself, not the one we were compiled with.
        package let openSSL: String
        package let processID: Int32
        package let workers: Int
        package let gateway: String
        package let generation: UInt64
        package let policies: Int
        package let listen: [String]

        package init(
            version: String, openSSL: String, processID: Int32, workers: Int, gateway: String,
            generation: UInt64, policies: Int, listen: [String]
        ) {
            self.version = version
            self.openSSL = openSSL
            self.processID = processID
            self.workers = workers
            self.gateway = gateway
            self.generation = generation
            self.policies = policies
            self.listen = listen
        }
    }

    /// Every listener accepts.
    package struct Ready: Sendable {
        /// As bound: a port given as 0 is the kernel's choice here.
        package let listen: [String]

        package init(listen: [String]) { self.listen = listen }
    }

    /// A signal has asked us to leave: nothing new is accepted.
    package struct Drain: Sendable {
        package let streams: Int
        package let timeout: Duration

        package init(streams: Int, timeout: Duration) {
            self.streams = streams
            self.timeout = timeout
        }
    }

    /// The last line of the process.
    package struct Stop: Sendable {
        package let reason: StopReason
        package let exitCode: Int32
        package let streamsClosed: Int

        package init(reason: StopReason, exitCode: Int32, streamsClosed: Int) {
            self.reason = reason
            self.exitCode = exitCode
            self.streamsClosed = streamsClosed
        }
    }
}

/// Why the process ends.
package enum StopReason: String, CaseIterable, Sendable {
    case drained
    case drainTimeout = "drain_timeout"
    case secondSignal = "second_signal"
    case failed

    package var meaning: String {
        switch self {
        case .drained: "everything had ended before the timeout"
        case .drainTimeout: "`drain.timeout` was over; what was left was closed"
        case .secondSignal: "a second signal asked to leave at once"
        case .failed: "it could not start or go on; an `error` line says why"
        }
    }
}

extension LogEvent.Start {
    func write(to line: inout JSONLine) {
        line.add("version", version)
        line.add("openssl", openSSL)
        line.add("pid", processID)
        line.add("workers", workers)
        line.add("gateway", gateway)
        line.add("generation", generation)
        line.add("policies", policies)
        line.add("listen", list: listen)
    }

    static var reference: RecordReference {
        RecordReference(
            when: "Settings and policies are valid, and the listeners are about to open.",
            level: "notice",
            fields: [
                .init("version", "of Sluice"),
                .init("openssl", "the version of the OpenSSL library that is loaded"),
                .init("pid", "process id"),
                .init("workers", "threads that carry traffic"),
                .init("gateway", "where requests go"),
                .init("generation", "of the policies: 1 at the start, one more with each reload"),
                .init("policies", "how many there are"),
                .init("listen", "addresses as configured"),
            ],
            example: .start(
                Self(
                    version: "0.1.0", openSSL: "OpenSSL 3.0.17 1 Jul 2025", processID: 4711,
                    workers: 2, gateway: "http://127.0.0.1:8080", generation: 1, policies: 3,
                    listen: ["0.0.0.0:8443"])))
    }
}

extension LogEvent.Ready {
    func write(to line: inout JSONLine) {
        line.add("listen", list: listen)
    }

    static var reference: RecordReference {
        RecordReference(
            when: "Every listener accepts connections.",
            level: "notice",
            fields: [
                .init("listen", "addresses as bound: a port 0 has become the kernel's choice")
            ],
            example: .ready(Self(listen: ["0.0.0.0:8443"])))
    }
}

extension LogEvent.Drain {
    func write(to line: inout JSONLine) {
        line.add("streams", streams)
        line.add("timeout_ms", milliseconds: timeout)
    }

    static var reference: RecordReference {
        RecordReference(
            when: "SIGTERM or SIGINT has arrived: nothing new is accepted, streams are closed.",
            level: "notice",
            fields: [
                .init("streams", "live streams that will be closed"),
                .init("timeout_ms", "the longest this may take"),
            ],
            example: .drain(Self(streams: 212, timeout: .seconds(30))))
    }
}

extension LogEvent.Stop {
    func write(to line: inout JSONLine) {
        line.add("reason", reason.rawValue)
        line.add("exit_code", exitCode)
        line.add("streams_closed", streamsClosed)
    }

    static var reference: RecordReference {
        RecordReference(
            when: "The process ends. This is its last line.",
            level: "notice",
            fields: [
                .init("reason", "why, see [Reasons](#reasons)"),
                .init("exit_code", "0, or 70 or 71 when it failed"),
                .init("streams_closed", "streams that the drain closed"),
            ],
            example: .stop(Self(reason: .drained, exitCode: 0, streamsClosed: 212)))
    }
}
