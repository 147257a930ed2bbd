import HTTPModel
import Testing

@testable import Policy

@Suite("Which policy governs a stream")
struct MatchTests {
    private static let facts = Self.facts()

    @Test(
        "I04: all conditions must fit, claims byte by byte",
        arguments: [
            (Condition(), true),
            (Condition(host: "chat.example.com"), true),
            (Condition(host: "*.example.com", path: "/events/**", methods: ["GET", "POST"]), true),
            (Condition(claims: ["plan": ["free", "premium"], "user.id": ["2"]]), true),
            (Condition(host: "example.com"), false),
            (Condition(path: "/events"), false),
            (Condition(methods: ["POST"]), false),
            (Condition(methods: ["get"]), false),
            (Condition(claims: ["plan": ["free"]]), false),
            (Condition(claims: ["region": ["eu"]]), false),
            (Condition(claims: ["plan": []]), false),
            (Condition(claims: ["city": ["Z\u{FC}rich"]]), true),
            (Condition(claims: ["city": ["Zu\u{308}rich"]]), false),
            (Condition(host: "*.example.com", methods: ["POST"]), false),
        ])
    func fits(condition: Condition, expected: Bool) throws {
        #expect(try condition.match.fits(Self.facts) == expected)
    }

    @Test("The first policy that fits governs, and its position is known")
    func firstWins() throws {
        let set = try Self.set([Condition(methods: ["POST"]), Condition(path: "/**"), Condition()])

        #expect(set.governing(Self.facts)?.name == "p1")
        #expect(set.position(governing: Self.facts) == 1)
    }

    @Test("Nothing governs a stream that fits no policy")
    func noneFits() throws {
        #expect(try Self.set([Condition(methods: ["POST"])]).governing(Self.facts) == nil)
    }

    @Test("Each policy says why it does or does not govern")
    func explained() throws {
        let set = try Self.set([
            Condition(methods: ["POST", "PUT"]), Condition(host: "example.com"),
            Condition(path: "/chats/*"), Condition(claims: ["region": ["eu", "us"]]),
            Condition(claims: ["plan": ["free"]]), Condition(path: "/events/**"), Condition(),
        ])

        let outcomes = set.explain(Self.facts).map(\.outcome)

        #expect(
            outcomes == [
                .failed("the method is GET, not POST or PUT"),
                .failed("the host is chat.example.com, not example.com"),
                .failed("the path is /events/a, not /chats/*"),
                .failed("there is no claim region; it must be eu or us"),
                .failed("the claim plan is premium, not free"),
                .governs, .comesTooLate,
            ])
        #expect(set.explain(Self.facts).map(\.policy) == (0..<7).map { "p\($0)" })
    }

    @Test(
        "A match covers another when nothing is left for the other",
        arguments: [
            (Condition(), Condition(host: "a", path: "/b", methods: ["GET"]), true),
            (Condition(), Condition(), true),
            (Condition(path: "/**"), Condition(path: "/a"), true),
            (Condition(path: "/**"), Condition(), false),
            (Condition(host: "a"), Condition(), false),
            (Condition(host: "*.a"), Condition(host: "b.a", path: "/c"), true),
            (Condition(methods: ["GET", "POST"]), Condition(methods: ["GET"]), true),
            (Condition(methods: ["GET"]), Condition(methods: ["GET", "POST"]), false),
            (Condition(methods: ["GET"]), Condition(), false),
            (
                Condition(claims: ["a": ["1", "2"]]), Condition(claims: ["a": ["1"], "b": ["1"]]),
                true
            ),
            (Condition(claims: ["a": ["1"]]), Condition(claims: ["a": ["1", "2"]]), false),
            (Condition(claims: ["a": ["1"]]), Condition(claims: ["b": ["1"]]), false),
            (
                Condition(claims: ["a": ["\u{E9}"]]), Condition(claims: ["a": ["e\u{301}"]]),
                false
            ),
        ])
    func covers(condition: Condition, other: Condition, expected: Bool) throws {
        #expect(try condition.match.covers(other.match) == expected)
    }

    @Test(
        "A stream may be evicted when its policy lists its method; without a policy, a GET",
        arguments: [
            (Method.get, true, true), (.post, false, false), (.put, true, false),
        ])
    func evictable(method: HTTPModel.Method, underPolicy: Bool, withoutPolicy: Bool) throws {
        let facts = Self.facts(method: method)
        let policy = try Self.policy("p", Condition(), evictable: ["GET", "PUT"])

        #expect(facts.isEvictable(under: policy) == underPolicy)
        #expect(facts.isEvictable(under: nil) == withoutPolicy)
    }

    @Test(
        "C18: a stream is work by its method, or because its policy says so",
        arguments: [
            (Method.get, false, false), (.get, true, true), (.post, false, true),
            (.post, true, true), (.put, false, false), (.put, true, true), (.head, false, true),
        ])
    func work(method: HTTPModel.Method, saysSo: Bool, isWork: Bool) throws {
        let facts = Self.facts(method: method)
        let policy = try Self.policy(
            "p", Condition(), evictable: ["GET", "PUT"], isWork: saysSo)

        #expect(facts.isWork(under: policy) == isWork)
        #expect(facts.isEvictable(under: policy) == !isWork)
        #expect(facts.isWork(under: nil) == (method != .get))
    }

    /// A match as a table writes it.
    struct Condition: Sendable, CustomTestStringConvertible {
        var host: String?
        var path: String?
        var methods: Set<String> = []
        var claims: [ExactText: Set<ExactText>] = [:]

        var match: Match {
            get throws {
                try Match(
                    host: host.map { try HostPattern($0) }, path: path.map { try PathPattern($0) },
                    methods: methods, claims: claims)
            }
        }

        var testDescription: String {
            "\(host ?? "*") \(path ?? "/**") \(methods.sorted()) \(claims.mapValues { $0.map(\.text) })"
        }
    }

    private static func facts(method: HTTPModel.Method = .get) -> StreamFacts {
        var claims = Claims()
        claims.append(path: "plan", value: "premium")
        claims.append(path: "user.id", value: "2")
        claims.append(path: "city", value: "Z\u{FC}rich")
        return StreamFacts(
            user: .claim("2"), method: method, host: "chat.example.com", path: "/events/a",
            client: "",
            claims: claims)
    }

    private static func policy(
        _ name: String, _ condition: Condition, evictable: Set<String> = ["GET"],
        isWork: Bool = false
    ) throws -> Policy {
        Policy(
            name: name, match: try condition.match, maxStreamsPerUser: 1, maxStreamsPerAddress: nil,
            onExcess: .closeOldest, evictionBudget: nil, idleTimeout: nil, idleClock: .bytes,
            heartbeats: [], maxAge: nil, endsWithToken: false, keepAlive: nil,
            afterEviction: .standby, clients: .auto, mode: .enforce, evictableMethods: evictable,
            isWork: isWork)
    }

    private static func set(_ conditions: [Condition]) throws -> PolicySet {
        PolicySet(
            generation: 1,
            global: GlobalPolicy(
                maxStreams: nil, onExcess: .rejectNewest, reloadClosesPerSecond: 1),
            policies: try conditions.enumerated().map { try policy("p\($0.offset)", $0.element) })
    }
}
