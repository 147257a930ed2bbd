/// The keys that stand in files of their own.
extension Settings {
    /// The bytes of `hashKeyFile`; `nil` when none is named.
    ///
    /// - Throws: what is wrong with the file, without its path: a key that was written in the place
    ///   of a path must not reach a log.
    package func hashKey() throws(Problems) -> [UInt8]? {
        try hashKeyFile.map { path throws(Problems) in
            try Self.key(in: path, named: "hash_key_file")
        }
    }

    /// The bytes of `streams.tombstoneKeyFile`; `nil` when none is named.
    ///
    /// - Throws: as ``hashKey()`` does.
    package func tombstoneKey() throws(Problems) -> [UInt8]? {
        try streams.tombstoneKeyFile.map { path throws(Problems) in
            try Self.key(in: path, named: "tombstone_key_file")
        }
    }

    private static func key(in path: String, named name: String) throws(Problems) -> [UInt8] {
        do throws(SourceFile.Refusal) {
            let bytes = try SourceFile(path: path).bytes
            guard keyBytes.contains(bytes.count) else {
                throw SourceFile.Refusal(
                    message: "holds \(bytes.count) bytes; write \(keyBytes.lowerBound) to "
                        + "\(keyBytes.upperBound) random ones (openssl rand 32)")
            }
            return bytes
        } catch {
            throw Problems([Problem(at: .file(name), error.message)])
        }
    }

    /// Below the length of the hash a key is weaker than it; far above, longer adds nothing.
    private static let keyBytes = 32...1024
}
