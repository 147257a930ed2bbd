private import Glibc

/// The settings files of one directory, by name.
struct SourceDirectory {
    /// The names that end in `.yaml`, in the order of their bytes, without the hidden ones: those
    /// are editors' leftovers, and what Kubernetes keeps behind its links.
    let names: [String]
    /// The names that look as if they were meant to be read, but end in `.yml`.
    let misnamed: [String]

    /// More than anybody edits by hand.
    static let filesMax = 256

    init(path: String) throws(SourceFile.Refusal) {
        let visible = try Self.allNames(in: path).filter { !$0.hasPrefix(".") }
        names = visible.filter { $0.hasSuffix(".yaml") }.sorted {
            $0.utf8.lexicographicallyPrecedes($1.utf8)
        }
        misnamed = visible.filter { $0.hasSuffix(".yml") }
        guard names.count <= Self.filesMax else {
            throw SourceFile.Refusal(
                message: "holds \(names.count) policy files; at most \(Self.filesMax) are read")
        }
    }

    /// Everything in the directory. A name that is not UTF-8 is none of ours, and left out.
    private static func allNames(in path: String) throws(SourceFile.Refusal) -> [String] {
        guard !path.utf8.contains(0) else { throw SourceFile.Refusal(errno: ENOENT) }
        // SAFETY: the string lives as a C string for the length of the call.
        guard let directory = unsafe opendir(path) else {
            throw errno == ENOTDIR
                ? SourceFile.Refusal(
                    message: "is not a directory; give the directory that holds the policy files")
                : SourceFile.Refusal(errno: errno)
        }
        // SAFETY: `directory` was opened above and is closed only here.
        defer { unsafe _ = closedir(directory) }
        var names: [String] = []
        // SAFETY: an entry lives until the next `readdir`, and its name is copied before that.
        while let entry = unsafe readdir(directory) {
            // The entry may be shorter than its type, so its name is reached by address.
            guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { break }
            // SAFETY: the kernel ends every name with a NUL inside its entry.
            let name = unsafe UnsafeRawPointer(entry) + offset
            if let text = unsafe String(validatingCString: name.assumingMemoryBound(to: CChar.self))
            {
                names.append(text)
            }
        }
        return names
    }
}
