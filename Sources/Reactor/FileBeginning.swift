internal import Glibc

/// Small files of the kernel's.
enum FileBeginning {
    /// The first 4096 bytes as text; empty when the file cannot be read.
    static func text(_ path: String) -> String {
        // SAFETY: the path is lent for the call.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        // SAFETY: the kernel writes at most as many bytes as the array has.
        let count = unsafe read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
