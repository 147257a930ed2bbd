internal import CLinux
internal import Glibc
internal import Synchronization

/// The file of a unix socket that this process listens on. It is removed by whoever owns it, which
/// is not who has its path: a successor may have bound a file of its own there.
///
/// The inode tells the two apart, exactly, as long as the socket is open: the kernel gives its number
/// to no other file then. Between the look and the removal somebody could put another socket there;
/// a lock on the folder keeps every other Sluice from doing so.
package final class SocketFile: Sendable {
    private let path: String
    private let device: UInt64
    private let inode: UInt64
    private let isRemoved = Atomic(false)

    /// The file that has just been bound at `path`; `nil` if it is gone already.
    init?(boundAt path: String) {
        guard let identity = Self.identity(of: path) else { return nil }
        self.path = path
        (device, inode) = identity
    }

    /// Removes it, if it is still there. To be called before the socket is closed.
    package func remove() {
        guard !isRemoved.exchange(true, ordering: .acquiringAndReleasing) else { return }
        let lock = FolderLock(around: path)
        if let found = Self.identity(of: path), found == (device, inode) { Self.unlink(path) }
        lock?.release()
    }

    /// Removes a socket that nobody listens on any more. What is no socket stays.
    static func removeStale(at path: String) {
        if identity(of: path) != nil { unlink(path) }
    }

    private static func unlink(_ path: String) {
        // SAFETY: the string is lent for the call.
        _ = unsafe Glibc.unlink(path)
    }

    private static func identity(of path: String) -> (UInt64, UInt64)? {
        var (device, inode): (UInt64, UInt64) = (0, 0)
        // SAFETY: the string is lent for the call, which fills the two numbers.
        guard unsafe clinux_socket_file(path, &device, &inode) == 0 else { return nil }
        return (device, inode)
    }
}

/// Keeps other Sluices from binding or removing a socket in the same folder at the same moment.
struct FolderLock: ~Copyable {
    private let descriptor: Descriptor

    /// Others hold it for a few system calls. Somebody who does not let go keeps nobody waiting for
    /// longer than this; nor does a folder that must not be read.
    private static let patience = Duration.milliseconds(100)

    init?(around path: String) {
        let end = path.utf8.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex
        let folder = end == path.startIndex ? (path.hasPrefix("/") ? "/" : ".") : path[..<end]
        let deadline = Clock.monotonic() + Self.patience
        while true {
            // SAFETY: the string is lent for the call.
            let rawValue = unsafe clinux_lock_folder(String(folder))
            if rawValue >= 0 {
                descriptor = Descriptor(adopting: rawValue)
                return
            }
            guard rawValue == -2, Clock.monotonic() < deadline else { return nil }
            Clock.pause(.milliseconds(1))
        }
    }

    /// The kernel lets go of it with the descriptor.
    consuming func release() {}
}
