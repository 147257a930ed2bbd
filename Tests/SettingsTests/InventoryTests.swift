import Foundation
import Testing

@testable import Settings

@Suite("What tells one state of the settings from another")
struct InventoryTests {
    private static let text = """
        listen:
          - { address: 127.0.0.1:1, connections_max: 5 }
          - { address: 127.0.0.1:2 }
        gateway: { url: "http://a" }
        policies: p
        """

    private func inventory(_ text: String) throws -> Inventory {
        try Settings(RawSettings(text: text, file: "s", flags: Flags())).inventory
    }

    @Test func `every key that is asked for is in it, whether it is written or not`() throws {
        let tour = Reading(file: "", isTour: true, keepsInventory: true)
        _ = tour.runEmpty { Settings(&$0) }
        let keys = tour.keys.filter { $0.expected != nil }.map(\.path)

        let all = try #require(tour.inventory).changes(since: Inventory())

        #expect(all == keys.reduce(into: []) { if !$0.contains($1) { $0.append($1) } })
        #expect(keys.count > 60)
    }

    @Test func `the same text is the same`() throws {
        #expect(try inventory(Self.text).changes(since: inventory(Self.text)).isEmpty)
        // So is a default that is written out.
        let written = Self.text + "\ndrain: { timeout: 30s }\n"
        #expect(try inventory(written).changes(since: inventory(Self.text)).isEmpty)
    }

    @Test func `a value that moves to another item of a list is a change`() throws {
        let moved = Self.text.replacingOccurrences(of: ", connections_max: 5", with: "")
            .replacingOccurrences(of: "127.0.0.1:2", with: "127.0.0.1:2, connections_max: 5")

        let changes = try inventory(moved).changes(since: inventory(Self.text))

        #expect(changes == ["listen[].connections_max"])
    }

    @Test func `a group that comes or goes is a change of all of its keys`() throws {
        let with = Self.text.replacingOccurrences(
            of: "127.0.0.1:2", with: "127.0.0.1:2, tls: { certificates: [{ chain: c, key: k }] }")

        let changes = try inventory(with).changes(since: inventory(Self.text))

        #expect(changes == inverse(changes, with))
        #expect(changes.contains("listen[].tls.certificates[].chain"))
        #expect(changes.contains("listen[].tls.min_version"))
    }

    private func inverse(_ changes: [String], _ with: String) -> [String] {
        (try? inventory(Self.text).changes(since: inventory(with))) ?? []
    }
}
