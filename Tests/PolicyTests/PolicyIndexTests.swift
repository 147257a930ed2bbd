import HTTPModel
import TestRandom
import Testing

@testable import Policy

/// The index of a set against the plain reading of it: the first policy that fits, asked in turn.
@Suite("Item 21: a policy is found without asking each of them")
struct PolicyIndexTests {
    @Test("Random sets and streams: the same policy as by asking each in turn")
    func agrees() throws {
        var random = SeededRandom.forTest()
        for _ in 0..<200 {
            let set = try Self.randomSet(Int.random(in: 0...40, using: &random), using: &random)
            for _ in 0..<50 {
                let facts = Self.randomFacts(using: &random)
                let expected = set.policies.firstIndex { $0.match.fits(facts) }
                #expect(set.position(governing: facts) == expected, "\(facts)")
            }
        }
    }

    @Test("Random sets: the same policies are out of reach as by comparing each pair")
    func coverings() throws {
        var random = SeededRandom.forTest()
        for _ in 0..<300 {
            let set = try Self.randomSet(Int.random(in: 0...30, using: &random), using: &random)
            let matches = set.policies.map(\.match)
            let expected = matches.indices.map { later in
                matches[..<later].firstIndex { $0.covers(matches[later]) }
            }
            #expect(firstCoverings(of: matches) == expected)
        }
    }

    /// Sets whose policies differ in one thing or in two.
    enum Kind: CaseIterable {
        case paths, middles, claims, lists, hosts, domains, hostsAndPaths
    }

    @Test("Of a thousand policies a lookup asks a few", arguments: Kind.allCases)
    func few(kind: Kind) throws {
        let matches = try (0..<1000).map { try Self.match(kind, $0) }
        let index = PolicyIndex(matches)

        for number in [0, 1, 500, 999] {
            let facts = Self.facts(kind, number)
            let candidates = index.candidates(for: facts)
            #expect(candidates.count <= 40)
            #expect(candidates.first { matches[$0].fits(facts) } == number)
        }
        #expect(firstCoverings(of: matches).allSatisfy { $0 == nil })
        #expect(matches.allSatisfy { index.candidates(covering: $0).count <= 80 })
    }

    private static func match(_ kind: Kind, _ number: Int) throws -> Match {
        switch kind {
        case .paths: try match(path: "/t\(number)/**")
        case .middles: try match(path: "/v1/*/t\(number)/events*")
        case .claims: try match(path: "/events/**", claims: ["tenant": ["t\(number)"]])
        case .lists:
            try match(claims: ["plan": ["free"], "tenant": ["t\(number)", "u\(number)"]])
        case .hosts: try match(host: "t\(number).example.com", path: "/events")
        case .domains: try match(host: "*.t\(number).example.com", path: "/events")
        case .hostsAndPaths:
            try match(host: "h\(number % 32).example.com", path: "/p\(number / 32)/**")
        }
    }

    private static func facts(_ kind: Kind, _ number: Int) -> StreamFacts {
        switch kind {
        case .paths: facts(path: "/t\(number)/a/b")
        case .middles: facts(path: "/v1/x/t\(number)/events-1")
        case .claims, .lists:
            facts(
                path: "/events/a",
                claims: [("plan", "free"), ("tenant", "t\(number)"), ("sub", "ann")])
        case .hosts: facts(host: "t\(number).example.com", path: "/events")
        case .domains: facts(host: "a.b.t\(number).example.com", path: "/events")
        case .hostsAndPaths:
            facts(host: "h\(number % 32).example.com", path: "/p\(number / 32)")
        }
    }

    private static func match(
        host: String? = nil, path: String? = nil, methods: Set<String> = [],
        claims: [String: Set<String>] = [:]
    ) throws -> Match {
        Match(
            host: try host.map { try HostPattern($0) }, path: try path.map { try PathPattern($0) },
            methods: methods,
            claims: Dictionary(
                uniqueKeysWithValues: claims.map {
                    (ExactText($0.key), Set($0.value.map { ExactText($0) }))
                }))
    }

