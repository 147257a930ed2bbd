import Foundation
import Testing

@testable import Settings

/// Opening a settings file: only what is certain to be whole and ordinary is read.
@Suite struct SourceFileTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test func `a regular file is read whole`() throws {
        let path = try directory.write("version: 1\n", to: "a.yaml")

        #expect(try SourceFile(path: path).bytes == Array("version: 1\n".utf8))
    }

    @Test func `P06 a file that is not there`() throws {
        expectRefusal(of: "\(directory.path)/none.yaml", saying: "no such file")
        expectRefusal(of: "", saying: "no such file")
        expectRefusal(of: "a\0b", saying: "no such file")
    }

    @Test func `P06 a directory`() throws {
        expectRefusal(of: directory.path, saying: "is a directory")
    }

    @Test func `P06 a pipe without a writer does not block`() throws {
        let path = "\(directory.path)/pipe.yaml"
        #expect(mkfifo(path, 0o600) == 0)

        expectRefusal(of: path, saying: "is a pipe")
    }

    @Test func `P06 a socket`() throws {
        let path = "\(directory.path)/socket.yaml"
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        let result = withUnsafeBytes(of: &address) { bytes in
            bind(
                descriptor, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress,
                socklen_t(bytes.count))
        }
        #expect(result == 0)

        expectRefusal(of: path, saying: "socket or a device")
    }

    @Test("P06 P10 a device, however much it has to give", arguments: ["/dev/zero", "/dev/null"])
    func device(path: String) {
        expectRefusal(of: path, saying: "socket or a device")
    }

    @Test func `P06 symbolic links in a circle`() throws {
        let path = "\(directory.path)/a.yaml"
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: path)

        expectRefusal(of: path, saying: "in a circle")
    }

    @Test func `P08 a symbolic link is followed`() throws {
        try directory.write("x", to: "data")
        let path = "\(directory.path)/a.yaml"
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "data")

        #expect(try SourceFile(path: path).bytes == Array("x".utf8))
    }

    @Test("P09 a file that may not be read", .enabled(if: getuid() != 0, "root may read all"))
    func denied() throws {
        let path = try directory.write("x", to: "a.yaml")
        chmod(path, 0)

        expectRefusal(of: path, saying: "permission denied")
    }

    @Test(
        "P09 every refusal of the system has its words",
        arguments: [(EACCES, "permission"), (EIO, "failed"), (ESTALE, "failed"), (EMFILE, "open")])
    func words(code: Int32, words: String) {
        #expect(SourceFile.Refusal(errno: code).message.contains(words))
    }

    @Test func `P10 a file of a hundred megabytes is not read`() throws {
        let path = try directory.write("", to: "a.yaml")
        truncate(path, 100 << 20)

        expectRefusal(of: path, saying: "at most 1048576")
    }

    @Test func `P10 a file of exactly one mebibyte is read`() throws {
        let path = try directory.write(String(repeating: "#", count: 1 << 20), to: "a.yaml")

        #expect(try SourceFile(path: path).bytes.count == 1 << 20)
    }

    @Test(
        "P07 a file that changes while it is read is refused",
        arguments: ["version: 1\nglobal:", "version", "VERSION: 1\n"])
    func changed(later: String) throws {
        let path = try directory.write("version: 1\n", to: "a.yaml")

        #expect(throws: SourceFile.Refusal.changed) {
            _ = try SourceFile(path: path) {
                let handle = FileHandle(forWritingAtPath: path)
                handle?.truncateFile(atOffset: 0)
                handle?.write(Data(later.utf8))
            }
        }
    }

    @Test func `P08 a new file renamed over it while it is read does not matter`() throws {
        let path = try directory.write("old", to: "a.yaml")
        let other = try directory.write("new", to: "b.yaml")

        let file = try SourceFile(path: path) { rename(other, path) }

        #expect(file.bytes == Array("old".utf8))
    }

    private func expectRefusal(of path: String, saying words: String) {
        #expect {
            _ = try SourceFile(path: path)
        } throws: { error in
            (error as? SourceFile.Refusal)?.message.contains(words) ?? false
        }
    }
}
