internal import Ledger

extension LogEvent.Start {
    var summary: String {
        "sluice \(version), \(openSSL), \(workers) workers, \(policies) policies, gateway \(gateway)"
    }
}

extension LogEvent.Reload {
    var summary: String {
        let what =
            changed.isEmpty
            ? "nothing changed" : "new \(changed.map(\.rawValue).joined(separator: ", "))"
        let leaving = surplus == 0 ? "" : ", \(surplus) streams are surplus"
        let restart =
            restartNeeded.isEmpty
            ? "" : ", needs a restart: \(restartNeeded.joined(separator: ", "))"
        return "generation \(generation): \(what)\(leaving)\(restart)"
    }
}

extension LogEvent.ReloadFailed {
    var summary: String {
        let first = problems.first ?? "no problem was named"
        let more = problems.count > 1 ? " (and \(problems.count - 1) more)" : ""
        return "failed, nothing has changed: \(first)\(more)"
    }
}

extension LogEvent.Stop {
    var summary: String { "\(reason.words), \(streamsClosed) streams closed" }
}

extension StreamContext {
    fileprivate var governor: String { policy.map { "policy \($0)" } ?? "no policy" }
    fileprivate var cap: String { limit.map { "cap \($0)" } ?? "no cap" }
}

extension LogEvent.StreamOpened {
    var summary: String {
        let limit = context.limit.map { " of \($0)" } ?? ""
        let stream = context.count.map { "stream \($0)\(limit)" } ?? "a stream"
        return "\(context.user): \(context.path), \(stream), \(context.governor)"
    }
}

extension LogEvent.StreamClosed {
    var summary: String {
        "\(context.user): \(reason.words) after \(duration.words), \(events) events, \(bytes) bytes"
    }
}

extension LogEvent.StreamRefused {
    var summary: String {
        let story = "\(context.user): \(reason.words)\(cap)"
        return switch verdict {
        case .enforced(let status): "\(story), \(status)"
        case .observed: "\(story), but let in: observing"
        }
    }

    private var cap: String {
        switch reason {
        case .ledger: " (\(context.cap))"
        case .admission: ""
        }
    }
}

extension LogEvent.Evict {
    var summary: String {
        let story =
            switch (cause, isObserved) {
            case (.newcomer(let stream), false): "newer stream \(stream) took its place"
            case (.newcomer(let stream), true): "newer stream \(stream) would take its place"
            case (.reload, false): "surplus after a reload"
            case (.reload, true): "would be surplus after a reload"
            }
        return "\(context.user): \(story)\(choice.words) (\(context.cap))"
    }
}

extension LogEvent.Flap {
    var summary: String {
        let story =
            switch phase {
            case .begin: "newcomers keep closing other streams, now they must wait"
            case .end(let duration): "at rest after \(duration.words), \(refusals) refusals"
            }
        return "\(user): \(story), \(evictions) evictions"
    }
}

extension LogEvent.Inject {
    var summary: String { "\(kind.words): \(length) bytes after \(offset) of the gateway's" }
}

extension LogEvent.Request {
    var summary: String { "\(method) \(path): \(status) after \(duration.words)" }
}

extension LogEvent.Failure {
    var summary: String {
        let particulars = detail.map { ": \($0)" } ?? ""
        return "\(fault.rawValue): \(reason)\(particulars)"
    }
}

extension CloseReason {
    fileprivate var words: String {
        switch self {
        case .clientClosed: "the client left"
        case .gatewayClosed: "the gateway ended it"
        case .evictedUserCap, .evictedGlobalCap: "evicted"
        case .idle: "idle"
        case .maxAge: "too old"
        case .tokenExpired: "its token expired"
        case .slowConsumer: "the client did not read"
        case .killed: "closed by an operator"
        case .reload: "surplus after a reload"
        case .drain: "Sluice is stopping"
        case .error: "failed"
        }
    }
}

extension Refusal.Reason {
    fileprivate var words: String {
        switch self {
        case .userCap: "this user has enough streams"
        case .addressCap: "this address has enough streams"
        case .globalCap: "there are enough streams"
        case .budget: "this user has had enough evictions for now"
        case .standby: "evicted before, and there is no room yet"
        }
    }
}

extension LogEvent.StreamRefused.Reason {
    fileprivate var words: String {
        switch self {
        case .ledger(let reason): reason.words
        case .admission: "too many came at once"
        }
    }
}

extension Choice {
    /// How an eviction's line goes on; nothing when it is the order that all expect.
    fileprivate var words: String {
        switch self {
        case .oldest, .surplus: ""
        case .idlest: ", the idlest goes"
        case .heaviest: ", the heaviest user pays"
        case .anonymous: ", streams without a token go first"
        case .stalled: ", this client does not read"
        case .unacknowledged: ", this client gives no sign"
        case .onlyHeartbeats: ", only heartbeats came here"
        }
    }
}

extension LogEvent.Inject.Kind {
    fileprivate var words: String {
        switch self {
        case .lastWords: "last words"
        case .retry: "when to come back"
        case .keepAlive: "a sign of life"
        case .padding: "padding"
        case .resumed: "the id from before"
        }
    }
}

extension StopReason {
    fileprivate var words: String {
        switch self {
        case .drained: "everything has ended"
        case .drainTimeout: "the time to drain is over"
        case .secondSignal: "a second signal"
        case .failed: "failed"
        }
    }
}

extension Duration {
    /// `850 ms`, `8.2 s`, `3 min`.
    fileprivate var words: String {
        let milliseconds = wholeMilliseconds
        return switch milliseconds {
        case ..<1000: "\(milliseconds) ms"
        case ..<60_000: "\(milliseconds / 1000).\(milliseconds / 100 % 10) s"
        default: "\(milliseconds / 60_000) min"
        }
    }
}
