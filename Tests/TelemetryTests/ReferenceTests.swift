import Foundation
import Ledger
import Telemetry
import Testing

@Suite("docs/LOGS.md and the code say the same")
struct ReferenceTests {
    /// `SLUICE_GOLDEN=write swift test --filter ReferenceTests` writes the page anew.
    @Test func `the page is the one that the types give`() throws {
        let page = URL(filePath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "docs/LOGS.md")
        let reference = LogEvent.reference()
        if ProcessInfo.processInfo.environment["SLUICE_GOLDEN"] == "write" {
            try Data(reference.utf8).write(to: page)
        }

        let written = try String(contentsOf: page, encoding: .utf8)

        #expect(written == reference, "Run this test with SLUICE_GOLDEN=write.")
    }

    @Test(
        "the example of a record is made of documented fields, in that order",
        arguments: LogEvent.Kind.allCases)
    func example(kind: LogEvent.Kind) throws {
        let line = try LoggedLine(kind.reference.example)

        let fields = kind.reference.fields.filter { !$0.isOptional || line.object[$0.name] != nil }
        #expect(line.names == ["ts", "level", "event"] + fields.map(\.name))
        #expect(line.object["event"] as? String == kind.rawValue)
        #expect(kind.reference.example.kind == kind)
        #expect(kind.reference.level.contains(kind.reference.example.level.rawValue))
        #expect(line.object.count == line.names.count, "A name stands twice.")
    }

    @Test func `a record with all its fields has every documented one, in that order`() throws {
        for event in records(filledWith: "text") {
            let fields = event.kind.reference.fields.map(\.name)
            #expect(try LoggedLine(event).names == ["ts", "level", "event"] + fields)
        }
    }

    @Test func `fields without a value are left out, and they are the optional ones`() throws {
        let context = StreamContext(
            stream: "s-1", user: "alice", policy: nil, generation: 1, path: "/", client: "::1",
            protocol: nil, requestID: nil, count: 1, limit: nil)
        let sparse: [LogEvent] = [
            .streamOpened(LogEvent.StreamOpened(context)),
            .streamClosed(
                LogEvent.StreamClosed(
                    context, reason: .idle, duration: .zero, events: 0, comments: 0, bytes: 0)),
            .evict(
                LogEvent.Evict(
                    context, reason: .reload, cause: .reload, choice: .surplus, isObserved: true)),
            .flap(
                LogEvent.Flap(
                    phase: .begin, user: "alice", policy: nil, generation: nil, evictions: 10,
                    refusals: 1)),
            .request(
                LogEvent.Request(
                    method: "GET", path: "/", status: 200, duration: .zero, bytes: 0,
                    client: "::1", protocol: .http10, requestID: nil, fault: nil)),
            .error(
                LogEvent.Failure(
                    level: .error, reason: "test", fault: .sluice, detail: nil, client: nil,
                    stream: nil, method: nil, path: nil)),
        ]

        for event in sparse {
            let required = event.kind.reference.fields.filter { !$0.isOptional }.map(\.name)
            #expect(try LoggedLine(event).names == ["ts", "level", "event"] + required)
        }
    }

    @Test func `a verdict that was only observed has no status`() throws {
        let context = StreamContext(
            stream: nil, user: "alice", policy: "default", generation: 1, path: "/", client: "::1",
            protocol: .http11, requestID: "1", count: 1, limit: 1)

        let line = try LoggedLine(
            .streamRefused(
                LogEvent.StreamRefused(context, reason: .ledger(.userCap), verdict: .observed)))

        #expect(line.object["observed"] as? Bool == true)
        #expect(line.object["status"] == nil)
    }

    @Test func `every reason has a meaning of its own`() {
        #expect(Set(CloseReason.allCases.map(\.meaning)).count == CloseReason.allCases.count)
        #expect(Set(StopReason.allCases.map(\.meaning)).count == StopReason.allCases.count)
        #expect(Set(Choice.allCases.map(\.meaning)).count == Choice.allCases.count)
        let refusals = LogEvent.StreamRefused.Reason.allCases
        #expect(Set(refusals.map(\.rawValue)).count == refusals.count)
        #expect(Set(refusals.map(\.meaning)).count == refusals.count)
        let injections = LogEvent.Inject.Kind.allCases
        #expect(Set(injections.map(\.meaning)).count == injections.count)
    }
}
