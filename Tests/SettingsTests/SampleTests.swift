import Foundation
import Policy
import Testing

@testable import Settings

/// The policy files that ship, and the schema that editors use.
@Suite struct SampleTests {
    private static let folder = Repository.root.appending(path: "policies")
    private static let names = ["default", "fechatter", "llm", "mcp"]

    @Test("a sample is a valid set", arguments: names)
    func loads(name: String) throws {
        let directory = Self.folder.appending(path: name).path()

        let set = try PolicyLoader.load(directory: directory, generation: 1)

        #expect(!set.policies.isEmpty)
    }

    @Test("a sample names its schema for editors", arguments: names)
    func namesSchema(name: String) throws {
        let file = Self.folder.appending(path: "\(name)/\(name).yaml")

        let text = try String(contentsOf: file, encoding: .utf8)

        #expect(text.hasPrefix("# yaml-language-server: $schema=../schema.json\n"))
    }

    @Test func `every folder of samples is tested`() throws {
        let contents = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path())

        #expect(Set(contents) == Set(Self.names + ["schema.json"]))
    }

    @Test func `fechatter heartbeats are no life`() throws {
        let directory = Self.folder.appending(path: "fechatter").path()

        let set = try PolicyLoader.load(directory: directory, generation: 1)

        let policy = try #require(set.policies.first)
        #expect(policy.maxStreamsPerUser == 1)
        #expect(policy.idleClock == .events)
        #expect(
            policy.heartbeats
                == [Policy.Heartbeat(event: "Generic", dataContains: #""type":"heartbeat""#)])
    }

    @Test func `the schema knows the keys that the reader knows, and no others`() throws {
        let tour = Reading(file: "", isTour: true)
        _ = tour.runEmpty { PolicyFile(&$0) }

        let schema = try schema()

        #expect(keys(of: schema, at: "") == Set(tour.keys.map(\.path)))
    }

    @Test func `the schema knows the words and defaults that the reader knows`() throws {
        let policy = try #require(properties(of: schema(), at: ["policies", "items"]))
        let words = [
            "on_excess": Policy.Excess.allCases.map(\.rawValue),
            "idle_clock": Policy.IdleClock.allCases.map(\.rawValue),
            "until": ["token_expiry"],
            "after_eviction": Policy.AfterEviction.allCases.map(\.rawValue),
            "clients": Policy.ClientKind.allCases.map(\.rawValue),
            "mode": Policy.Mode.allCases.map(\.rawValue),
        ]
        let set = try PolicyLoader.load(
            texts: [("a.yaml", "version: 1\npolicies:\n  - name: a\n")], generation: 1)
        let plain = try #require(set.policies.first)
        let defaults = [
            "on_excess": plain.onExcess.rawValue, "idle_clock": plain.idleClock.rawValue,
            "after_eviction": plain.afterEviction.rawValue, "clients": plain.clients.rawValue,
            "mode": plain.mode.rawValue,
        ]

        for (key, words) in words {
            let property = try #require(policy[key] as? [String: Any])
            #expect(property["enum"] as? [String] == words)
            #expect(property["default"] as? String == defaults[key])
        }
    }

    @Test func `the schema knows the eviction budget that the reader knows`() throws {
        let policy = try #require(properties(of: schema(), at: ["policies", "items"]))
        let group = try #require(policy["eviction_budget"] as? [String: Any])
        let budget = try #require(group["properties"] as? [String: [String: Any]])
        let standard = Policy.EvictionBudget.standard

        #expect(budget["burst"]?["default"] as? Int == standard.burst)
        #expect(budget["refill"]?["default"] as? String == standard.refill.policyText)
    }

    @Test func `the schema describes every key`() throws {
        func check(_ schema: [String: Any]) {
            for (key, value) in schema["properties"] as? [String: [String: Any]] ?? [:] {
                #expect(value["description"] is String, "\(key)")
                check(value)
                check(value["items"] as? [String: Any] ?? [:])
            }
        }

        check(try schema())
    }

    private func schema() throws -> [String: Any] {
        let data = try Data(contentsOf: Self.folder.appending(path: "schema.json"))
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    private func properties(of schema: [String: Any], at path: [String]) -> [String: Any]? {
        var node = schema["properties"] as? [String: Any]
        for name in path { node = node?[name] as? [String: Any] }
        return node?["properties"] as? [String: Any]
    }

    /// The paths of all keys, in the form of the reader: groups, `[]` for lists of groups, leaves.
    private func keys(of schema: [String: Any], at path: String) -> Set<String> {
        var result: Set<String> = []
        for (name, value) in schema["properties"] as? [String: [String: Any]] ?? [:] {
            let key = path.isEmpty ? name : "\(path).\(name)"
            let items = value["items"] as? [String: Any]
            let isList = items?["properties"] != nil
            result.insert(isList ? key + "[]" : key)
            result.formUnion(keys(of: isList ? items ?? [:] : value, at: isList ? key + "[]" : key))
        }
        return result
    }
}
