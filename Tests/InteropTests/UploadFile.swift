import Foundation
import TestSupport

/// A file to send or to serve.
struct UploadFile {
    let path: String
    /// Where it lies, gone with the test.
    private let folder: TemporaryFolder?

    /// Bytes that nobody can guess.
    init(random count: Int) throws {
        let folder = try TemporaryFolder()
        (path, self.folder) = (folder.path + "/random", folder)
        try Self.write(random: count, to: path)
    }

    /// In somebody else's folder.
    init(random count: Int, at path: String) throws {
        (self.path, folder) = (path, nil)
        try Self.write(random: count, to: path)
    }

    /// One that is there already, in somebody else's folder.
    init(at path: String) { (self.path, folder) = (path, nil) }

    init(zeros count: Int) throws {
        let folder = try TemporaryFolder()
        path = folder.path + "/zeros"
        self.folder = folder
        try Self.extend(path, to: count)
    }

    /// In somebody else's folder.
    init(zeros count: Int, at path: String) throws {
        (self.path, folder) = (path, nil)
        try Self.extend(path, to: count)
    }

    private static func write(random count: Int, to path: String) throws {
        let source = try FileHandle(forReadingFrom: URL(filePath: "/dev/urandom"))
        try (source.read(upToCount: count) ?? Data()).write(to: URL(filePath: path))
    }

    /// Takes no room on the disk.
    private static func extend(_ path: String, to count: Int) throws {
        try Data().write(to: URL(filePath: path))
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        try handle.truncate(atOffset: UInt64(count))
        try handle.close()
    }

    func sha256() async throws -> String {
        let child = try ChildProcess(["sha256sum", path])
        return try await child.bulletin.first("a checksum") {
            child.lines.first.map { String($0.prefix(64)) }
        }
    }
}
