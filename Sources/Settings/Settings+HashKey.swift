extension Settings {
    /// The bytes of `hashKeyFile`; `nil` when none is named.
    ///
    /// - Throws: what is wrong with the file, without its path: a key that was written in the place
    ///   of a path must not reach a log.
    package func hashKey() throws(Problems) -> [UInt8]? {
        guard let hashKeyFile else { return nil }
        do throws(SourceFile.Refusal) {
            let bytes = try SourceFile(path: hashKeyFile).bytes
            guard Self.hashKeyBytes.contains(bytes.count) else {
                throw SourceFile.Refusal(
                    message: "holds \(bytes.count) bytes; write \(Self.hashKeyBytes.lowerBound) to "
                        + "\(Self.hashKeyBytes.upperBound) random ones (openssl rand 32)")
            }
            return bytes
        } catch {
            throw Problems([Problem(at: .file("hash_key_file"), error.message)])
        }
    }

    /// Below the length of the hash a key is weaker than it; far above, longer adds nothing.
    private static let hashKeyBytes = 32...1024
}
