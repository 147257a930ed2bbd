internal import CLinux
internal import Glibc

/// Where log lines go. Writing may block for as long as the reader likes, so only the one writer
/// thread does it.
package struct OutputFile: ~Copyable {
    private var descriptor: Descriptor

    /// Appends to the file at `path`, which is made when missing.
    package init(appendingTo path: String) throws(SystemCallError) {
        // SAFETY: the string is lent for the call.
        let rawValue = unsafe clinux_open_append(path)
        guard rawValue >= 0 else { throw SystemCallError(call: "open", errno: errno) }
        descriptor = Descriptor(adopting: rawValue)
    }

    /// Puts `text` where the file at `path` was, or where none was.
    package static func replace(_ path: String, with text: String) throws(SystemCallError) {
        // SAFETY: the string is lent for the call.
        guard unsafe unlink(path) == 0 || errno == ENOENT else {
            throw SystemCallError(call: "unlink", errno: errno)
        }
        try OutputFile(appendingTo: path).write(Array(text.utf8).span)
    }

    /// Takes a file over from another thread.
    package init(adopting rawValue: CInt) { descriptor = Descriptor(adopting: rawValue) }

    /// Gives the descriptor to an owner on another thread.
    package consuming func release() -> CInt { descriptor.release() }

    private init(duplicateOf rawValue: CInt) throws(SystemCallError) {
        let copy = dup(rawValue)
        guard copy >= 0 else { throw SystemCallError(call: "dup", errno: errno) }
        descriptor = Descriptor(adopting: copy)
    }

    package static func standardOutput() throws(SystemCallError) -> OutputFile {
        try OutputFile(duplicateOf: STDOUT_FILENO)
    }

    package static func standardError() throws(SystemCallError) -> OutputFile {
        try OutputFile(duplicateOf: STDERR_FILENO)
    }

    package static var standardOutputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Writes all of `bytes`, waiting as long as it takes.
    package func write(_ bytes: Span<UInt8>) throws(SystemCallError) {
        var written = 0
        while written < bytes.count {
            let rest = bytes.extracting(written..<bytes.count)
            // SAFETY: the span names the memory and its bound.
            let result = unsafe rest.withUnsafeBytes { memory in
                retrying {
                    unsafe Glibc.write(descriptor.rawValue, memory.baseAddress, memory.count)
                }
            }
            if result < 0, errno == EAGAIN {
                waitUntilWritable()
                continue
            }
            guard result >= 0 else { throw SystemCallError(call: "write", errno: errno) }
            written += result
        }
    }

    /// Somebody made the pipe we were given non-blocking: wait for room instead of spinning.
    private func waitUntilWritable() {
        var request = pollfd(fd: descriptor.rawValue, events: Int16(POLLOUT), revents: 0)
        // SAFETY: the kernel writes into the one structure it is lent.
        _ = unsafe poll(&request, 1, 1000)
    }
}
