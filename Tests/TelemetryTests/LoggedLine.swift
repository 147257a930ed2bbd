import Foundation
import Ledger
import Telemetry
import Testing

/// One line as the log's reader sees it.
struct LoggedLine {
    let bytes: [UInt8]
    let object: [String: Any]

    init(_ event: LogEvent, at time: Timestamp = LogEvent.exampleTime) throws {
        var bytes: [UInt8] = []
        event.write(to: &bytes, at: time)
        try self.init(bytes)
    }

    init(_ bytes: [UInt8]) throws {
        self.bytes = bytes
        let parsed = try JSONSerialization.jsonObject(with: Data(bytes))
        object = try #require(parsed as? [String: Any])
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The names of the members in the order of the line. No text or list of an example may
    /// contain `":`.
    var names: [String] {
        text.split(separator: "\":").dropLast().compactMap { part in
            part.split(separator: "\"").last.map(String.init)
        }
    }
}

extension LogEvent {
    /// For tests that need just some line.
    static let anything = LogEvent.ready(Ready(listen: ["127.0.0.1:8443"]))

    /// An `error` with that detail, the record whose text is the freest.
    static func failure(level: LogLevel = .error, detail: String, path: String? = nil) -> LogEvent {
        .error(
            Failure(
                level: level, reason: "test", fault: .client, detail: detail, client: nil,
                stream: nil, method: nil, path: path))
    }
}

/// Every record with every field, each text being `text` and each number the largest.
func records(filledWith text: String) -> [LogEvent] {
    let context = StreamContext(
        stream: text, user: text, policy: text, generation: .max, path: text, client: text,
        protocol: .http11, requestID: text, count: .max, limit: .max)
    let list = Array(repeating: text, count: 1000)
    return [
        .start(
            LogEvent.Start(
                version: text, openSSL: text, processID: .min, workers: .max, gateway: text,
                generation: .max, policies: .max, listen: list)),
        .ready(LogEvent.Ready(listen: list)),
        .reload(
            LogEvent.Reload(
                generation: .max, policies: .max, changed: ReloadPart.allCases, surplus: .max,
                restartNeeded: list)),
        .reloadFailed(LogEvent.ReloadFailed(generation: .max, problems: list)),
        .streamOpened(LogEvent.StreamOpened(context)),
        .streamClosed(
            LogEvent.StreamClosed(
                context, reason: .evictedGlobalCap, duration: .seconds(Int64.min), events: .max,
                comments: .max, bytes: .max)),
        .streamRefused(
            LogEvent.StreamRefused(
                context, reason: .ledger(.budget), verdict: .enforced(status: .max))),
        .evict(
            LogEvent.Evict(
                context, reason: .evictedGlobalCap, cause: .newcomer(stream: text),
                choice: .onlyHeartbeats, isObserved: false)),
        .flap(
            LogEvent.Flap(
                phase: .end(after: .seconds(Int64.min)), user: text, policy: text,
                generation: .max, evictions: .max, refusals: .max)),
        .inject(LogEvent.Inject(stream: text, kind: .lastWords, offset: .max, length: .max)),
        .request(
            LogEvent.Request(
                method: text, path: text, status: .max, duration: .seconds(Int64.max), bytes: .max,
                client: text, protocol: .http11, requestID: text, fault: .gateway)),
        .error(
            LogEvent.Failure(
                level: .warning, reason: text, fault: .gateway, detail: text, client: text,
                stream: text, method: text, path: text)),
        .drain(LogEvent.Drain(streams: .max, timeout: .seconds(Int64.max))),
        .stop(
            LogEvent.Stop(reason: .drainTimeout, exitCode: .min, streamsClosed: .max)),
    ]
}
