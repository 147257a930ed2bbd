import Foundation
import FuzzTargets
import Testing

/// Everything that fuzzing has kept is tried again: what has once been wrong stays mended.
@Suite struct CorpusTests {
    @Test("each input of a target's corpus holds its properties", arguments: FuzzTarget.allCases)
    func corpus(of target: FuzzTarget) throws {
        let files = try Self.corpus(of: target)

        #expect(files.count >= 20)
        for file in files {
            do {
                try target.run(Array(Data(contentsOf: file)))
            } catch {
                Issue.record("\(target.rawValue)/\(file.lastPathComponent): \(error)")
            }
        }
    }

    @Test("a target's corpus is small enough for the tree", arguments: FuzzTarget.allCases)
    func size(of target: FuzzTarget) throws {
        let sizes = try Self.corpus(of: target).map { try Data(contentsOf: $0).count }

        #expect(sizes.count <= 400)
        #expect(sizes.reduce(0, +) <= 300_000)
    }

    @Test func `every corpus and every dictionary belongs to a target`() throws {
        let known = Set(FuzzTarget.allCases.map(\.rawValue))
        let files = FileManager.default

        let corpora = try files.contentsOfDirectory(atPath: Self.folder("Corpus").path)
        let dictionaries = try files.contentsOfDirectory(atPath: Self.folder("Dictionaries").path)

        #expect(Set(corpora) == known)
        #expect(dictionaries.allSatisfy { known.contains(String($0.dropLast(".dict".count))) })
    }

    private static func corpus(of target: FuzzTarget) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(
            at: folder("Corpus").appending(path: target.rawValue), includingPropertiesForKeys: nil)
    }

    private static func folder(_ name: String) -> URL {
        var root = URL(filePath: #filePath)
        for _ in 0..<3 { root.deleteLastPathComponent() }
        return root.appending(path: "Fuzz").appending(path: name)
    }
}
