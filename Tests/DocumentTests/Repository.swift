import Foundation

/// The repository that these tests stand in.
enum Repository {
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// The texts of all files of tests but these, by `Target/File`.
    static func testFiles() throws -> [String: String] {
        let tests = root.appending(path: "Tests", directoryHint: .isDirectory)
        var texts: [String: String] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: tests.path())
        where path.hasSuffix(".swift") && !path.hasPrefix("DocumentTests/") {
            let text = try String(contentsOf: tests.appending(path: path), encoding: .utf8)
            texts[String(path.dropLast(6))] = text
        }
        return texts
    }
}
