private import Glibc

/// A small regular file, read whole.
///
/// Elsewhere only `Reactor` makes system calls. It stands beside this module, not above it, and
/// what it offers never blocks, while a settings file is read in one go, off the workers.
///
/// The path is opened once, and everything is asked of that descriptor: what is read is what was
/// checked, whatever happens to the name meanwhile.
package struct SourceFile: Sendable {
    package let bytes: [UInt8]
    package let version: Version

    /// Larger ones are a mistake, not settings.
    package static let bytesMax = 1 << 20

    /// What tells one state of a file from another.
    package struct Version: Equatable, Sendable {
        fileprivate let device, inode: UInt64
        fileprivate let byteCount: Int
        fileprivate let modified: [Int]
        fileprivate let mode: UInt32

        /// Whether everyone on the machine may read it.
        package var isReadableByOthers: Bool { mode & S_IROTH != 0 }
    }

    /// Why a file was not read, with the mend.
    package struct Refusal: Error, Equatable {
        package let message: String
    }

    package init(path: String) throws(Refusal) {
        try self.init(path: path) {}
    }

    /// `afterReading` stands between the last byte and the second look at the file, so that a test
    /// can play the writer who is not done yet.
    init(path: String, afterReading: () -> Void) throws(Refusal) {
        let file = try OpenFile.opening(path)
        version = try file.version()
        guard version.byteCount <= Self.bytesMax else {
            throw Refusal(
                message: "is \(version.byteCount) bytes long; at most \(Self.bytesMax) are read")
        }
        // One byte more than there should be, to see a file that grows.
        bytes = try file.read(atMost: version.byteCount + 1)
        afterReading()
        guard bytes.count == version.byteCount, try file.version() == version else {
            throw Refusal.changed
        }
    }

    /// The version that `path` leads to now; `nil` when it leads to no regular file.
    package static func version(of path: String) -> Version? {
        // The reason does not matter to whoever only asks what is there.
        try? OpenFile.opening(path).version()
    }
}

extension SourceFile.Refusal {
    static let changed = Self(
        message: "changed while it was being read; write a new file beside it, rename that over "
            + "the old one, then reload")

    /// What the system said, in words.
    init(errno code: CInt) {
        message =
            switch code {
            case ENOENT, ENOTDIR: "there is no such file; check the path"
            case EACCES, EPERM:
                "permission denied; let the user that runs Sluice read it and enter its folder"
            case ELOOP: "the symbolic links lead in a circle"
            case ENAMETOOLONG: "the path is too long"
            case ENXIO, ENODEV: "is a socket or a device; expected a regular file"
            case EMFILE, ENFILE: "too many files are open"
            case EIO, ESTALE: "the disk or the network behind it failed (errno \(code))"
            default: "the system refused to read it (errno \(code))"
            }
    }
}

/// A regular file that is open for reading. All the unsafety of reading files is in here.
private struct OpenFile: ~Copyable {
    private let descriptor: CInt

    /// `O_NONBLOCK` lets the call return at once for a FIFO that has no writer.
    static func opening(_ path: String) throws(SourceFile.Refusal) -> OpenFile {
        guard !path.utf8.contains(0) else { throw SourceFile.Refusal(errno: ENOENT) }
        // SAFETY: the string lives as a C string for the length of the call.
        let descriptor = retrying { unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) }
        guard descriptor >= 0 else { throw SourceFile.Refusal(errno: errno) }
        return OpenFile(descriptor: descriptor)
    }

    deinit { _ = close(descriptor) }

    func version() throws(SourceFile.Refusal) -> SourceFile.Version {
        var status = stat()
        // SAFETY: `status` is ours, and large enough by its type.
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw SourceFile.Refusal(errno: errno)
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw SourceFile.Refusal(message: "is a directory; expected a file")
        case S_IFIFO: throw SourceFile.Refusal(message: "is a pipe; expected a regular file")
        default: throw SourceFile.Refusal(errno: ENODEV)
        }
        return SourceFile.Version(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino),
            byteCount: status.st_size,
            modified: [status.st_mtim.tv_sec, status.st_mtim.tv_nsec],
            mode: status.st_mode)
    }

    func read(atMost capacity: Int) throws(SourceFile.Refusal) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: capacity)
        var filled = 0
        while filled < capacity {
            // SAFETY: `filled` is below `capacity`, which is the length of the buffer.
            let count = unsafe bytes.withUnsafeMutableBytes { buffer in
                let start = unsafe buffer.baseAddress.map { unsafe $0 + filled }
                return retrying { unsafe Glibc.read(descriptor, start, capacity - filled) }
            }
            guard count >= 0 else { throw SourceFile.Refusal(errno: errno) }
            if count == 0 { break }
            filled += count
        }
        bytes.removeLast(capacity - filled)
        return bytes
    }
}

/// Repeats a call for as long as a signal interrupts it.
private func retrying<Value: SignedInteger>(_ call: () -> Value) -> Value {
    while true {
        let result = call()
        if result != -1 || errno != EINTR { return result }
    }
}
