import Foundation

/// The folders of the sources, for tests that compare a file in the repository with the program.
enum Repository {
    static let golden = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "Golden")
    static let root = golden.deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Whether tests write what they would otherwise compare: `SLUICE_GOLDEN=write swift test`.
    static let writesGolden = ProcessInfo.processInfo.environment["SLUICE_GOLDEN"] == "write"

    /// The names of a folder's `.yaml` files, without the ending.
    static func yamlNames(in folder: URL) -> [String] {
        let files = try? FileManager.default.contentsOfDirectory(atPath: folder.path())
        return (files ?? []).filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }
            .sorted()
    }
}

/// A directory of its own for one test, gone when the test is.
final class TemporaryDirectory {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file and returns its path.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        let file = "\(path)/\(name)"
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        return file
    }
}