    private static func facts(
        method: Method = .get, host: String = "a", path: String = "/",
        claims: [(String, String)] = []
    ) -> StreamFacts {
        var list = Claims()
        for (path, value) in claims { list.append(path: path, value: value) }
        return StreamFacts(
            user: .claim("ann"), method: method, host: host, path: path, client: "", claims: list)
    }

    // MARK: By chance, out of few words, so that much fits and covers

    private static let words = ["a", "b", "ab", "A", "a.b", "é", "e\u{301}", "", "x-y"]

    private static func randomSet(
        _ count: Int, using random: inout SeededRandom
    ) throws -> PolicySet {
        let segments = ["a", "b", "*", "a*", "*b", "ab", ""]
        let hosts = ["a", "b.a", "*.a", "c.b.a", "*.b.a", "A", "*.A"]
        let policies = try (0..<count).map { number in
            var claims: [String: Set<String>] = [:]
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                let values = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                    pick(words, &random)
                }
                claims[pick(["p", "q", "é", "p.q", "q.p.q"], &random)] = Set(values)
            }
            let stem = (0..<Int.random(in: 0...3, using: &random))
                .map { _ in "/" + pick(segments, &random) }.joined()
            let path = stem + (stem.isEmpty || Bool.random(using: &random) ? "/**" : "")
            let match = try match(
                host: Int.random(in: 0..<3, using: &random) == 0 ? pick(hosts, &random) : nil,
                path: Int.random(in: 0..<3, using: &random) > 0 ? path : nil,
                methods: Int.random(in: 0..<4, using: &random) == 0 ? ["POST"] : [],
                claims: claims)
            return policy("p\(number)", match)
        }
        return PolicySet(
            generation: 1,
            global: GlobalPolicy(
                maxStreams: nil, onExcess: .closeOldest, reloadClosesPerSecond: 1),
            policies: policies)
    }

    private static func randomFacts(using random: inout SeededRandom) -> StreamFacts {
        let segments = ["a", "b", "ab", "abb", "", "x"]
        let path = (0..<Int.random(in: 1...4, using: &random))
            .map { _ in "/" + pick(segments, &random) }.joined()
        return StreamFacts(
            user: .claim("ann"), method: Bool.random(using: &random) ? .get : .post,
            host: pick(["a", "b.a", "c.b.a", "A", "B.a", ".a", "x", "", "[::1]"], &random),
            path: path, client: "", claims: randomClaims(using: &random))
    }

    private static func randomClaims(using random: inout SeededRandom) -> Claims {
        var claims = Claims()
        addClaims(to: &claims, depth: 0, using: &random)
        return claims
    }

    private static func addClaims(
        to claims: inout Claims, depth: Int, using random: inout SeededRandom
    ) {
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            let name = Array(pick(["p", "q", "r", "é", "e\u{301}", "p.q"], &random).utf8)[...]
            if depth < 3, Int.random(in: 0..<4, using: &random) == 0 {
                let isEntered = claims.enter(name)
                #expect(isEntered)
                addClaims(to: &claims, depth: depth + 1, using: &random)
                claims.leave()
            } else {
                let kinds: [Claims.Kind] = [.text, .text, .text, .integer, .word, .number, .other]
                claims.append(
                    kinds[Int.random(in: 0..<kinds.count, using: &random)], name: name,
                    value: Array(pick(words, &random).utf8)[...])
            }
        }
    }

    private static func pick(_ list: [String], _ random: inout SeededRandom) -> String {
        list[Int.random(in: 0..<list.count, using: &random)]
    }

    private static func policy(_ name: String, _ match: Match) -> Policy {
        Policy(
            name: name, match: match, maxStreamsPerUser: nil, maxStreamsPerAddress: nil,
            onExcess: .closeOldest, evictionBudget: nil, idleTimeout: nil, idleClock: .bytes,
            heartbeats: [], maxAge: nil, endsWithToken: false, keepAlive: nil,
            afterEviction: .standby, clients: .auto, mode: .enforce, evictableMethods: ["GET"])
    }
}
