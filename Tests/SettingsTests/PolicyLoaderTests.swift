import EventStream
import Foundation
import Policy
import Testing

@testable import Settings

/// A directory of policy files becomes one set, or a list of what is wrong with it.
@Suite struct PolicyLoaderTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test func `everything that can be written arrives as it was written`() throws {
        let set = try load(
            """
            version: 1
            global: { max_streams: 9000, on_excess: close_oldest, reload_closes_per_second: 20 }
            policies:
              - name: premium
                match:
                  host: "*.example.com"
                  path: /events/**
                  method: [GET, POST]
                  claims: { plan: [premium, 2], "user.admin": true }
                max_streams_per_user: 5
                max_streams_per_address: 7
                on_excess: close_idlest
                eviction_budget: { burst: 3, refill: 500ms }
                idle_timeout: 5m
                idle_clock: events
                heartbeats:
                  - { event: Generic, data_contains: '"type":"heartbeat"' }
                max_age: 12h
                until: token_expiry
                keep_alive: 15s
                after_eviction: stop
                clients: eventsource
                mode: observe
                evictable_methods: [GET, POST]
                retry_after: 2s-1m
            """)

        let policy = try #require(set.policies.first)
        #expect(
            set.global
                == GlobalPolicy(
                    maxStreams: 9000, onExcess: .closeOldest, reloadClosesPerSecond: 20))
        #expect(set.generation == 7)
        #expect(policy.name == "premium")
        #expect(policy.match.host?.text == "*.example.com")
        #expect(policy.match.path?.text == "/events/**")
        #expect(policy.match.methods == ["GET", "POST"])
        #expect(policy.match.claims == ["plan": ["premium", "2"], "user.admin": ["true"]])
        #expect(policy.maxStreamsPerUser == 5)
        #expect(policy.maxStreamsPerAddress == 7)
        #expect(policy.onExcess == .closeIdlest)
        #expect(
            policy.evictionBudget == Policy.EvictionBudget(burst: 3, refill: .milliseconds(500)))
        #expect(policy.idleTimeout == .seconds(300))
        #expect(policy.idleClock == .events)
        #expect(
            policy.heartbeats
                == [Policy.Heartbeat(event: "Generic", dataContains: #""type":"heartbeat""#)])
        #expect(policy.maxAge == .seconds(43_200))
        #expect(policy.endsWithToken)
        #expect(policy.keepAlive == .seconds(15))
        #expect(policy.afterEviction == .stop)
        #expect(policy.clients == .eventSource)
        #expect(policy.mode == .observe)
        #expect(policy.evictableMethods == ["GET", "POST"])
        #expect(policy.retryAfter == .seconds(2)...Duration.seconds(60))
    }

    @Test func `what is not written has its default`() throws {
        let set = try load("version: 1\npolicies:\n  - name: default\n")

        let policy = try #require(set.policies.first)
        #expect(
            set.global
                == GlobalPolicy(
                    maxStreams: nil, onExcess: .closeOldestOfHeaviest, reloadClosesPerSecond: 100))
        #expect(policy.match.host == nil && policy.match.path == nil)
        #expect(policy.match.methods.isEmpty && policy.match.claims.isEmpty)
        #expect(policy.maxStreamsPerUser == nil && policy.maxStreamsPerAddress == nil)
        #expect(policy.onExcess == .closeOldest)
        #expect(policy.evictionBudget == Policy.EvictionBudget(burst: 10, refill: .seconds(30)))
        #expect(policy.idleTimeout == nil && policy.maxAge == nil)
        #expect(!policy.endsWithToken && policy.keepAlive == nil)
        #expect(policy.idleClock == .frames)
        #expect(policy.heartbeats.isEmpty)
        #expect(policy.afterEviction == .standby)
        #expect(policy.clients == .auto)
        #expect(policy.mode == .enforce)
        #expect(policy.evictableMethods == ["GET"])
        #expect(!policy.isWork && policy.retryAfter == nil)
    }

    @Test(
        "work is said by one word, and when to come back by a duration or two",
        arguments: [
            ("work: true", true, nil), ("work: false", false, nil),
            ("work: true\n    on_excess: reject_newest", true, nil),
            ("retry_after: 5s", false, Duration.seconds(5)...Duration.seconds(5)),
            ("retry_after: 1500ms-1h", false, .milliseconds(1500)...Duration.seconds(3600)),
        ] as [(String, Bool, ClosedRange<Duration>?)])
    func work(text: String, isWork: Bool, retryAfter: ClosedRange<Duration>?) throws {
        let set = try load("version: 1\npolicies:\n  - name: a\n    \(text)\n")

        #expect(set.policies.map(\.isWork) == [isWork])
        #expect(set.policies.map(\.retryAfter) == [retryAfter])
    }

    @Test(
        "an eviction budget may be written in part, or be off",
        arguments: [
            ("{ burst: 1 }", Policy.EvictionBudget(burst: 1, refill: .seconds(30))),
            ("{ refill: 1h }", Policy.EvictionBudget(burst: 10, refill: .seconds(3600))),
            ("{}", .standard), ("off", nil), ("\"off\"", nil), ("false", nil),
        ])
    func evictionBudget(text: String, budget: Policy.EvictionBudget?) throws {
        let set = try load("version: 1\npolicies:\n  - name: a\n    eviction_budget: \(text)\n")

        #expect(set.policies.map(\.evictionBudget) == [budget])
    }

    @Test("what an evicted client is told is one word", arguments: Policy.AfterEviction.allCases)
    func afterEviction(word: Policy.AfterEviction) throws {
        let set = try load(
            "version: 1\npolicies:\n  - name: a\n    after_eviction: \(word.rawValue)\n")

        #expect(set.policies.map(\.afterEviction) == [word])
    }

    @Test("the kind of the clients is one word", arguments: Policy.ClientKind.allCases)
    func clients(kind: Policy.ClientKind) throws {
        let set = try load("version: 1\npolicies:\n  - name: a\n    clients: \(kind.rawValue)\n")

        #expect(set.policies.map(\.clients) == [kind])
    }

    @Test func `heartbeats are taken as far as the scanner has room for them, and no further`() {
        #expect(Policy.Heartbeat.countMax == Heartbeats.countMax)
        #expect(Policy.Heartbeat.eventBytesMax == Heartbeats.eventBytesMax)
        #expect(Policy.Heartbeat.dataBytesMax == Heartbeats.dataBytesMax)
    }

    @Test func `I04 claims that Unicode takes for one are two conditions`() throws {
        let item = "  - name: %\n    match: { claims: { city: \"#\" } }\n"
        let items = [("a", "Z\u{FC}rich"), ("b", "Zu\u{308}rich")].map {
            item.replacing("%", with: $0).replacing("#", with: $1)
        }

        let set = try load("version: 1\npolicies:\n" + items.joined())

        #expect(set.policies.map(\.name) == ["a", "b"])
    }

    @Test func `files are one set in the order of the bytes of their names`() throws {
        try directory.write("version: 1\npolicies:\n  - name: last\n", to: "b.yaml")
        try directory.write(policy("second", at: "/2"), to: "a.yaml")
        try directory.write(policy("first", at: "/1"), to: "Z.yaml")
        try directory.write("nonsense: [", to: ".hidden.yaml")
        try directory.write("nonsense: [", to: "notes.txt")

        let set = try PolicyLoader.load(directory: directory.path, generation: 1)

        #expect(set.policies.map(\.name) == ["first", "second", "last"])
    }

    @Test func `P08 the links of a Kubernetes volume are followed`() throws {
        try FileManager.default.createDirectory(
            atPath: directory.path + "/..2026", withIntermediateDirectories: false)
        try directory.write(policy("a", at: "/a"), to: "..2026/10.yaml")
        let links = [("..data", "..2026"), ("10.yaml", "..data/10.yaml")]
        for (name, target) in links {
            try FileManager.default.createSymbolicLink(
                atPath: "\(directory.path)/\(name)", withDestinationPath: target)
        }

        let set = try PolicyLoader.load(directory: directory.path, generation: 1)

        #expect(set.policies.map(\.name) == ["a"])
    }

    @Test func `the problems of all files are told at once, sorted by place`() throws {
        try directory.write("version: 1\npolicies:\n  - name: a\n    max_stream: 1\n", to: "b.yaml")
        try directory.write("version: 1\nglobal:\n  max_streams: no\n  x: 1\n", to: "a.yaml")
        try directory.write("version: [\n", to: "c.yaml")
        try directory.write("", to: "d.yml")

        let places = problems().list.map(\.place.text)

        let expected = ["a.yaml:3:16", "a.yaml:4:3", "b.yaml:4:5", "c.yaml:2:1", "d.yml"]
        #expect(places.map { $0.replacing(directory.path + "/", with: "") } == expected)
    }

    @Test func `P02 names and global are unique over all files, and both places are told`() throws {
        let text = "version: 1\nglobal: { max_streams: 9 }\npolicies:\n  - name: a\n"
        try directory.write(text, to: "1.yaml")
        try directory.write(text, to: "2.yaml")

        let told = problems().text.replacing(directory.path + "/", with: "")

        #expect(
            told.contains(
                "2.yaml:2:1: global: may stand once over all files; the first stands at 1.yaml:2:1")
        )
        #expect(told.contains("2.yaml:4:5: name: a is taken; the first stands at 1.yaml:4:5"))
    }

    @Test func `P05 an unreachable policy names the earlier one in another file`() throws {
        try directory.write("version: 1\npolicies:\n  - name: all\n", to: "1.yaml")
        try directory.write(policy("chat", at: "/chat"), to: "2.yaml")

        let text = problems().text.replacing(directory.path + "/", with: "")

        #expect(
            text.hasPrefix(
                "2.yaml:3:5: name: chat can never govern a stream, for all at 1.yaml:3:5"))
    }

    @Test(
        "a problem is one line, whatever the file makes it quote",
        arguments: ["host", "path"], ["\\n", "\\e[31m", "\\u202e", "\u{2028}", "\u{2029}"])
    func oneLine(key: String, character: String) throws {
        let match = "match: { \(key): \"~a\(character)b\" }"
        let text = "version: 1\npolicies:\n  - name: a\n    \(match)\n"

        let problems = try #require(throws: Problems.self) { _ = try load(text) }

        #expect(problems.list.count == 1)
        let obeyed = "\n\u{1B}\u{202E}\u{2028}\u{2029}".unicodeScalars
        #expect(!problems.text.unicodeScalars.contains { obeyed.contains($0) })
    }

    @Test func `P03 a match that could not be read shadows nobody`() throws {
        let text = "version: 1\npolicies:\n  - name: a\n    match: { pth: /a }\n  - name: b\n"

        let problems = try #require(throws: Problems.self) { _ = try load(text) }

        #expect(problems.list.count == 1)
    }

    @Test func `P06 an empty directory says what to do`() {
        #expect(problems().text.contains("holds no policy file; put one there"))
    }

    @Test func `P06 a missing directory, and a file in its place`() throws {
        let file = try directory.write("version: 1\n", to: "a.yaml")

        #expect(problems(at: directory.path + "/none").text.contains("check the path"))
        #expect(problems(at: file).text.contains("is not a directory"))
    }

    @Test func `P06 a directory with the name of a file`() throws {
        try FileManager.default.createDirectory(
            atPath: directory.path + "/a.yaml", withIntermediateDirectories: false)

        #expect(problems().text.contains("a.yaml: is a directory; expected a file"))
    }

    @Test func `P10 more policies than anybody writes are refused`() throws {
        let items = (0..<600).map { "  - name: p%\($0)\n    match: { path: /%\($0) }\n" }.joined()
        for file in ["a", "b"] {
            let text = "version: 1\npolicies:\n" + items.replacing("%", with: file)
            try directory.write(text, to: file + ".yaml")
        }

        #expect(problems().text.contains("1200 over all files; at most 1000 are read"))
    }

    @Test func `P10 of a thousand problems a hundred are shown and the rest counted`() throws {
        let keys = (0..<500).map { "key\($0): 1\n" }.joined()

        let problems = try #require(throws: Problems.self) { _ = try load("version: 1\n" + keys) }

        #expect(problems.list.count == 100)
        #expect(problems.text.hasSuffix("... and 401 more"))
    }

    @Test func `P11 hundreds of policies with long patterns load in a moment`() throws {
        let items = (1000..<1300).map { index in
            let letters = String(repeating: "a", count: 200)
            return "  - name: p\(index)\n    match: { path: \"/*\(letters)\(index)*b\" }\n"
        }
        let clock = ContinuousClock()

        let time = try clock.measure { _ = try load("version: 1\npolicies:\n" + items.joined()) }

        #expect(time < .seconds(20))
    }

    private func policy(_ name: String, at path: String) -> String {
        "version: 1\npolicies:\n  - name: \(name)\n    match: { path: \(path) }\n"
    }

    private func load(_ text: String) throws(Problems) -> PolicySet {
        try PolicyLoader.load(texts: [("policies.yaml", text)], generation: 7)
    }

    private func problems(at path: String? = nil) -> Problems {
        do {
            _ = try PolicyLoader.load(directory: path ?? directory.path, generation: 1)
        } catch {
            return error
        }
        Issue.record("loaded without a problem")
        return Problems([])
    }
}
