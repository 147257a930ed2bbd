import Foundation
import Policy
import Testing

@testable import Settings

/// Broken files and what is said about them. `SLUICE_GOLDEN=write` writes the expectations anew.
@Suite("Golden files: what is wrong, where, and how to mend it")
struct GoldenTests {
    private static let policyNames = Repository.yamlNames(in: Repository.golden)
    private static let settingsFolder = Repository.golden.appending(path: "settings")
    private static let settingsNames = Repository.yamlNames(in: settingsFolder)

    @Test("P01 to P11: a broken policy file is told from top to bottom", arguments: policyNames)
    func policyFile(name: String) throws {
        try check(name, in: Repository.golden) { file, bytes in
            var assembly = PolicyAssembly()
            assembly.add(bytes, file: file)
            return Result { () throws(Problems) in
                _ = try assembly.policySet(generation: 1)
            }
        }
    }

    @Test("A broken settings file is told from top to bottom", arguments: settingsNames)
    func settingsFile(name: String) throws {
        try check(name, in: Self.settingsFolder) { file, bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            return Result { () throws(Problems) in
                _ = try Settings(RawSettings(text: text, file: file, flags: Flags()))
            }
        }
    }

    @Test func `there are forty broken policy files at least`() {
        #expect(Self.policyNames.count >= 40)
        #expect(!Self.settingsNames.isEmpty)
    }

    private func check(
        _ name: String, in folder: URL, load: (String, [UInt8]) -> Result<Void, Problems>
    ) throws {
        let file = name + ".yaml"
        let bytes = try Data(contentsOf: folder.appending(path: file))
        let expectation = folder.appending(path: name + ".expected")

        let problems = try #require(throws: Problems.self) { try load(file, Array(bytes)).get() }

        let text = problems.text + "\n"
        if Repository.writesGolden {
            try text.write(to: expectation, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: expectation, encoding: .utf8) == text)
    }
}
